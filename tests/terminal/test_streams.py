"""Writing to a descriptor: everything is written, or an error of srchat is raised."""

import os
import threading
from pathlib import Path

import pytest

from srchat.errors import ClosedPipeError, OutputError
from srchat.terminal.streams import Messages, Output, encoded, is_file


def test_a_pipe_is_not_a_terminal_and_uses_utf8(pipe: tuple[int, int]) -> None:
    output = Output(pipe[1], {"TERM": "xterm"}, "latin-1")
    assert (output.is_terminal, output.can_move, output.has_color) == (False, False, False)
    assert output.encoding == "utf-8"
    assert output.size() == (80, 24)


@pytest.mark.parametrize(
    ("environ", "can_move", "has_color"),
    [
        ({"TERM": "xterm"}, True, True),
        ({"TERM": "xterm", "NO_COLOR": "1"}, True, False),
        ({"TERM": "xterm", "NO_COLOR": ""}, True, True),
        ({"TERM": "dumb"}, False, False),
        ({}, False, False),
    ],
)
def test_the_environment_tells_what_a_terminal_can(
    terminal: tuple[int, int], environ: dict[str, str], can_move: bool, has_color: bool
) -> None:
    output = Output(terminal[1], environ)
    assert (output.is_terminal, output.can_move, output.has_color) == (True, can_move, has_color)


def test_untrusted_text_is_inert_on_a_terminal_and_exact_in_a_pipe(
    terminal: tuple[int, int], pipe: tuple[int, int]
) -> None:
    Output(terminal[1], {"TERM": "xterm"}).write_foreign("a\x1b[2Jb")
    assert os.read(terminal[0], 100) == b"a\\x1b[2Jb"
    Output(pipe[1], {}).write_foreign("a\x1b[2Jb")
    assert os.read(pipe[0], 100) == b"a\x1b[2Jb"


def test_a_non_blocking_pipe_gets_the_whole_answer(pipe: tuple[int, int]) -> None:
    os.set_blocking(pipe[1], False)
    data = bytes(range(256)) * 4000
    got = bytearray()

    def read() -> None:
        while len(got) < len(data):
            got.extend(os.read(pipe[0], 65536))

    reader = threading.Timer(0.2, read)  # by then the pipe is full
    reader.start()
    Output(pipe[1], {}).write_bytes(data)
    reader.join(60)
    assert got == data


def test_a_closed_pipe_and_a_full_disk_raise_errors_of_srchat(pipe: tuple[int, int]) -> None:
    os.close(pipe[0])
    with pytest.raises(ClosedPipeError):
        Output(pipe[1], {}).write("x")
    fd = os.open("/dev/full", os.O_WRONLY)
    with pytest.raises(OutputError, match="No space left"):
        Output(fd, {}).write("x")
    Messages(Output(fd, {})).error("a standard error that is full loses nothing else")
    os.close(fd)


def test_messages_are_one_inert_redacted_line_and_quiet_keeps_errors(
    pipe: tuple[int, int],
) -> None:
    messages = Messages(Output(pipe[1], {}), quiet=True)
    messages.redact = lambda text: text.replace("secret", "…")
    messages.warning("a warning", "its hint")
    messages.info("saved")
    messages.error("an\nerror\x1b with secret", "a secret\nis safe\x1b")
    assert os.read(pipe[0], 1000).decode() == (
        "srchat: error: an error\\x1b with …\nhint: a …\nhint: is safe\\x1b\n"
    )


def read_until(fd: int, mark: bytes, times: int) -> bytes:
    """Read until `mark` has occurred `times` times; a terminal returns each write separately."""
    data = b""
    while data.count(mark) < times:
        data += os.read(fd, 1000)
    return data


def test_labels_are_coloured_on_a_terminal_unless_no_color(terminal: tuple[int, int]) -> None:
    for environ in ({"TERM": "xterm"}, {"TERM": "xterm", "NO_COLOR": "1"}):
        messages = Messages(Output(terminal[1], environ))
        messages.error("one", "two")
        messages.warning("three")
    assert read_until(terminal[0], b"three\r\n", 2).decode().split("\r\n") == [
        "srchat: \x1b[1;31merror:\x1b[0m one",
        "\x1b[2mhint:\x1b[0m two",
        "srchat: \x1b[33mwarning:\x1b[0m three",
        "srchat: error: one",
        "hint: two",
        "srchat: warning: three",
        "",
    ]


def test_one_blank_line_separates_the_answer_from_a_message(pipe: tuple[int, int]) -> None:
    messages = Messages(Output(pipe[1], {}))
    messages.is_after_answer = True
    messages.warning("one")
    messages.warning("two")
    assert os.read(pipe[0], 1000) == b"\nsrchat: warning: one\nsrchat: warning: two\n"


def test_a_message_is_wrapped_at_words_only_on_a_terminal(
    terminal: tuple[int, int], pipe: tuple[int, int]
) -> None:
    text = "cannot connect to 127.0.0.1:11434: connection refused by it; retry in 0.4 s"
    Messages(Output(terminal[1], {})).print(text)
    assert os.read(terminal[0], 100).decode().split("\r\n") == [
        "srchat: cannot connect to 127.0.0.1:11434: connection refused by it; retry in",
        "0.4 s", "",
    ]  # fmt: skip
    Messages(Output(pipe[1], {})).print(text)
    assert os.read(pipe[0], 100).decode() == f"srchat: {text}\n"


@pytest.mark.parametrize("encoding", ["cp1252", "cp1251", "mac-roman", "latin-1", "cp437", "ascii"])
def test_no_byte_in_a_legacy_encoding_is_a_control_character(encoding: str) -> None:
    text = "".join(map(chr, [*range(0x20, 0x7F), *range(0xA0, 0x2500), 0x20AC]))
    data = encoded(text, encoding)
    assert not [byte for byte in data if 0x80 <= byte < 0xA0]
    assert len(data) == len(text)


@pytest.mark.parametrize("encoding", ["utf-8", "UTF-8", "gbk", "shift_jis", "euc-jp"])
def test_multi_byte_characters_are_not_split(encoding: str) -> None:
    assert encoded("日本 Grüße"[:2], encoding).decode(encoding) == "日本"


def test_only_files_and_devices_are_files(
    pipe: tuple[int, int], terminal: tuple[int, int], tmp_path: Path
) -> None:
    closed = os.dup(pipe[0])
    os.close(closed)
    with (tmp_path / "file").open("w") as file, Path(os.devnull).open() as null:
        assert is_file(file.fileno())
        assert is_file(null.fileno())
    for fd in (pipe[1], terminal[1], closed):
        assert not is_file(fd)
