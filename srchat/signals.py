"""Handlers for the signals that end srchat, and for the one that resumes it.

By default Python dies of SIGTERM and SIGHUP without cleaning up, and raises KeyboardInterrupt at
any point. Here each signal raises Interrupted in the main thread, or, while an answer is displayed,
calls a function so that no write is cut off.
"""

import atexit
import contextlib
import math
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Final, NoReturn

from srchat.errors import Interrupted

_STOP_GRACE: Final = 1.0  # seconds between a signal and the next that raises
_RESEND_DELAY: Final = 0.01  # seconds
_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def raise_interrupted(signum: int, _frame: FrameType | None = None) -> None:
    """Signal handler that raises Interrupted."""
    raise Interrupted(signum)


def install() -> None:
    """Make the signals raise Interrupted. A signal ignored by the parent (nohup) stays ignored.

    In the callback of a weak reference, which imports use, Python prints and drops exceptions. The
    signal is sent again then.
    """
    sys.unraisablehook = _send_again
    for signum in _SIGNALS:
        if signal.getsignal(signum) != signal.SIG_IGN:
            signal.signal(signum, raise_interrupted)


def _send_again(what: "sys.UnraisableHookArgs") -> None:
    if not isinstance(what.exc_value, Interrupted):
        sys.__unraisablehook__(what)
        return
    signum = what.exc_value.signum
    # Later, because an exception raised here is dropped, too.
    threading.Timer(_RESEND_DELAY, os.kill, (os.getpid(), signum)).start()


def ignore() -> None:
    """Ignore signals during shutdown, which is short."""
    for signum in _SIGNALS:
        signal.signal(signum, signal.SIG_IGN)


def end(code: int) -> NoReturn:
    """End the process without the interpreter's own cleanup, which takes 5 ms."""
    atexit._run_exitfuncs()  # noqa: SLF001 - _exit skips them
    os._exit(code)  # pragma: no cover - coverage.py has ended in the line above


def end_by(signum: int) -> NoReturn:
    """End the process by a signal, so that a shell loop, make or xargs ends, too.

    If the signal is blocked, exit with the code that a shell reports for it.
    """
    atexit._run_exitfuncs()  # noqa: SLF001 - the default action of a signal skips them
    # The lines below are run, but coverage.py has ended.
    signal.signal(signum, signal.SIG_DFL)  # pragma: no cover - see above
    os.kill(os.getpid(), signum)  # pragma: no cover - see above
    os._exit(128 + signum)  # pragma: no cover - see above


@contextlib.contextmanager
def signals_to(tell: Callable[[int], None]) -> Iterator[None]:
    """Call `tell` with the number of each signal instead of raising Interrupted.

    A signal more than a second after the first raises Interrupted: the program is stuck, perhaps in
    a write that nobody reads.
    """
    first_at = math.inf

    def handle(signum: int, _frame: FrameType | None) -> None:
        nonlocal first_at
        if time.monotonic() - first_at > _STOP_GRACE:
            raise Interrupted(signum)
        first_at = min(first_at, time.monotonic())
        tell(signum)

    before = {
        signum: signal.signal(signum, handle)
        for signum in _SIGNALS
        if signal.getsignal(signum) != signal.SIG_IGN
    }
    try:
        yield
    finally:
        for signum, handler in before.items():
            signal.signal(signum, handler)


@contextlib.contextmanager
def ctrl_c_only_if(condition: Callable[[], bool]) -> Iterator[None]:
    """Let Ctrl-C raise Interrupted if the condition holds at that time, else ignore it."""

    def handle(signum: int, frame: FrameType | None) -> None:
        if condition():
            raise_interrupted(signum, frame)

    before = signal.getsignal(signal.SIGINT)
    if before != signal.SIG_IGN:
        signal.signal(signal.SIGINT, handle)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


@contextlib.contextmanager
def ctrl_c_left_to_child() -> Iterator[None]:
    """Ignore Ctrl-C while a child (an editor, a pager) has the terminal."""
    # Not SIG_IGN, which the child would inherit.
    before = signal.signal(signal.SIGINT, lambda _signum, _frame: None)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


@contextlib.contextmanager
def on_resume(tell: Callable[[], None]) -> Iterator[None]:
    """Call `tell` when the process continues after a stop (Ctrl-Z, then fg).

    The previous handler is called, too.
    """
    before = signal.getsignal(signal.SIGCONT)

    def handle(signum: int, frame: FrameType | None) -> None:
        if callable(before):
            before(signum, frame)
        tell()

    signal.signal(signal.SIGCONT, handle)
    try:
        yield
    finally:
        signal.signal(signal.SIGCONT, before)


@contextlib.contextmanager
def restored_before_quit(restore: Callable[[], None]) -> Iterator[None]:
    """Call `restore` before SIGQUIT ends the process."""
    before = signal.getsignal(signal.SIGQUIT)

    def handle(  # pragma: no cover - a process that SIGQUIT ends reports no coverage
        signum: int, _frame: FrameType | None
    ) -> None:
        restore()
        signal.signal(signum, signal.SIG_DFL)
        os.kill(os.getpid(), signum)

    if before == signal.SIG_DFL:
        signal.signal(signal.SIGQUIT, handle)
    try:
        yield
    finally:
        signal.signal(signal.SIGQUIT, before)
