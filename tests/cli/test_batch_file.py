"""The batch file of a command: opened, and checked before anything is sent."""

import json
import subprocess

import pytest

from tests.conftest import Serve, Srchat
from tests.support.batch_running import run, write_requests
from tests.support.costs import start_measured
from tests.support.server import error
from tests.support.waiting import WAIT_TIMEOUT


def test_stdin_is_a_batch_file_and_the_demo_answers_it(srchat: Srchat) -> None:
    made = srchat("batch", "make", "square {line}", stdin=b"1\n2\n")
    result = srchat("batch", "run", "-", "-p", "demo", "-o", "out.jsonl", stdin=made.out)
    assert result.code == 0
    assert "square 1" in srchat("batch", "read", "out.jsonl").text


def test_all_bad_lines_are_named_at_once(srchat: Srchat, serve: Serve) -> None:
    server = serve(error(500))
    write_requests(srchat, 2)
    file = srchat.home / "in.jsonl"
    good = file.read_bytes()
    file.write_bytes(good + b"\n" * 30)
    result = run(srchat, server)
    assert result.code == 2
    named = [line for line in result.messages if "blank line" in line]
    assert named == [f"srchat: error: in.jsonl:{n}: blank line" for n in range(3, 23)]
    assert "nothing was sent: bad lines in in.jsonl: at least 20" in result.err
    assert not server.requests
    file.write_bytes(b"")
    assert "in.jsonl has no requests" in run(srchat, server).err


@pytest.mark.slow
def test_a_million_lines_are_checked_in_little_memory(srchat: Srchat) -> None:
    file = srchat.home / "in.jsonl"
    body = {"model": "m", "messages": [{"role": "user", "content": "x"}]}
    with file.open("w") as lines:
        for n in range(1_000_000):
            line = {"custom_id": f"row-{n:07d}", "method": "POST", "url": "/v1/chat/completions"}
            lines.write(json.dumps({**line, "body": body}) + "\n")
        lines.write("wrong\n")
    process, costs = start_measured(
        ["batch", "run", "in.jsonl", "-p", "demo"],
        cwd=srchat.home,
        env=srchat.plain_env,
        stderr=subprocess.PIPE,
    )
    _, err = process.communicate(timeout=WAIT_TIMEOUT * 10)
    assert b"in.jsonl:1000001: not JSON" in err
    assert costs().memory < 300
