"""A frame turns the old rows into the new ones, and writes no more than needed."""

import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from srchat.markdown.screen_diff import ScreenDiff
from tests.support.terminal import Terminal

_ROW = st.lists(
    st.sampled_from(
        ["a", "bc ", "0123456789", "漢", "e\u0301", "\x1b[1mbold\x1b[0m", "\x1b[31mred\x1b[0m", " "]
    ),
    max_size=3,
).map("".join)
_SIZE = os.terminal_size((30, 10))
_ROWS = st.lists(_ROW, max_size=7)


@pytest.mark.slow
@settings(max_examples=300)
@given(st.lists(st.tuples(_ROWS, _ROWS), max_size=8))
def test_frames_have_the_same_result_as_printing(frames: list[tuple[list[str], list[str]]]) -> None:
    rows, terminal = ScreenDiff(), Terminal(30, 10)
    printed = ""
    for final, tail in frames:
        terminal.feed(rows.frame(final, tail, _SIZE))
        printed += "".join(f"{row}\n" for row in final)
        expected = Terminal(30, 10)
        expected.feed(printed + "\n".join(tail))
        assert terminal.lines == expected.lines
        assert terminal.cells[: len(expected.lines)] == expected.cells[: len(expected.lines)]


def frames(*tails: list[str]) -> str:
    """Return the last frame while the tail takes these values."""
    rows = ScreenDiff()
    return [rows.frame([], tail, _SIZE) for tail in tails][-1]


def test_only_new_words_are_written() -> None:
    assert frames(["one"], ["one two"]) == " two"
    assert frames(["one"], ["one two", "three"]) == " two\nthree"
    assert frames(["one"], ["one"]) == ""


def test_a_word_that_wraps_is_erased_from_its_row() -> None:
    written = frames(["one tw"], ["one", "two"])
    assert written == "\x1b[?2026h\r\x1b[3C\x1b[K\ntwo\x1b[?2026l"


def test_scrolled_rows_are_moved_and_not_rewritten() -> None:
    old = [f"row {n}" for n in range(8)]
    written = frames(old, [*old[1:], "row 8"])
    assert "\x1b[1M" in written
    assert written.count("row") == 1


def test_a_late_combining_accent_rewrites_its_row() -> None:
    assert frames(["e"], ["e\u0301"]).endswith("\r\x1b[Ke\u0301\x1b[?2026l")


def test_the_last_frame_rewrites_the_last_row() -> None:
    rows = ScreenDiff()
    rows.frame([], ["one", "two"], _SIZE)
    assert rows.last_frame(["one", "two"], _SIZE) == "\x1b[?2026h\r\x1b[3C\x1b[K\n\x1b[?2026l"


def test_the_cursor_never_moves_above_the_screen() -> None:
    rows = ScreenDiff()
    rows.frame([], [f"row {n}" for n in range(8)], _SIZE)
    # The window is smaller now, and the cursor cannot reach the first rows.
    assert "\x1b[4A" in rows.frame([], ["other"], os.terminal_size((30, 5)))


def test_a_screen_is_never_erased_from_its_first_cell() -> None:
    # tmux would copy the screen to its scrollback, so the text would be shown twice.
    assert "\x1b[J" not in frames(["S"], ["Sorting"], ["Other"])
    assert "\x1b[J\x1b[1A" in frames(["one", "two"], ["other"])


def test_a_row_that_ends_at_the_edge_keeps_its_last_character() -> None:
    rows, terminal = ScreenDiff(), Terminal(10, 5)
    terminal.feed(rows.frame([], ["0123456789", "more"], os.terminal_size((10, 5))))
    terminal.feed(rows.frame([], ["0123456789"], os.terminal_size((10, 5))))
    assert terminal.lines == ["0123456789"]
    terminal.feed(rows.last_frame(["0123456789"], os.terminal_size((10, 5))))
    assert terminal.lines == ["0123456789"]


def test_a_change_of_width_rewrites_the_tail() -> None:
    rows = ScreenDiff()
    rows.frame([], ["name  value", "a     b"], os.terminal_size((30, 5)))
    frame = rows.frame([], ["name  value", "a     b"], os.terminal_size((20, 5)))
    assert "name  value\na     b" in frame
    assert rows.frame([], ["name  value", "a     b"], os.terminal_size((20, 5))) == ""
