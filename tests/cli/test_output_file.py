"""`ask -o`: the file for the answer, and files that cannot be written."""

import fcntl
import json
import os
import signal
import threading

import pytest

from srchat.cli.output_file import OutputFile
from srchat.errors import OutputError
from tests.conftest import Serve, Srchat
from tests.support.pseudo_terminal import TerminalSession
from tests.support.server import DONE, answer, chunk, error, head


def test_a_file_that_cannot_be_truncated_is_named() -> None:
    fd = os.memfd_create("answer", os.MFD_ALLOW_SEALING)
    os.write(fd, b"old")
    fcntl.fcntl(fd, fcntl.F_ADD_SEALS, fcntl.F_SEAL_SHRINK)
    path = f"/proc/self/fd/{fd}"
    file = OutputFile(path, {})
    with pytest.raises(OutputError, match=f"{path}: cannot write the output: Operation not perm"):
        file.write("new")
    file.close()
    assert os.pread(fd, 9, 0) == b"old"
    os.close(fd)


def test_after_a_failure_the_rest_is_still_printed(srchat: Srchat, serve: Serve) -> None:
    going_on = threading.Event()
    server = serve([head(), chunk("one "), going_on, chunk("two", "stop"), DONE])
    process = srchat.start("ask", "hi", "-o", "/dev/full", "--base-url", server.url)
    assert process.stdout.read(4) == b"one "
    going_on.set()
    result = process.wait_for_result()
    assert (result.code, result.out) == (74, b"two\n")
    assert "/dev/full: cannot write the output: No space left" in result.err


def test_beside_a_terminal_waits_and_redraws_are_shown(srchat: Srchat, serve: Serve) -> None:
    going_on = threading.Event()
    server = serve([head(), chunk("One *two"), going_on, chunk("* three.", "stop"), DONE])
    command = srchat.command("ask", "q", "-o", "out.md", "--base-url", server.url)
    with TerminalSession(command, srchat.env, cwd=str(srchat.home), forked=True) as session:
        session.wait_for_text("waiting for 127.0.0.1")
        session.terminal.feed("\x1b[H\x1b[2J")  # other output on the terminal
        os.kill(session.pid, signal.SIGCONT)
        session.wait_for_text("One two")
        going_on.set()
        assert session.wait() == 0
        assert session.lines == ["One two three."]
    assert (srchat.home / "out.md").read_text() == "One *two* three.\n"


def test_the_file_the_pipe_and_last_have_the_same_bytes(srchat: Srchat, serve: Serve) -> None:
    text = "Café\t日本\r\n\x1b[31mred\x1b[0m \U0001f600 end"
    server = serve(answer(*text))
    path = srchat.home / "out.md"
    path.write_text("what was there before is longer than what comes now " * 9)
    result = srchat("ask", "hi", "-o", str(path), "--base-url", server.url)
    assert result.out == path.read_bytes() == srchat("last").out == f"{text}\n".encode()


@pytest.mark.parametrize("mode", ["--json", "--events"])
def test_with_json_the_file_has_the_answer(srchat: Srchat, serve: Serve, mode: str) -> None:
    server = serve(answer("yes"))
    path = srchat.home / "out.md"
    result = srchat("ask", "hi", mode, "-o", str(path), "--base-url", server.url)
    assert (result.code, path.read_bytes()) == (0, b"yes\n")
    assert json.loads(result.out.splitlines()[-1] if mode == "--events" else result.out)


def test_a_refused_request_does_not_change_the_file(srchat: Srchat, serve: Serve) -> None:
    old, new = srchat.home / "old.md", srchat.home / "new.md"
    old.write_text("old")
    for path in (old, new):
        url = serve(error(404, "no such model")).url
        assert srchat("ask", "hi", "-o", str(path), "--base-url", url).code == 5
    assert old.read_text() == "old"
    assert not new.exists()


@pytest.mark.parametrize("path", ["/no/such/folder/out", "/", "-"])
def test_a_file_that_cannot_be_written_is_an_error_before_anything_is_sent(
    srchat: Srchat, serve: Serve, path: str
) -> None:
    server = serve(answer("yes"))
    result = srchat("ask", "hi", "-o", path, "--base-url", server.url)
    assert (result.code, result.out, server.requests) == (2, b"", [])
    assert path in result.err


def test_a_full_disk_for_the_file_does_not_affect_stdout(srchat: Srchat, serve: Serve) -> None:
    server = serve(answer("one ", "two"))
    result = srchat("ask", "hi", "-o", "/dev/full", "--base-url", server.url)
    assert (result.code, result.out) == (74, b"one two\n")
    assert "/dev/full: cannot write the output: No space left" in result.err
    assert srchat("last").out == b"one two\n"
