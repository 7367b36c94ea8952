"""Reasoning on stderr: summarized, whole or hidden."""

import os
import re

import pytest

from srchat.terminal.reasoning import ReasoningView
from srchat.terminal.streams import Messages, Output
from tests.support.terminal import TerminalOutput

THOUGHT = [*(f"thought {number}\n" for number in range(9)), "so it ", "is 42"]


def view(output: Output, mode: str, *, quiet: bool = False, shares: bool = True) -> ReasoningView:
    messages = Messages(output, quiet=quiet)
    messages.shares_screen = shares
    return ReasoningView(messages, mode)


def shown(mode: str, *, quiet: bool = False, shares: bool = True) -> list[str]:
    """Return the lines on a terminal after some reasoning and the answer."""
    output = TerminalOutput(40, 24)
    reasoning = view(output, mode, quiet=quiet, shares=shares)
    for piece in THOUGHT:
        reasoning.write(piece)
    reasoning.close()
    reasoning.close()
    output.write("The answer")
    return output.emulator.lines


def test_a_summary_leaves_one_line_above_the_answer() -> None:
    summary, *rest = shown("summary")
    assert re.fullmatch("thought for [0-9]+ s", summary)
    assert rest == ["", "The answer"]


def test_the_whole_reasoning_stays_above_the_answer() -> None:
    assert shown("show") == [*"".join(THOUGHT).split("\n"), "", "The answer"]


@pytest.mark.parametrize(
    ("mode", "quiet", "shares"),
    [
        ("hide", False, True),
        ("summary", True, True),
        ("show", True, True),
        ("summary", False, False),
    ],
)
def test_nothing_is_shown_if_it_is_hidden_or_would_be_apart_from_the_answer(
    mode: str, quiet: bool, shares: bool
) -> None:
    assert shown(mode, quiet=quiet, shares=shares) == ["The answer"]


def test_a_summary_shows_the_last_rows_until_the_answer() -> None:
    output = TerminalOutput(40, 24)
    reasoning = view(output, "summary")
    reasoning.write("".join(THOUGHT))
    assert output.emulator.lines == ["thought 7", "thought 8", "so it is 42"]
    assert reasoning.is_open
    reasoning.close()
    assert not reasoning.is_open


def test_the_whole_reasoning_is_not_wrapped_in_a_file(pipe: tuple[int, int]) -> None:
    reasoning = view(Output(pipe[1], {}), "show", shares=False)
    long = "word " * 100
    reasoning.write(long)
    reasoning.write("\x1b[31mend\n")
    reasoning.close()
    assert os.read(pipe[0], 10_000).decode() == f"{long}\\x1b[31mend\n\n"
