"""Lines that are collected for the pager."""

from srchat.terminal.pager import CollectedOutput
from tests.support.terminal import TerminalOutput


def test_lines_are_yielded_once_and_the_last_may_be_unfinished() -> None:
    out = CollectedOutput(TerminalOutput(), {})
    out.write("one\ntwo")
    assert list(out.taken_lines()) == ["one\n", "two"]
    assert list(out.taken_lines()) == []
    out.write("\n")
    assert list(out.taken_lines()) == ["\n"]
