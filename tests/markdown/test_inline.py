"""Inline Markdown becomes styled text, and a growing paragraph looks like a whole one."""

import pytest
from markdown_it.utils import EnvType

from srchat.markdown.cells import wrapped
from srchat.markdown.inline import GrowingParagraph, InlineText
from srchat.markdown.splitter import markdown_parser
from srchat.markdown.writer import console_for
from tests.support.terminal import TerminalOutput

PARAGRAPH = " ".join(
    f"word{number} **bold {number}**, `code {number}` and [link {number}](/u)."
    for number in range(60)
)


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("**a** *b* `c`", "a b c"),
        ("[a](/u)", "a (/u)"),
        ('[](/u "t")', '/u "t"'),
        ("<https://x.test/>", "https://x.test/"),
        ("<me@x.test>", "me@x.test"),
        ("![a *b*](/p)", "a b (/p)"),
        ("one\ntwo", "one\ntwo"),
        ("x<sup>2</sup>", "x²"),
        ("&#8238;a &#27;[8m", "\\u202ea \ufffd[8m"),
    ],
)
def test_marks_become_styles_and_targets_are_shown(source: str, shown: str) -> None:
    assert InlineText(markdown_parser())(source, {}).plain == shown


def test_a_style_is_on_its_text_alone() -> None:
    text = InlineText(markdown_parser())("a **b** *c **d***", {})
    styles = [(text.plain[span.start : span.end], str(span.style)) for span in text.spans]
    assert styles == [("b", "bold"), ("c ", "italic"), ("d", "bold italic")]


def test_terminals_without_unicode_get_marks_for_superscripts() -> None:
    text = InlineText(markdown_parser(), is_unicode=False)("10<sup>-6</sup>", {})
    assert text.plain == "10^(-6)"


@pytest.mark.parametrize("step", [7, 400])
def test_a_growing_paragraph_looks_like_a_whole_one(step: int) -> None:
    inline_text, console = InlineText(markdown_parser()), console_for(TerminalOutput())
    growing = GrowingParagraph(inline_text, console)
    for end in range(0, len(PARAGRAPH), step):
        width = 60 if end < 1500 else 35  # the terminal was resized
        content = PARAGRAPH[:end]
        env: EnvType = {}
        lines = growing.lines(content, width, env, grows=False)
        whole = wrapped(console, inline_text(content, {}), width)
        assert [line.plain for line in lines] == [line.plain for line in whole]


def test_another_paragraph_starts_anew() -> None:
    growing = GrowingParagraph(InlineText(markdown_parser()), console_for(TerminalOutput()))
    growing.lines(PARAGRAPH, 60, {}, grows=True)
    (line,) = growing.lines("another **one", 60, {}, grows=True)
    assert line.plain == "another one"  # the open mark is closed
