"""Terminal modes during an answer: input is not echoed, and kept for the next reader."""

import contextlib
import os
import termios
from collections.abc import Callable, Iterator
from typing import Any, Final

from srchat.errors import ClosedPipeError, OutputError
from srchat.signals import on_resume, restored_before_quit
from srchat.terminal.streams import Output

_PASTES_MARKED: Final = "\x1b[?2004h"
_PASTES_PLAIN: Final = "\x1b[?2004l"
_IFLAG, _LFLAG, _CC = 0, 3, 6

Modes = list[Any]  # from termios.tcgetattr


@contextlib.contextmanager
def unechoed(fd: int) -> Iterator[None]:
    """Turn off the echo of a terminal. The shell reads the typed lines later."""
    with _changed(fd, _without_echo):
        yield


@contextlib.contextmanager
def held_for_prompt(fd: int, screen: Output) -> Iterator[None]:
    """Turn off echo and line editing of a terminal; Ctrl-C and Ctrl-Z still work.

    Bracketed paste stays on, so that a paste of several lines becomes one prompt.
    """
    with _changed(fd, _without_line_editing):
        try:
            screen.write(_PASTES_MARKED)
            yield
        finally:
            with contextlib.suppress(OutputError, ClosedPipeError):
                screen.write(_PASTES_PLAIN)


@contextlib.contextmanager
def _changed(fd: int, change: Callable[[Modes], Modes]) -> Iterator[None]:
    """Change the modes of a terminal, and restore them. Does nothing unless it is ours."""
    if not is_ours(fd):
        yield
        return
    before = termios.tcgetattr(fd)
    held = change(before)

    def again() -> None:
        # After Ctrl-Z the shell may have changed the modes.
        with contextlib.suppress(OSError, termios.error):
            if is_ours(fd):
                termios.tcsetattr(fd, termios.TCSANOW, held)

    def restore() -> None:
        with contextlib.suppress(termios.error):  # the terminal was closed
            if is_ours(fd):
                termios.tcsetattr(fd, termios.TCSANOW, before)

    try:
        with on_resume(again), restored_before_quit(restore):
            with contextlib.suppress(termios.error):
                termios.tcsetattr(fd, termios.TCSANOW, held)
            yield
    finally:
        restore()


def is_ours(fd: int) -> bool:
    """Tell whether it is a terminal and srchat is in its foreground process group.

    In the background, changing its modes would stop the process.
    """
    try:
        return os.tcgetpgrp(fd) == os.getpgrp()
    except OSError:
        return False


def _without_echo(modes: Modes) -> Modes:
    held = list(modes)
    held[_LFLAG] &= ~termios.ECHO
    return held


def _without_line_editing(modes: Modes) -> Modes:
    held = _without_echo(modes)
    held[_IFLAG] &= ~(termios.ICRNL | termios.INLCR | termios.IGNCR)
    held[_LFLAG] &= ~termios.ICANON
    held[_CC] = list(modes[_CC])
    held[_CC][termios.VMIN], held[_CC][termios.VTIME] = 1, 0
    return held
