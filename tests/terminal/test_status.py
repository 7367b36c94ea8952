"""The status line, which is erased without a trace."""

import fcntl
import os
import struct
import termios

import pyte

from srchat.terminal.status import StatusLine
from srchat.terminal.streams import Messages, Output


def screen_after(columns: int, *texts: str, clear: bool = False, message: str = "") -> list[str]:
    master, terminal = os.openpty()

    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 5, columns, 0, 0))
    messages = Messages(Output(terminal, {"TERM": "xterm"}))
    status = StatusLine(messages)
    for text in texts:
        status.show(text)
    if clear:
        status.clear()
    if message:
        messages.print(message)
    os.write(terminal, b"\x00")
    shown = b""
    while not shown.endswith(b"\x00"):
        shown += os.read(master, 10000)
    screen = pyte.Screen(columns, 5)
    pyte.ByteStream(screen).feed(shown)
    os.close(master)
    os.close(terminal)
    return [line.rstrip() for line in screen.display]


def test_it_shows_the_newest_text_on_one_line() -> None:
    lines = screen_after(40, "waiting", "model 3 s")
    assert lines[0].endswith(" model 3 s")
    assert lines[1:] == [""] * 4


def test_the_status_line_never_wraps() -> None:
    assert screen_after(10, "日本語日本語日本語")[1:] == [""] * 4


def test_clearing_leaves_no_trace() -> None:
    assert screen_after(40, "waiting", clear=True) == [""] * 5


def test_a_message_replaces_the_status_line() -> None:
    assert screen_after(40, "waiting", message="news")[0] == "srchat: news"


def test_untrusted_text_in_the_status_line_is_inert() -> None:
    assert "\\x1b[2J" in screen_after(40, "a\x1b[2J")[0]
