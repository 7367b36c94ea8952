"""The most memory that a srchat process held, as it says itself when it ends.

The kernel's ru_maxrss would count that of the process which forked it.
"""

import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from typing import Any

_SCRIPT = """
import atexit, os, sys
peak = int(sys.argv.pop(1))
from srchat.__main__ import main
def tell():
    with open("/proc/self/status", "rb") as status:
        os.write(peak, next(line.split()[1] for line in status if line.startswith(b"VmHWM:")))
atexit.register(tell)
main()
"""


def start_measured(
    args: Sequence[str], **options: Any
) -> tuple["subprocess.Popen[bytes]", Callable[[], float]]:
    """Start srchat; the function waits for its end and returns MiB, 0 if it was killed."""
    reading, writing = os.pipe()
    command = [sys.executable, "-c", _SCRIPT, str(writing), *args]
    process = subprocess.Popen(command, pass_fds=[writing], **options)
    os.close(writing)

    def peak() -> float:
        with os.fdopen(reading, "rb") as said:
            return int(said.read() or b"0") / 1024

    return process, peak
