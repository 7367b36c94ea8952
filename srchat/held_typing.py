"""What is typed while no prompt is there: not echoed into the answer, and kept for the next."""

import contextlib
import os
import signal
import termios
from collections.abc import Iterator
from typing import Any, Final

from srchat.errors import ClosedPipeError, OutputError
from srchat.output.streams import Output

_PASTES_MARKED: Final = "\x1b[?2004h"
_PASTES_PLAIN: Final = "\x1b[?2004l"
_IFLAG, _LFLAG, _CC = 0, 3, 6


@contextlib.contextmanager
def held_typing(fd: int, screen: Output) -> Iterator[None]:
    """Keep a terminal from echoing and from line editing; Ctrl-C and Ctrl-Z still work.

    Pastes are marked as the prompt has them, so that one of many lines stays one message.
    """
    try:
        before = termios.tcgetattr(fd)
    except termios.error:
        yield
        return
    held = _without_echo(before)

    def again(_signum: int, _frame: object) -> None:
        # After Ctrl-Z the shell has had its own modes. In the background nothing is changed:
        # that would stop the process once more.
        with contextlib.suppress(OSError, termios.error):
            if os.tcgetpgrp(fd) == os.getpgrp():
                termios.tcsetattr(fd, termios.TCSANOW, held)

    continued = signal.signal(signal.SIGCONT, again)
    with contextlib.suppress(termios.error):
        termios.tcsetattr(fd, termios.TCSANOW, held)
    try:
        if screen.can_move:
            screen.write(_PASTES_MARKED)
        yield
    finally:
        signal.signal(signal.SIGCONT, continued)
        with contextlib.suppress(termios.error):  # a terminal that has gone
            termios.tcsetattr(fd, termios.TCSANOW, before)
        if screen.can_move:
            with contextlib.suppress(OutputError, ClosedPipeError):
                screen.write(_PASTES_PLAIN)


def _without_echo(modes: list[Any]) -> list[Any]:
    held = list(modes)
    held[_IFLAG] &= ~(termios.ICRNL | termios.INLCR | termios.IGNCR)
    held[_LFLAG] &= ~(termios.ECHO | termios.ICANON)
    held[_CC] = list(modes[_CC])
    held[_CC][termios.VMIN], held[_CC][termios.VTIME] = 1, 0
    return held
