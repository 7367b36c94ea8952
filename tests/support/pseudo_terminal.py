"""A command on a pseudo-terminal, whose output is fed to a terminal emulator."""

import fcntl
import os
import pty
import select
import signal
import struct
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.support.fork_server import can_fork, fork_server
from tests.support.terminal import Terminal
from tests.support.waiting import WAIT_TIMEOUT, wait_until


class TerminalSession:
    """Runs a command on its own terminal. `raw` has all bytes of its output.

    `forked`: the command is srchat and may be forked; see tests/support/fork_server.py.
    """

    def __init__(
        self,
        command: Sequence[str],
        env: Mapping[str, str],
        columns: int = 80,
        lines: int = 24,
        cwd: str | None = None,
        *,
        forked: bool = False,
    ) -> None:
        self.terminal = Terminal(columns, lines)
        self.raw = b""
        self.exit_code: int | None = None
        if forked and can_fork(env):
            self._fd, theirs = pty.openpty()
            self._resize(columns, lines)
            self.pid = fork_server().start(
                command[3:], env, cwd or str(Path.cwd()), [theirs] * 3, has_terminal=True
            )
            os.close(theirs)
            return
        self.pid, self._fd = pty.fork()
        if self.pid == 0:  # pragma: no cover - the child
            # Before exec, so that the command never sees another size.
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
            if cwd:
                os.chdir(cwd)
            os.execvpe(command[0], list(command), dict(env))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.hang_up()  # lets the command exit normally, so that coverage is saved
        try:
            wait_until(self.has_exited)
        except AssertionError:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)

    @property
    def lines(self) -> list[str]:
        """Scrollback and screen, without blank lines at the end."""
        return self.terminal.lines

    def hang_up(self) -> None:
        """Close the terminal. Does nothing if it is closed already."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def has_exited(self) -> bool:
        """Tell whether the command has exited, and set `exit_code` if it has."""
        if self.exit_code is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                code = os.waitstatus_to_exitcode(status)
                self.exit_code = code if code >= 0 else 128 - code  # as in a shell
        return self.exit_code is not None

    def resize(self, columns: int, lines: int) -> None:
        """Change the size, and notify the command."""
        self.terminal.resize(columns, lines)
        self._resize(columns, lines)

    def type(self, keys: str) -> None:
        """Press keys."""
        os.write(self._fd, keys.encode())

    def read(self, seconds: float) -> bool:
        """Read output for some seconds. Return False at its end."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            if not select.select([self._fd], [], [], left)[0]:
                return True
            try:
                part = os.read(self._fd, 65536)
            except OSError:  # EIO: no process has the terminal open
                part = b""
            if not part:
                return False
            self.raw += part
            self.terminal.feed(part.decode("utf-8", "replace"))
        return True

    def wait_for(self, condition: Callable[[Self], bool], what: str = "a condition") -> None:
        """Read until the condition is true."""
        end = time.monotonic() + WAIT_TIMEOUT
        while not condition(self):
            alive = self.read(0.05)
            if not condition(self) and (time.monotonic() > end or not alive):
                shown = "\n".join(self.lines)
                raise AssertionError(f"gave up waiting for {what}; the terminal shows:\n{shown}")

    def wait_for_text(self, text: str) -> None:
        """Read until the terminal shows a text."""
        self.wait_for(lambda session: any(text in line for line in session.lines), repr(text))

    def wait(self) -> int:
        """Read to the end of the output, and return the exit code."""
        end = time.monotonic() + WAIT_TIMEOUT
        while self.read(0.1) and time.monotonic() < end:
            pass
        shown = "\n".join(self.lines)
        wait_until(self.has_exited, f"exit; the terminal shows:\n{shown}\n")
        assert self.exit_code is not None
        return self.exit_code

    def _resize(self, columns: int, lines: int) -> None:
        fcntl.ioctl(self._fd, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
