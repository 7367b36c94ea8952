"""What a user sees of an answer that is rendered while it arrives."""

import os
import random
import re
from collections.abc import Iterable
from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from srchat.errors import OutputError
from srchat.markdown.writer import MarkdownWriter
from tests.support.answers import ANSWER, items, long_answer, tokens
from tests.support.markdown_documents import cut, documents, sizes
from tests.support.markdown_examples import commonmark_examples, gfm_examples
from tests.support.printed import committed, printed
from tests.support.terminal import Terminal, TerminalOutput

_EXAMPLES = int(os.environ.get("SRCHAT_TEST_EXAMPLES", "400"))
_SCREENS = [(80, 24), (40, 10), (120, 50)]
_FRAME_TIME = 1 / 12


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("COLORTERM", raising=False)
    monkeypatch.delenv("NO_COLOR", raising=False)


class Clock:
    """A clock whose time is set."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def stream(output: TerminalOutput, pieces: Iterable[str], seconds: float = 0.05) -> None:
    """Write `pieces` at intervals of some seconds."""
    clock = Clock()
    writer = MarkdownWriter(output, clock=clock)
    for piece in pieces:
        writer.write(piece)
        clock.now += seconds
    writer.close()


@pytest.mark.parametrize("is_over", [True, False])
def test_redraw_does_nothing_after_close_or_if_the_cursor_cannot_move(*, is_over: bool) -> None:
    output = TerminalOutput(can_move=is_over)
    writer = MarkdownWriter(output)
    writer.write("one\n\ntwo")
    if is_over:
        writer.close()
    before = list(output.writes)
    writer.redraw()
    assert output.writes == before


def seen(text: str, columns: int, lines: int) -> list[str]:
    """Return the lines of a terminal on which `text` was printed at once."""
    terminal = Terminal(columns, lines)
    terminal.feed(printed(text, TerminalOutput(columns, lines)))
    return terminal.lines


# Final rows: the same bytes as printing at once.


@settings(max_examples=_EXAMPLES)
@given(documents, sizes)
def test_final_rows_are_the_bytes_of_printing_at_once(text: str, lengths: list[int]) -> None:
    output = TerminalOutput()
    assert committed(cut(text, lengths), output) == printed(text, output)


@pytest.mark.parametrize(("columns", "lines"), _SCREENS)
@pytest.mark.parametrize("seed", range(3))
def test_final_rows_of_an_answer_are_those_of_printing_at_once(
    columns: int, lines: int, seed: int
) -> None:
    output = TerminalOutput(columns, lines)
    text = ANSWER + long_answer(8_000, seed)
    assert committed(tokens(text, seed), output) == printed(text, output)
    assert committed(list(text), output) == printed(text, output)


@pytest.mark.slow
def test_final_rows_of_the_specifications_examples_are_those_of_printing_at_once() -> None:
    output = TerminalOutput()
    for text in commonmark_examples() + gfm_examples():
        assert committed(list(text), output) == printed(text, output), text


def test_a_terminal_that_cannot_move_the_cursor_gets_exactly_these_bytes() -> None:
    output = TerminalOutput(can_move=False)
    stream(output, tokens(ANSWER))
    assert output.text == printed(ANSWER, output)
    assert "\x1b" not in output.text
    assert len(output.writes) > 10


# With the tail: the same screen and scrollback as printing at once.


@settings(max_examples=_EXAMPLES // 2)
@given(documents, sizes, st.sampled_from([*_SCREENS, (10, 3)]))
@example("![i](/p)1. [ ] ***\u200d", [1], (80, 24))  # a joiner that a later preview removes
def test_screen_and_scrollback_are_those_of_printing_at_once(
    text: str, lengths: list[int], size: tuple[int, int]
) -> None:
    columns, lines = size
    output = TerminalOutput(columns, lines)
    stream(output, cut(text, lengths))
    assert output.emulator.lines == seen(text, columns, lines)


@pytest.mark.parametrize(("columns", "lines"), [*_SCREENS, (10, 3)])
@pytest.mark.parametrize("seed", range(3))
def test_an_answer_looks_like_printing_at_once(columns: int, lines: int, seed: int) -> None:
    output = TerminalOutput(columns, lines)
    text = ANSWER + long_answer(6_000, seed)
    stream(output, tokens(text, seed), seconds=random.Random(seed).choice([0.01, 0.03, 0.1]))
    assert output.emulator.lines == seen(text, columns, lines)


def test_the_styles_are_those_of_printing_at_once() -> None:
    output = TerminalOutput()
    stream(output, tokens(ANSWER))
    at_once = Terminal()
    at_once.feed(printed(ANSWER, output))
    assert output.emulator.cells == at_once.cells


@pytest.mark.parametrize(("columns", "lines"), _SCREENS)
def test_an_answer_streamed_by_character_looks_like_printing_at_once(
    columns: int, lines: int
) -> None:
    output = TerminalOutput(columns, lines)
    stream(output, ANSWER, seconds=_FRAME_TIME)
    assert output.emulator.lines == seen(ANSWER, columns, lines)


@pytest.mark.slow
@pytest.mark.parametrize(("columns", "lines"), _SCREENS)
def test_the_specifications_examples_look_like_printing_at_once(columns: int, lines: int) -> None:
    for text in commonmark_examples() + gfm_examples():
        output = TerminalOutput(columns, lines)
        stream(output, cut(text, [3]), seconds=_FRAME_TIME)
        assert output.emulator.lines == seen(text, columns, lines), text


# During the answer.


def test_the_scrollback_has_every_line_of_a_long_answer_once() -> None:
    output = TerminalOutput(80, 24)
    text = "".join(f"{n}. line number {n}\n" for n in range(1, 301))
    stream(output, tokens(text), seconds=0.01)
    numbers = [int(n) for line in output.emulator.lines for n in re.findall(r"number (\d+)", line)]
    assert numbers == list(range(1, 301))


@pytest.mark.parametrize(
    ("before", "line", "count"),
    [
        ("```python\n", "value = {n}\n", 2000),
        ("- ```python\n", "  value = {n}\n", 200),
        ("", "- item {n}\n", 500),
        ("- one\n", "  - item {n}\n", 400),
        ("| a | b |\n|---|---|\n", "| {n} | row |\n", 300),
    ],
    ids=["fence", "fence in an item", "list", "nested list", "table"],
)
def test_long_blocks_appear_as_they_arrive(before: str, line: str, count: int) -> None:
    output = TerminalOutput(80, 24)
    clock = Clock()
    writer = MarkdownWriter(output, clock=clock)
    writer.write(before)
    for number in range(count):
        clock.now += _FRAME_TIME
        writer.write(line.format(n=number))
        if number > 30 and number % 20 == 0:
            assert any(str(number) in row for row in output.emulator.screen[-3:])
            # Not only on the screen: earlier lines are in the scrollback.
            assert len(output.emulator.lines) > number
    writer.close()


def test_a_paragraph_taller_than_the_screen_shows_its_end() -> None:
    output = TerminalOutput(40, 10)
    clock = Clock()
    writer = MarkdownWriter(output, clock=clock)
    for number in range(400):
        clock.now += _FRAME_TIME
        writer.write(f"word{number} ")
        assert f"word{number}" in " ".join(output.emulator.screen)
    assert not output.emulator.scrollback
    writer.close()
    text = " ".join(f"word{number}" for number in range(400))
    assert output.emulator.lines == seen(text, 40, 10)


def test_there_are_at_most_fifteen_frames_per_second() -> None:
    output = TerminalOutput()
    stream(output, ["word "] * 1000, seconds=0.01)
    assert 100 <= len(output.writes) <= 150


def test_the_pause_after_a_frame_is_a_multiple_of_its_duration() -> None:
    output = TerminalOutput()
    clock = Clock()
    frames = []

    def slow_write(text: str) -> None:
        frames.append(clock.now)
        clock.now += 0.5

    output.write = slow_write  # type: ignore[method-assign]  # a terminal on a slow line
    writer = MarkdownWriter(output, clock=clock)
    while clock.now < 30:
        writer.write("word ")
        clock.now += 0.01
    assert min(b - a for a, b in pairwise(frames)) >= 4 * 0.5


def test_an_empty_piece_shows_pending_text() -> None:
    output = TerminalOutput()
    clock = Clock()
    writer = MarkdownWriter(output, clock=clock)
    writer.write("Hello")
    writer.write(" world")
    assert output.emulator.screen[0] == "Hello"
    clock.now += _FRAME_TIME
    writer.write("")
    assert output.emulator.screen[0] == "Hello world"


def test_plain_words_are_written_once() -> None:
    output = TerminalOutput(200, 24)
    stream(output, ["one ", "two ", "three ", "four\n", "\n", "five"], seconds=_FRAME_TIME)
    assert "".join(output.writes[:-1]) == "one two three four\n\nfive"


def test_a_frame_that_moves_the_cursor_is_synchronized() -> None:
    output = TerminalOutput()
    stream(output, tokens(ANSWER))
    for frame in output.writes:
        if re.search(r"\x1b\[\d*[ABCJM]", frame):
            assert frame.startswith("\x1b[?2026h")
            assert frame.endswith("\x1b[?2026l")
    assert output.text.count("\x1b[?2026h") == output.text.count("\x1b[?2026l") > 0


@pytest.mark.slow
def test_output_is_at_most_two_and_a_half_times_that_of_printing_at_once() -> None:
    output = TerminalOutput(80, 40)
    text = long_answer(40_000)
    stream(output, tokens(text), seconds=0.01)
    assert len(output.text) < 2.5 * len(printed(text, output))


# The end of the answer.


@pytest.mark.parametrize("at", range(0, len(ANSWER), 97))
def test_an_interrupted_answer_is_shown_completely(at: int) -> None:
    output = TerminalOutput()
    stream(output, cut(ANSWER[:at], [3]))
    assert output.emulator.lines == seen(ANSWER[:at], 80, 24)
    assert output.emulator.cursor_is_visible
    assert not output.text or output.text.removesuffix("\x1b[?2026l").endswith("\n")


def test_the_echo_of_ctrl_c_is_overwritten() -> None:
    output = TerminalOutput()
    writer = MarkdownWriter(output)
    writer.write("text that was interr")
    writer.write("upted")
    output.write("^C")
    writer.close()
    assert output.emulator.lines == ["text that was interrupted"]


def test_nothing_is_written_without_text() -> None:
    output = TerminalOutput()
    stream(output, ["", "", ""])
    assert output.writes == []


def test_closing_twice_has_no_effect() -> None:
    output = TerminalOutput()
    writer = MarkdownWriter(output)
    writer.write("text")
    writer.close()
    written = output.text
    writer.close()
    writer.write("more")
    assert output.text == written


def test_a_closed_terminal_is_not_written_to_again() -> None:
    class Gone(TerminalOutput):
        def write(self, text: str) -> None:
            self.writes.append(text)
            raise OutputError("cannot write the output")

    output = Gone()
    writer = MarkdownWriter(output)
    with pytest.raises(OutputError):
        writer.write("text")
    writer.close()
    assert len(output.writes) == 1


# Different terminals.


@pytest.mark.parametrize("level", [3, 4, 5, 6])
def test_a_lower_heading_differs_from_emphasized_text(level: int) -> None:
    output = TerminalOutput()
    heading = printed(f"{'#' * level} word", output).strip()
    for text in ("word", "**word**", "*word*", "***word***"):
        assert printed(text, output).strip() != heading


def test_bold_stays_without_color() -> None:
    output = TerminalOutput(has_color=False)
    stream(output, tokens("# A title\n\nsome `code` and **bold** text\n\n```py\nx = 'y'\n```\n"))
    styles = set(re.findall(r"\x1b\[([\d;]*)m", output.text))
    assert styles <= {"0", "1", "1;4", "2", "3", "2;3"}
    assert "1" in styles


@pytest.mark.parametrize("encoding", ["latin-1", "ascii", "cp437", "koi8-r"])
def test_output_fits_the_encoding_of_the_terminal(encoding: str) -> None:
    output = TerminalOutput(encoding=encoding)
    stream(output, tokens(ANSWER))
    assert output.emulator.lines == [
        line.encode(encoding, "replace").decode(encoding) for line in printed_lines(ANSWER, output)
    ]
    if encoding in ("latin-1", "ascii"):
        assert any(line.startswith(" * A list item") for line in output.emulator.lines)
        assert any(line.startswith("| Note") for line in output.emulator.lines)


def printed_lines(text: str, output: TerminalOutput) -> list[str]:
    """Return the lines of printing at once, without styles."""
    plain = re.sub(r"\x1b\[[\d;]*m", "", printed(text, output))
    return [line.rstrip() for line in plain.removesuffix("\n").split("\n")]


@pytest.mark.parametrize("sizes", [[(40, 10)], [(120, 50)], [(60, 24), (100, 30), (33, 12)]])
def test_resizing_neither_loses_nor_repeats_text(sizes: list[tuple[int, int]]) -> None:
    output = TerminalOutput(80, 24)
    clock = Clock()
    writer = MarkdownWriter(output, clock=clock)
    text = "".join(f"Paragraph {n} is here.\n\n- item {n} too\n\n" for n in range(60))
    pieces = tokens(text)
    for number, piece in enumerate(pieces):
        if number % (len(pieces) // (len(sizes) + 1)) == 7 and sizes:
            output.resize(*sizes.pop())
        writer.write(piece)
        clock.now += 0.03
    writer.close()
    lines = output.emulator.lines
    for number in range(60):
        assert lines.count(f"Paragraph {number} is here.") == 1
        assert lines.count(f" • item {number} too") == 1


def test_a_tiny_screen_shows_every_word() -> None:
    output = TerminalOutput(10, 3)
    stream(output, tokens(items(random.Random(1), 5)), seconds=_FRAME_TIME)
    assert output.emulator.lines == seen(items(random.Random(1), 5), 10, 3)
    assert all(len(line) <= 10 for line in output.emulator.lines)


@pytest.mark.parametrize(
    "text",
    [
        "漢字かな交じり文 " * 30,
        "漢字かな交じり文" * 30,
        "e\u0301a\u0308o\u0302 " * 60,
        "שלום עולם וגם مرحبا بالعالم " * 12,
        "👍🏽 👨‍👩‍👧 🇩🇪 ⚠️ ❤️ " * 20,
        "नमस्ते दुनिया สวัสดีชาวโลก " * 12,
    ],
    ids=["wide", "wide, no blanks", "combining", "right to left", "emoji", "indic"],
)
@pytest.mark.parametrize("columns", [80, 21])
def test_all_scripts_look_like_printing_at_once(text: str, columns: int) -> None:
    output = TerminalOutput(columns, 24)
    stream(output, text, seconds=_FRAME_TIME)
    assert output.emulator.lines == seen(text, columns, 24)


@pytest.mark.parametrize("is_interrupted", [True, False])
def test_the_rest_of_a_code_block_is_plain_after_an_interrupt(is_interrupted: bool) -> None:
    output = TerminalOutput()
    writer = MarkdownWriter(output, clock=Clock(), is_interrupted=lambda: is_interrupted)
    writer.write("one\n")  # the first frame; the next one is not due before the end
    writer.write("\n```python\ndef f(): return 'text'\n")
    writer.close()
    assert ("\x1b[35m" in output.text) != is_interrupted
    assert "  def f(): return 'text'" in output.emulator.screen


def test_an_open_code_block_is_continued_plain_after_an_interrupt() -> None:
    output, clock, interrupted = TerminalOutput(), Clock(), False
    writer = MarkdownWriter(output, clock=clock, is_interrupted=lambda: interrupted)
    writer.write("```python\n" + "x = 'text'\n" * 60)
    clock.now += 10
    writer.write("x = 'text'\n" * 60)
    assert "\x1b[32m" in output.text
    before, interrupted = len(output.text), True
    writer.write("y = 'last'\n" * 60)
    writer.close()
    assert "\x1b[32m'last'" not in output.text[before:]
    assert output.emulator.lines.count("  y = 'last'") == 60
