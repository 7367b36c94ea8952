"""The last rows of a growing text, displayed in place."""

import time

import pytest

from srchat.terminal.live_tail import LiveTail
from srchat.terminal.streams import Messages
from tests.support.terminal import TerminalOutput


def write_all(tail: LiveTail, *pieces: str) -> None:
    """Write pieces, and a tick of the clock after the pause between two frames."""
    for piece in pieces:
        tail.write(piece)
    time.sleep(0.15)
    tail.write("")


def test_the_last_three_rows_are_shown_and_erased() -> None:
    output = TerminalOutput(30, 10)
    tail = LiveTail(Messages(output))
    for number in range(0, 9, 3):
        write_all(tail, *(f"row {number + each}\n" for each in range(3)))
    write_all(tail, "the last ", "row")
    assert output.emulator.lines == ["row 7", "row 8", "the last row"]
    tail.clear()
    assert output.emulator.lines == []
    write_all(tail, " again")
    assert output.emulator.lines == ["row 7", "row 8", "the last row again"]


def test_long_lines_are_wrapped_between_words_so_that_all_rows_can_be_erased() -> None:
    output = TerminalOutput(20, 10)
    tail = LiveTail(Messages(output))
    write_all(tail, "one two three four five six seven eight nine ten")
    write_all(tail, " eleven twelve")
    assert output.emulator.lines == ["five six seven", "eight nine ten", "eleven twelve"]


def test_rows_that_a_narrower_terminal_has_wrapped_are_erased() -> None:
    output = TerminalOutput(40, 10)
    output.emulator.rewraps = True
    tail = LiveTail(Messages(output))
    write_all(tail, "a row that fills most of the terminal")
    output.resize(15, 12)
    assert len(output.emulator.lines) == 3
    tail.clear()
    assert output.emulator.lines == []


@pytest.mark.parametrize("text", ["\x1b[31m\x1b[2J", "\x1b", "\x9b2J", "\u202e"])
def test_the_text_cannot_control_the_terminal(text: str) -> None:
    output = TerminalOutput(40, 10, has_color=False)
    write_all(LiveTail(Messages(output)), text, "x")
    (line,) = output.emulator.lines
    assert line.startswith("\\")
    assert not {"\x1b[31m", "\x1b[2J", "\x9b", "\u202e"} & {output.text, *output.text}


def test_after_other_output_the_rows_stay() -> None:
    output = TerminalOutput(40, 10)
    tail = LiveTail(Messages(output))
    write_all(tail, "first")
    tail.forget()
    output.write("\nother output\n")
    write_all(tail, " and more")
    assert output.emulator.lines == ["first", "other output", "first and more"]
