"""Clipboard tools that fail, and limits of the terminal."""

from pathlib import Path

from srchat.repl.clipboard import copy
from tests.support.terminal import TerminalOutput

OSC_52 = "\x1b]52;c;dGV4dA==\x07"


def test_osc_52_is_used_if_a_tool_cannot_be_run(tmp_path: Path) -> None:
    (tmp_path / "pbcopy").write_bytes(b"\0")
    (tmp_path / "pbcopy").chmod(0o755)
    screen = TerminalOutput()
    assert copy("text", {"PATH": str(tmp_path)}, screen) == "through the terminal (OSC 52)"
    assert screen.text == OSC_52


def test_a_text_too_long_for_osc_52_is_not_truncated(tmp_path: Path) -> None:
    screen = TerminalOutput()
    assert copy("x" * 74_001, {"PATH": str(tmp_path)}, screen) == ""
    assert screen.text == ""
