"""Signals at points where an exception cannot be raised."""

import subprocess
import sys

FORGOTTEN = """
import os, time, weakref
from srchat import signals
from srchat.errors import Interrupted
class Thing: pass
signals.install()
thing = Thing()
reference = weakref.ref(thing, lambda _: os.kill(os.getpid(), 15))
try:
    del thing
    time.sleep(50)
except Interrupted as exc:
    print(exc.message)
"""


def test_a_signal_in_the_callback_of_a_weak_reference_is_not_lost() -> None:
    done = subprocess.run(
        [sys.executable, "-c", FORGOTTEN], capture_output=True, timeout=60, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, b"terminated\n", b"")


OTHER = """
import weakref
from srchat import signals
class Thing: pass
signals.install()
thing = Thing()
reference = weakref.ref(thing, lambda _: 1 / 0)
del thing
"""


def test_other_exceptions_there_are_printed() -> None:
    done = subprocess.run(
        [sys.executable, "-c", OTHER], capture_output=True, timeout=60, check=False
    )
    assert b"ZeroDivisionError" in done.stderr


# A line editor that sends Ctrl-C whenever the loop checks `interactive`.
TOO_MANY = """
import os
from srchat import signals
from srchat.errors import Interrupted
from srchat.library import Library
from srchat.terminal.streams import Messages, Output
from srchat.repl.loop import Repl
from srchat.repl.terminal import Chat, Terminal
class Lines:
    reads = 0
    @property
    def interactive(self):
        if self.reads:
            os.kill(os.getpid(), 2)
        return True
    def read(self, default=""):
        self.reads += 1
        if self.reads > 3:
            raise EOFError
        raise [Interrupted(2), KeyboardInterrupt, Interrupted(2)][self.reads - 1]
signals.install()
screen = Output(1, {}, "utf-8")
terminal = Terminal(Lines(), screen, screen, 0, Messages(screen), {})
code = Repl(Chat(None, terminal, Library({}, print))).run()
print("left with", int(code), flush=True)
os._exit(0)
"""


def test_a_ctrl_c_between_two_lines_of_a_chat_is_forgotten() -> None:
    done = subprocess.run(
        [sys.executable, "-c", TOO_MANY], capture_output=True, timeout=60, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, b"left with 0\n", b"")


IGNORED = """
import os, signal
from srchat import signals
signal.signal(2, signal.SIG_IGN)
signals.install()
with signals.ctrl_c_only_if(lambda: True):
    os.kill(os.getpid(), 2)
print("goes on")
"""


def test_a_ctrl_c_ignored_by_the_parent_stays_ignored() -> None:
    done = subprocess.run(
        [sys.executable, "-c", IGNORED], capture_output=True, timeout=60, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, b"goes on\n", b"")


QUIT = """
import os, signal
from srchat import signals
signal.signal(signal.SIGQUIT, signal.SIG_IGN)
with signals.restored_before_quit(lambda: print("restored")):
    os.kill(os.getpid(), signal.SIGQUIT)
print("goes on", signal.getsignal(signal.SIGQUIT) == signal.SIG_IGN)
"""


def test_a_sigquit_ignored_by_the_parent_stays_ignored() -> None:
    done = subprocess.run(
        [sys.executable, "-c", QUIT], capture_output=True, timeout=60, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, b"goes on True\n", b"")
