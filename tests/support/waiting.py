"""Waits for conditions that other processes fulfil."""

import fcntl
import sys
import termios
import time
from collections.abc import Callable

WAIT_TIMEOUT = 60.0  # seconds; generous, because the machine may be busy


def wait_until(condition: Callable[[], object], what: str = "a condition") -> None:
    """Wait until the condition is true."""
    end = time.monotonic() + WAIT_TIMEOUT
    while not condition():
        assert time.monotonic() < end, f"timed out waiting for {what}"
        time.sleep(0.01)


def unread(fd: int) -> int:
    """Return the number of unread bytes in a pipe."""
    return int.from_bytes(fcntl.ioctl(fd, termios.FIONREAD, bytes(4)), sys.byteorder)
