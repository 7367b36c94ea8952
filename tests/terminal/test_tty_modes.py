"""The modes of a real terminal while an answer is displayed."""

import os
import sys

import pytest

from srchat.terminal.tty_modes import is_ours, unechoed
from tests.support.pseudo_terminal import TerminalSession

PRELUDE = """
import contextlib, os, sys, termios
from srchat.terminal.streams import Output
from srchat.terminal.tty_modes import held_for_prompt, is_ours, unechoed

def show(when):
    modes = termios.tcgetattr(0)
    flags = {"echo": modes[3] & termios.ECHO, "lines": modes[3] & termios.ICANON,
             "signals": modes[3] & termios.ISIG, "cr": modes[0] & termios.ICRNL}
    print(when, *(name for name, flag in flags.items() if flag), flush=True)

"""
ALL = "echo lines signals cr"


def run(program: str, *, keys: str = "") -> TerminalSession:
    """Run a program on a terminal to its end. Type `keys` when it shows "ready"."""
    with TerminalSession([sys.executable, "-c", PRELUDE + program], os.environ) as session:
        if keys:
            session.wait_for_text("ready")
            session.type(keys)
        assert session.wait() == 0, session.lines
    return session


@pytest.mark.parametrize(
    ("mode", "held"),
    [("unechoed(0)", "lines signals cr"), ("held_for_prompt(0, Output(1, {}))", "signals")],
)
def test_the_modes_are_restored_even_after_an_error(mode: str, held: str) -> None:
    session = run(f"""
show("before")
with contextlib.suppress(KeyError):
    with {mode}:
        show("during")
        raise KeyError
show("after")
""")
    assert session.lines == [f"before {ALL}", f"during {held}", f"after {ALL}"]


def test_what_is_typed_is_not_shown_and_read_later() -> None:
    session = run(
        """
with unechoed(0):
    print("ready", flush=True)
    line = sys.stdin.readline()
print("read", line)
""",
        keys="typed ahead\n",
    )
    assert session.lines == ["ready", "read typed ahead"]


def test_pastes_are_marked_only_while_the_prompt_is_not_there() -> None:
    session = run("""
with held_for_prompt(0, Output(1, {})):
    os.write(1, b"answer")
""")
    assert session.raw == b"\x1b[?2004hanswer\x1b[?2004l"


def test_a_process_in_the_background_leaves_the_terminal_alone() -> None:
    session = run("""
child = os.fork()
if not child:
    os.setpgid(0, 0)
    assert not is_ours(0)
    with unechoed(0):
        show("background")
    os._exit(0)
assert is_ours(0)
_, status = os.waitpid(child, os.WUNTRACED)  # it would be stopped
print("status", status)
""")
    assert session.lines == [f"background {ALL}", "status 0"]


def test_a_pipe_is_not_ours(pipe: tuple[int, int]) -> None:
    assert not is_ours(pipe[0])
    with unechoed(pipe[0]):
        pass
