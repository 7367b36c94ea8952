"""The signals that ask srchat to end, the one that resumes it, and who is told of them.

Python dies of SIGTERM and SIGHUP without cleaning up, and raises KeyboardInterrupt in the
middle of anything. So: by default each raises Interrupted in the main thread; while an
answer is painted, whoever paints it is told instead, and nothing is torn.
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

_STOP_GRACE: Final = 1.0  # seconds after the first signal
_RESEND_DELAY: Final = 0.01  # seconds
_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def raise_interrupted(signum: int, _frame: FrameType | None = None) -> None:
    """Raise Interrupted, as a signal handler."""
    raise Interrupted(signum)


def install() -> None:
    """Let the signals raise Interrupted; one that the parent ignores (nohup) stays ignored.

    Out of a weak reference's callback (imports have them) Python cannot raise it, and would print
    and forget it: then the signal is sent again.
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
    # Not at once: what is raised in here is forgotten, too.
    threading.Timer(_RESEND_DELAY, os.kill, (os.getpid(), signum)).start()


def ignore() -> None:
    """Let no signal disturb the last words; what is left to do is short."""
    for signum in _SIGNALS:
        signal.signal(signum, signal.SIG_IGN)


def end_by(signum: int) -> NoReturn:
    """End the process by a signal: a shell loop, make or xargs that runs it ends too.

    Where it is blocked, end with the exit code that a shell shows for it.
    """
    atexit._run_exitfuncs()  # noqa: SLF001 - the default action of a signal skips them
    signal.signal(signum, signal.SIG_DFL)
    os.kill(os.getpid(), signum)
    os._exit(128 + signum)


@contextlib.contextmanager
def signals_to(tell: Callable[[int], None]) -> Iterator[None]:
    """Have `tell` called with the number of a signal that comes meanwhile.

    One that comes a second after another raises Interrupted: what should have ended is stuck,
    perhaps in a write that nobody reads.
    """
    told = math.inf

    def handle(signum: int, _frame: FrameType | None) -> None:
        nonlocal told
        if time.monotonic() - told > _STOP_GRACE:
            raise Interrupted(signum)
        told = min(told, time.monotonic())
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
    """Let a Ctrl-C raise Interrupted only if the condition holds when it comes; else ignore it."""

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
    """Let only the child that has the terminal (an editor, a pager) feel a Ctrl-C meanwhile."""
    # Not SIG_IGN: the child would inherit it, and could not be stopped either.
    before = signal.signal(signal.SIGINT, lambda _signum, _frame: None)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


@contextlib.contextmanager
def on_resume(tell: Callable[[], None]) -> Iterator[None]:
    """Have `tell` called when the process goes on after a stop (Ctrl-Z, then fg).

    Whoever was told before is told, too.
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
    """Have `restore` called before SIGQUIT ends the process, as it ends any other."""
    before = signal.getsignal(signal.SIGQUIT)

    def handle(signum: int, _frame: FrameType | None) -> None:
        restore()
        signal.signal(signum, signal.SIG_DFL)
        os.kill(os.getpid(), signum)

    if before == signal.SIG_DFL:
        signal.signal(signal.SIGQUIT, handle)
    try:
        yield
    finally:
        signal.signal(signal.SIGQUIT, before)
