"""The splitter returns the tokens of the complete text, each as soon as it is final."""

import os
from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token
from markdown_it.utils import EnvType

from srchat.markdown import splitter as splitter_module
from srchat.markdown.math import OPEN_FORMULA
from srchat.markdown.splitter import BlockSplitter, block_tokens, markdown_parser
from tests.support.answers import ANSWER, long_answer
from tests.support.markdown_documents import cut, documents, sizes
from tests.support.markdown_examples import commonmark_examples, gfm_examples

_EXAMPLES = int(os.environ.get("SRCHAT_TEST_EXAMPLES", "400"))


def essence(tokens: list[Token]) -> list[tuple[object, ...]]:
    """Return what is shown of the tokens: lines of code, starts and ends of containers."""
    seen: list[tuple[object, ...]] = []
    for token in tokens:
        if token.type == "code":
            seen += [("code", line) for line in token.content.splitlines(keepends=True)]
            continue
        known = {1: slice(1), 0: slice(2), -1: slice(1, 2)}[token.nesting]
        lines = token.map and token.map[known]
        seen.append((token.type, token.tag, token.content, token.info, token.attrs, lines))
    return seen


def at_once(text: str, env: EnvType | None = None) -> list[tuple[object, ...]]:
    return essence(block_tokens(markdown_parser(), text, env=env))


def split(pieces: list[str]) -> list[tuple[object, ...]]:
    splitter = BlockSplitter()
    tokens = [token for piece in pieces for token in splitter.feed(piece)]
    return essence(tokens + splitter.flush())


@settings(max_examples=_EXAMPLES)
@given(documents, sizes)
@example("- x\n- a | b\n--- | ---\n", [1])
@example("``` a | b\n\n--- | ---", [1])
@example(">- ```\n> \n===", [1])
@example("- - zero\n  - one\n  - two\n\n  text\n- three", [1])
@example(" >1. > ---\n---\n", [1])
@example("- -   \n \t```\t\n\t\n  \n\nx \n", [1])
@example("x\n- >1. ---\n", [1])
def test_the_tokens_are_those_of_the_complete_text(text: str, lengths: list[int]) -> None:
    assert split(cut(text, lengths)) == at_once(text)


@settings(max_examples=_EXAMPLES // 4)
@given(documents, sizes)
def test_tail_does_not_change_the_splitter(text: str, lengths: list[int]) -> None:
    splitter = BlockSplitter()
    tokens = []
    for piece in cut(text, lengths):
        tokens += splitter.feed(piece)
        splitter.tail()
    assert essence(tokens + splitter.flush()) == at_once(text)


@settings(max_examples=_EXAMPLES // 4)
@given(documents, st.sampled_from([".\n", "x"]))
def test_the_tail_is_what_the_end_would_be_if_open_formulas_were_closed(
    text: str, end: str
) -> None:
    text += f"\n{end}"  # a last line that cannot be the header of a table
    splitter = BlockSplitter()
    tokens = splitter.feed(text)
    assert essence(tokens + splitter.tail()) == at_once(text, {OPEN_FORMULA: None})


def test_all_examples_of_commonmark_are_included() -> None:
    assert len(commonmark_examples()) == 652
    assert len(gfm_examples()) > 30


@pytest.mark.parametrize("step", [1, 7])
def test_the_examples_of_the_specifications_have_the_same_tokens(step: int) -> None:
    for text in commonmark_examples() + gfm_examples():
        assert split(cut(text, [step])) == at_once(text), text


@pytest.mark.parametrize("text", [ANSWER, long_answer(20_000)], ids=["answer", "long"])
@pytest.mark.parametrize("step", [1, 5])
def test_answers_have_the_same_tokens(text: str, step: int) -> None:
    assert split(cut(text, [step])) == at_once(text)


def certain(text: str) -> list[str]:
    """Return the texts of the tokens that are final after `text`."""
    return [t.content.strip("\n") for t in BlockSplitter().feed(text) if t.content]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("# Title", []),
        ("# Title\n", ["Title"]),
        ("# Title | x\n", []),  # may be the header of a table
        ("# Title | x\ntext\n", ["Title | x"]),
        ("Title\n===\n", ["Title"]),
        ("text\n", []),
        ("text\nmore\n", []),
        ("text\n\n", ["text"]),
        ("text\n# Title\n", ["text", "Title"]),
        ("```\none\ntwo\nthr", ["one\ntwo"]),
        ("```\none\n```\n", ["one"]),
        ("- one\n", []),
        ("- one\n\n", ["one"]),
        ("- one\n- two\n", ["one"]),
        ("- one\n  - two\n  - three\n", ["one", "two"]),
        ("- - one\n  - two\n  - three\n", ["one", "two"]),
        ("- ```\n  one\n", ["one"]),
        ("1. one\n\n   ```\n   two\n", ["one", "two"]),
        ("> one\n", []),
        ("> one\n>\n> two\n", ["one"]),
        ("> - one\n> - two\n", ["one"]),
        ("| a |\n", []),
        ("| a |\n|---|\n", ["a"]),
        ("| a |\n|---|\n| b |\n| c", ["a", "b"]),
        ("    code\n", ["code"]),
        ("    code\n\n    more\n  ", ["code", "", "more"]),
        ("- - one\n\n        code\n", ["one", "code"]),
    ],
)
def test_tokens_are_final_as_early_as_possible(text: str, expected: list[str]) -> None:
    assert certain(text) == expected


@pytest.mark.parametrize("marks", ["-", "#", "``", "```py"[:3], "1.", "| --", "> "])
def test_a_last_line_of_marks_is_omitted_from_the_tail(marks: str) -> None:
    splitter = BlockSplitter()
    splitter.feed(f"text\n\n{marks}")
    assert splitter.tail() == []


def test_a_growing_paragraph_is_parsed_rarely(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    parsed = 0

    def counting(parser: MarkdownIt, text: str, first_line: int, env: EnvType) -> list[Token]:
        nonlocal parsed
        parsed += text.count("\n")
        return block_tokens(parser, text, first_line, env)

    monkeypatch.setattr(splitter_module, "block_tokens", counting)
    splitter = BlockSplitter()
    for _ in range(600):
        assert splitter.feed("text\n") == []
    assert parsed < 30 * 600


@pytest.mark.parametrize("lines", range(48, 52))
def test_a_long_paragraph_is_final_after_its_blank_line(lines: int) -> None:
    splitter = BlockSplitter()
    for _ in range(lines):
        splitter.feed("text\n")
    assert essence(splitter.feed("\n")) == at_once("text\n" * lines)


@pytest.mark.parametrize("mark", ["> ", "1. ", "- x\n  "])
def test_no_deeply_nested_text_is_lost(mark: str) -> None:
    text = mark * 300 + "deep\n\nafter\n"
    assert split(cut(text, [7])) == at_once(text)
    contents = " ".join(token.content for token in block_tokens(markdown_parser(), text))
    assert "deep" in contents
    assert "after" in contents


def test_long_runs_of_blanks_are_parsed_quickly() -> None:
    splitter = BlockSplitter()
    splitter.feed(" " * 100_000 + "x")
    splitter.tail()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("| Na", ["Na"]),
        ("| Name | Val", ["Name", "Val"]),
        ("| a \\| b | c |", ["a | b", "c"]),
        ("> - | a | b", None),
        ("> x\n>\n> | a | b", ["a", "b"]),
        ("text\n| a |\n|-", ["a"]),
        ("| a |\n", ["a"]),
        ("| a |\n\n", None),
        ("> text\n| a", None),
        ("|x| < 3", None),
        ("```\n| a", None),
        ("| a |\n|---|\n| b", ["a", "b"]),
    ],
)
def test_a_last_line_that_looks_like_a_header_becomes_a_table(
    text: str, expected: list[str] | None
) -> None:
    splitter = BlockSplitter()
    rows = splitter.feed(text) + splitter.tail()
    cells = [
        token.content for before, token in pairwise(rows) if before.type in ("th_open", "td_open")
    ]
    assert cells == (expected or [])
    assert "---" not in "".join(token.content for token in rows)
