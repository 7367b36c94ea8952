"""A leading <think> block is separated from the answer, wherever the stream is cut."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from srchat.api.think import ThinkSplitter

PIECES = st.sampled_from(
    [
        "<think>",
        "</think>",
        "<thi",
        "nk>",
        "</",
        "think>",
        "<",
        "\n",
        "\r\n",
        " ",
        "a",
        "why?",
        "é",
        ">",
    ]
)


def split(*parts: str) -> tuple[str, str]:
    splitter = ThinkSplitter()
    pieces = [*map(splitter.feed, parts), splitter.flush()]
    return "".join(p.reasoning for p in pieces), "".join(p.text for p in pieces)


@pytest.mark.parametrize(
    ("content", "reasoning", "text"),
    [
        ("<think>hm</think>yes", "hm", "yes"),
        ("<think>\nhm\n</think>\n\nyes\n", "\nhm\n", "yes\n"),
        ("\n <think>hm</think>yes", "hm", "yes"),
        ("<think></think>yes", "", "yes"),
        ("<think>a</think>b<think>c</think>", "a", "b<think>c</think>"),
        ("<think>a<think>b</think>c", "a<think>b", "c"),
        ("yes <think>no</think>", "", "yes <think>no</think>"),
        ("<thinking>a</thinking>", "", "<thinking>a</thinking>"),
        ("<think>never closed", "never closed", ""),
        ("<think>nearly closed</thin", "nearly closed</thin", ""),
        ("<thin", "", "<thin"),
        (" \n", "", " \n"),
        ("", "", ""),
        ("<think>a</think>\n\n", "a", ""),
    ],
)
def test_only_a_block_at_the_start_is_reasoning(content: str, reasoning: str, text: str) -> None:
    assert split(content) == (reasoning, text)
    assert split(*content) == (reasoning, text)


@given(st.lists(PIECES), st.data())
def test_the_result_does_not_depend_on_how_the_stream_is_split(
    pieces: list[str], data: st.DataObject
) -> None:
    content = "".join(pieces)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(content)))))
    parts = [content[a:b] for a, b in zip([0, *cuts], [*cuts, len(content)], strict=True)]
    assert split(*parts) == split(content)


@given(st.text())
def test_an_answer_without_a_block_stays_as_it_is(content: str) -> None:
    if not content.lstrip().startswith("<think>"):
        assert split(*content) == ("", content)


def test_many_blanks_are_text() -> None:
    blanks = " " * 2000
    assert split(*blanks, "<think>a</think>b") == ("", f"{blanks}<think>a</think>b")


def test_text_is_not_held_back_once_it_cannot_be_a_tag() -> None:
    splitter = ThinkSplitter()
    assert splitter.feed("<th") == ("", "")
    assert splitter.feed("e") == ("", "<the")
    assert splitter.feed("<") == ("", "<")
