"""A command in tmux, a terminal that rewraps its rows when its width changes."""

import shutil
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import pytest

from tests.support.waiting import WAIT_TIMEOUT

needs_tmux = pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed")


class Tmux:
    """Runs a command in the only window of a separate tmux server."""

    def __init__(
        self, command: Sequence[str], env: Mapping[str, str], home: Path, columns: int, lines: int
    ) -> None:
        self._tmux = ("tmux", "-f", "/dev/null", "-S", str(home / "tmux"))
        self._env = dict(env)
        self._run(
            "new-session", "-d", "-x", str(columns), "-y", str(lines), "-c", str(home), *command,
            ";", "set", "status", "off",
        )  # fmt: skip

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._run("kill-server")

    def _run(self, *args: str, text: str = "") -> str:
        process = subprocess.run(
            [*self._tmux, *args],
            env=self._env,
            input=text,
            capture_output=True,
            text=True,
            check=True,
            timeout=WAIT_TIMEOUT,
        )
        return process.stdout

    @property
    def lines(self) -> list[str]:
        """Scrollback and screen, without blank lines at the end."""
        return self._run("capture-pane", "-p", "-S", "-").rstrip().splitlines()

    @property
    def text(self) -> str:
        """All lines, joined."""
        return "\n".join(self.lines)

    @property
    def is_at_prompt(self) -> bool:
        """Whether the cursor is at an empty prompt."""
        column, row = self._run("display", "-p", "#{cursor_x} #{cursor_y}").split()
        line = self._run("capture-pane", "-p", "-S", row, "-E", row).rstrip()
        return column == "2" and line == ">"

    def type(self, keys: str) -> None:
        """Press keys."""
        self._run("send-keys", "-l", keys)

    def paste(self, text: str) -> None:
        """Paste text, as a bracketed paste if the command has enabled that."""
        self._run("load-buffer", "-", text=text)
        self._run("paste-buffer", "-p")

    def resize(self, columns: int, lines: int) -> None:
        """Change the size of the window."""
        self._run("resize-window", "-x", str(columns), "-y", str(lines))

    def wait_for(self, condition: Callable[[Self], bool], what: str = "a condition") -> None:
        """Wait until the condition is true."""
        end = time.monotonic() + WAIT_TIMEOUT
        while not condition(self):
            assert time.monotonic() < end, f"timed out waiting for {what}; tmux shows:\n{self.text}"
            time.sleep(0.05)

    def wait_for_prompt(self) -> None:
        """Wait for an empty prompt."""
        self.wait_for(lambda tmux: tmux.is_at_prompt, "an empty prompt")

    def wait_for_text(self, text: str) -> None:
        """Wait until tmux shows a text."""
        self.wait_for(lambda tmux: text in tmux.text, repr(text))
