"""The file of `ask --output` beside a terminal or a pipe, and what happens when it fails."""

import fcntl
import os
import signal
import threading

import pytest

from srchat.cli.output_file import OutputFile
from srchat.errors import OutputError
from tests.conftest import Serve, Srchat
from tests.support.pseudo_terminal import TerminalSession
from tests.support.server import DONE, chunk, head


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
