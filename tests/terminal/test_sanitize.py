"""Sanitized text cannot control a terminal, and no character is lost."""

import sys
import unicodedata
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from srchat.terminal.sanitize import Sanitizer, one_line, sanitized

WILD = st.text(
    st.one_of(st.characters(), st.sampled_from("\x1b\r\n\t\x07\x9b\u202e\ud800\U000e0041[]m;")),
    max_size=60,
)


def split_at(text: str, places: list[int]) -> list[str]:
    marks = sorted({0, len(text), *(place % (len(text) + 1) for place in places)})
    return [text[a:b] for a, b in pairwise(marks)]


@given(WILD, st.lists(st.integers(0, 100), max_size=8))
def test_the_output_does_not_depend_on_how_the_text_is_split(text: str, places: list[int]) -> None:
    sanitizer = Sanitizer()
    fed = "".join(sanitizer.feed(piece) for piece in split_at(text, places)) + sanitizer.flush()
    assert fed == sanitized(text)


@given(WILD)
def test_no_control_character_is_passed_to_the_terminal(text: str) -> None:
    for character in sanitized(text):
        category = unicodedata.category(character)
        assert character in "\n\t" or category not in ("Cc", "Cs", "Zl", "Zp")
        assert not "\u202a" <= character <= "\u202e"
        assert not "\u2066" <= character <= "\u2069"
        assert not 0xE0000 <= ord(character) <= 0xE007F


def _has_effect(character: str) -> bool:
    """Tell by Unicode's properties whether a character affects other text or the terminal."""
    return (
        unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp")
        or unicodedata.bidirectional(character)
        in ("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI")
        or 0xFFF9 <= ord(character) <= 0xFFFB  # interlinear annotations
        or 0xE0000 <= ord(character) <= 0xE007F  # tags, also those not assigned
        or 0xE0100 <= ord(character) <= 0xE01EF  # selectors that hide bytes
        or ord(character) in (*range(0x2061, 0x2065), *range(0x206A, 0x2070), 0xFEFF)
    ) and character not in "\n\t"


def test_exactly_the_characters_with_an_effect_are_escaped() -> None:
    everything = [chr(code) for code in range(sys.maxunicode + 1)]
    expected = [
        c.encode("unicode_escape").decode().replace("\\r", "\\x0d") if _has_effect(c) else c
        for c in everything
    ]
    assert sanitized("".join(everything)) == "".join(expected)


@pytest.mark.parametrize("cut", range(8))
def test_a_crlf_split_between_two_parts_is_one_line_end(cut: int) -> None:
    text = "a\r\n\r\rb\r"
    sanitizer = Sanitizer()
    shown = sanitizer.feed(text[:cut]) + sanitizer.feed("") + sanitizer.feed(text[cut:])
    assert shown + sanitizer.flush() == "a\n\\x0d\\x0db\\x0d"


def test_only_a_carriage_return_at_the_end_is_held_back() -> None:
    sanitizer = Sanitizer()
    assert [sanitizer.feed(part) for part in ("a\x1b", "b\r", "c")] == ["a\\x1b", "b", "\\x0dc"]
    assert sanitizer.flush() == ""


VISIBLE = st.characters(exclude_categories=("C", "Zl", "Zp"), max_codepoint=0xE00FF)


@given(st.text(VISIBLE, max_size=60))
def test_harmless_text_is_untouched(text: str) -> None:
    assert sanitized(text) == text


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("\x1b]52;c;AAAA\x07", "\\x1b]52;c;AAAA\\x07"),
        ("a\x9b2Jb", "a\\x9b2Jb"),
        ("a\r\nb\rc\r", "a\nb\\x0dc\\x0d"),
        ("a\u202eb", "a\\u202eb"),
        ("\U000e0041", "\\U000e0041"),
        ("tab\tnewline\n", "tab\tnewline\n"),
        ("\ud800", "\\ud800"),
        ("ab\b\bcd", "ab\\x08\\x08cd"),
    ],
)
def test_control_characters_become_visible_text(raw: str, shown: str) -> None:
    assert sanitized(raw) == shown


def test_one_line_returns_a_single_inert_line() -> None:
    assert one_line(" a\n b\x1b \u2028 c ") == "a b\\x1b c"
    assert one_line("x" * 10, limit=5) == "xxxx…"
    assert one_line("x" * 6, limit=5) == "xxxx…"
    assert one_line("x" * 5, limit=5) == "xxxxx"
    assert one_line("xxx  yy", limit=5) == "xxx…"


@pytest.mark.parametrize("code", [0x2061, 0x2064, 0x206A, 0x206F, 0xFEFF, 0xE0100, 0xE01EF])
def test_characters_that_hide_text_are_escaped(code: int) -> None:
    assert chr(code) not in sanitized(f"a{chr(code)}b")
    assert f"{code:x}" in sanitized(f"a{chr(code)}b")


@pytest.mark.parametrize("text", ["👨\u200d👩", "\u0915\u094d\u200c\u0937", "❤\ufe0f", "e\u0301"])
def test_joiners_that_scripts_and_emoji_need_stay(text: str) -> None:
    assert sanitized(text) == text
