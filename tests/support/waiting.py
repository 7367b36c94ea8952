"""Waits for other processes without guessing their speed."""

import fcntl
import sys
import termios
import time
from collections.abc import Callable

PATIENCE = 60.0  # seconds; a guard, longer than a busy machine takes for anything


def wait_until(fact: Callable[[], object], what: str = "it") -> None:
    """Return once something is so."""
    end = time.monotonic() + PATIENCE
    while not fact():
        assert time.monotonic() < end, f"{what} did not come"
        time.sleep(0.01)


def unread(fd: int) -> int:
    """Return how many bytes of a pipe nobody has read yet."""
    return int.from_bytes(fcntl.ioctl(fd, termios.FIONREAD, bytes(4)), sys.byteorder)
