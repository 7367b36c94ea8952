"""Surrogate pairs are joined, wherever the text is cut."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from srchat.api.surrogates import SurrogateJoiner, join_surrogates

UNITS = st.text(
    st.sampled_from(["a", "é", "😀", "\ud83d", "\ude00", "\udc00", "\udbff", "\ud800", "\udfff"])
    | st.characters(),
    max_size=30,
)


def reference_join(text: str) -> str:
    """Join pairs by the formula of UTF-16 (Unicode standard, 3.9, table 3-5)."""
    joined: list[str] = []
    for character in text:
        last = ord(joined[-1]) if joined else 0
        if 0xD800 <= last <= 0xDBFF and "\udc00" <= character <= "\udfff":
            joined[-1] = chr(0x10000 + ((last - 0xD800) << 10) + (ord(character) - 0xDC00))
        else:
            joined.append(character)
    return "".join(joined)


def streamed(*pieces: str) -> str:
    joiner = SurrogateJoiner()
    return "".join(joiner.feed(piece) for piece in pieces) + joiner.flush()


@given(UNITS)
def test_pairs_are_joined_as_in_utf_16(text: str) -> None:
    assert join_surrogates(text) == reference_join(text)


@given(UNITS, st.lists(st.integers(0, 30), max_size=8))
def test_the_joined_text_does_not_depend_on_how_it_is_split(text: str, places: list[int]) -> None:
    borders = [0, *sorted(places), len(text)]
    pieces = [text[a:b] for a, b in pairwise(borders)]
    assert streamed(*pieces) == reference_join(text)


@pytest.mark.parametrize(
    ("pieces", "text"),
    [
        (["\ud83d\ude00"], "😀"),
        (["\ud83d", "\ude00"], "😀"),
        (["\ud83d", "", "\ude00!"], "😀!"),
        (["\ud83d", "a"], "\ud83da"),
        (["\ud83d", "\ud83d", "\ude00"], "\ud83d😀"),
        (["\ude00", "\ud83d"], "\ude00\ud83d"),
        (["😀", "é"], "😀é"),
    ],
)
def test_known_cases_are_parsed(pieces: list[str], text: str) -> None:
    assert streamed(*pieces) == text


def test_only_a_high_half_is_held_back() -> None:
    joiner = SurrogateJoiner()
    assert joiner.feed("abc é") == "abc é"
    assert joiner.feed("\ude00") == "\ude00"
    assert joiner.feed("x\ud83d") == "x"
    assert joiner.feed("") == ""
    assert joiner.feed("é") == "\ud83dé"
    assert joiner.feed("\ud83d") == ""
    assert joiner.feed("\ude00y") == "😀y"
    assert joiner.flush() == ""
