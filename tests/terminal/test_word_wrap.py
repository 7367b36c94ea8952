"""Text that streams, broken between words."""

import pytest

from srchat.terminal.word_wrap import WordWrap, wrapped_text


def wrapped(text: str, columns: int, size: int = 10_000) -> str:
    wrap = WordWrap()
    parts = [text[place : place + size] for place in range(0, len(text), size)]
    return "".join(wrap.feed(part, columns) for part in parts) + wrap.flush(columns)


@pytest.mark.parametrize(
    ("text", "columns", "shown"),
    [
        ("one two three", 8, "one two\nthree"),
        ("one two three", 7, "one two\nthree"),
        ("one two three", 6, "one\ntwo\nthree"),
        ("one  \n\n  two", 8, "one\n\n  two"),
        ("    indented", 8, "    indented"),
        ("a\tb", 20, "a       b"),
        ("longer than the row", 4, "long\ner\nthan\nthe\nrow"),
        ("日本語日本語", 5, "日本\n語日\n本語"),
        ("ab日本 cd", 4, "ab日\n本\ncd"),
        ("", 4, ""),
    ],
)
def test_rows_end_between_words_however_the_text_is_split(
    text: str, columns: int, shown: str
) -> None:
    assert [wrapped(text, columns, size) for size in (1, 2, 3, 100)] == [shown] * 4


def test_a_word_is_shown_when_it_is_complete() -> None:
    wrap = WordWrap()
    assert wrap.feed("one tw", 80) == "one"
    assert wrap.feed("o ", 80) == " two"
    assert wrap.feed("日", 80) == " 日"


def test_wrapped_lines_are_indented() -> None:
    assert wrapped_text("one two three\nfour five\n", 9, "  ") == "one two\n  three\nfour five\n"
    assert wrapped_text("one two three four\n", 9, "  ") == "one two\n  three\n  four\n"
