"""A command on a real pseudo-terminal, its screen read back by the emulator."""

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
from tests.support.waiting import PATIENCE, wait_until


class TerminalSession:
    """Runs a command on a terminal of its own; `raw` is all that it wrote, byte for byte.

    `forked`: the command is srchat, whose start does not matter; see tests/support/fork_server.py.
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
            # Before it looks: later, the size would have changed under its eyes.
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
        self.hang_up()  # what still runs may end in good order, and be measured
        try:
            wait_until(self.has_ended)
        except AssertionError:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)

    @property
    def lines(self) -> list[str]:
        """Scrollback and screen, without blank lines at the end."""
        return self.terminal.lines

    def hang_up(self) -> None:
        """Close the terminal; the command may go on. May be called twice."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def has_ended(self) -> bool:
        """Tell whether the command has ended; then `exit_code` is known."""
        if self.exit_code is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                code = os.waitstatus_to_exitcode(status)
                self.exit_code = code if code >= 0 else 128 - code  # what a shell shows
        return self.exit_code is not None

    def resize(self, columns: int, lines: int) -> None:
        """Change the size, and let the command know."""
        self.terminal.resize(columns, lines)
        self._resize(columns, lines)

    def type(self, keys: str) -> None:
        """Press keys."""
        os.write(self._fd, keys.encode())

    def read(self, seconds: float) -> bool:
        """Take what comes within so many seconds; tell whether more may come."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            if not select.select([self._fd], [], [], left)[0]:
                return True
            try:
                part = os.read(self._fd, 65536)
            except OSError:  # EIO: nobody has the terminal open any more
                part = b""
            if not part:
                return False
            self.raw += part
            self.terminal.feed(part.decode("utf-8", "replace"))
        return True

    def wait_for(self, fact: Callable[[Self], bool], what: str = "") -> None:
        """Read until something is so."""
        end = time.monotonic() + PATIENCE
        while not fact(self):
            alive = self.read(0.05)
            if not fact(self) and (time.monotonic() > end or not alive):
                shown = "\n".join(self.lines)
                raise AssertionError(f"{what or 'it'} did not come; the terminal shows:\n{shown}")

    def wait_for_text(self, text: str) -> None:
        """Read until a text is shown."""
        self.wait_for(lambda session: any(text in line for line in session.lines), repr(text))

    def wait(self) -> int:
        """Read to the end and return the exit code."""
        end = time.monotonic() + PATIENCE
        while self.read(0.1) and time.monotonic() < end:
            pass
        shown = "\n".join(self.lines)
        wait_until(self.has_ended, f"the end, with this on the terminal:\n{shown}\n")
        assert self.exit_code is not None
        return self.exit_code

    def _resize(self, columns: int, lines: int) -> None:
        fcntl.ioctl(self._fd, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
