"""Plain answers: exact in a pipe, inert on a terminal."""

import os

import pytest

from srchat.errors import OutputError
from srchat.terminal.plain import PlainWriter
from srchat.terminal.streams import Output


def test_plain_text_on_a_terminal_is_inert_and_ends_its_line(terminal: tuple[int, int]) -> None:
    writer = PlainWriter(Output(terminal[1], {"TERM": "xterm"}))
    for piece in ("a\x1b", "[31mb\r", "\nc"):
        writer.write(piece)
    writer.close()
    writer.close()
    shown = b""
    while not shown.endswith(b"c\r\n"):
        shown += os.read(terminal[0], 100)
    assert shown == b"a\\x1b[31mb\r\nc\r\n"


@pytest.mark.parametrize(
    ("pieces", "written"),
    [
        (["a\x1b[31mb\r", "\nc"], b"a\x1b[31mb\r\nc\n"),
        (["one\n", ""], b"one\n"),
        (["caf\xe9 \udc80"], b"caf\xc3\xa9 \xef\xbf\xbd\n"),
        (["", ""], b""),
    ],
)
def test_a_pipe_gets_the_exact_answer_and_a_last_newline(
    pipe: tuple[int, int], pieces: list[str], written: bytes
) -> None:
    writer = PlainWriter(Output(pipe[1], {}))
    for piece in pieces:
        writer.write(piece)
    writer.close()
    writer.close()
    os.close(pipe[1])
    with open(pipe[0], "rb", closefd=False) as reading:
        assert reading.read() == written


def test_each_piece_is_written_at_once(pipe: tuple[int, int]) -> None:
    writer = PlainWriter(Output(pipe[1], {}))
    for piece in (b"one ", b"tw", b"o"):
        writer.write(piece.decode())
        assert os.read(pipe[0], 100) == piece


def test_after_an_error_nothing_more_is_written() -> None:
    fd = os.open("/dev/full", os.O_WRONLY)
    writer = PlainWriter(Output(fd, {}))
    with pytest.raises(OutputError):
        writer.write("text")
    writer.close()  # would raise again
    os.close(fd)
