"""Signals that come where an exception cannot be raised."""

import subprocess
import sys

FORGOTTEN = """
import os, time, weakref
from srchat import interrupts
from srchat.errors import Interrupted
class Thing: pass
interrupts.install()
thing = Thing()
reference = weakref.ref(thing, lambda _: os.kill(os.getpid(), 15))
try:
    del thing
    time.sleep(50)
except Interrupted as exc:
    print(exc.message)
"""


def test_a_signal_in_the_callback_of_a_weak_reference_is_not_forgotten() -> None:
    done = subprocess.run(
        [sys.executable, "-c", FORGOTTEN], capture_output=True, timeout=60, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, b"terminated\n", b"")


OTHER = """
import weakref
from srchat import interrupts
class Thing: pass
interrupts.install()
thing = Thing()
reference = weakref.ref(thing, lambda _: 1 / 0)
del thing
"""


def test_any_other_failure_there_is_printed_as_ever() -> None:
    done = subprocess.run(
        [sys.executable, "-c", OTHER], capture_output=True, timeout=60, check=False
    )
    assert b"ZeroDivisionError" in done.stderr
