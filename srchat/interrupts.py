"""The signals that ask srchat to end, and who is told.

Python dies of SIGTERM and SIGHUP without cleaning up, and raises KeyboardInterrupt in the
middle of anything. So: by default each raises Interrupted in the main thread; while an
answer is painted, whoever paints it is told instead, and nothing is torn.
"""

import contextlib
import math
import signal
import time
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Final

from srchat.errors import Interrupted

_STUCK: Final = 1.0  # seconds
_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def raise_interrupted(signum: int, _frame: FrameType | None = None) -> None:
    """Raise Interrupted, as a signal handler."""
    raise Interrupted(signum)


def install() -> None:
    """Let the signals raise Interrupted; one that the parent has had ignored (nohup) stays so."""
    for signum in _SIGNALS:
        if signal.getsignal(signum) != signal.SIG_IGN:
            signal.signal(signum, raise_interrupted)


def ignore() -> None:
    """Let no signal disturb the last words; what is left to do is short."""
    for signum in _SIGNALS:
        signal.signal(signum, signal.SIG_IGN)


@contextlib.contextmanager
def delivered_to(tell: Callable[[int], None]) -> Iterator[None]:
    """Have `tell` called with the number of a signal that comes meanwhile.

    One that comes a second after another raises Interrupted: what should have ended is stuck,
    perhaps in a write that nobody reads.
    """
    told = math.inf

    def handle(signum: int, _frame: FrameType | None) -> None:
        nonlocal told
        if time.monotonic() - told > _STUCK:
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
