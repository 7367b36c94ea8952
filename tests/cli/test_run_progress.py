"""The progress of `srchat batch run`: what the bar and the lines say."""

import json
import re
import signal

import pytest

from tests.conftest import Serve, Srchat
from tests.support.chatting import CTRL_C
from tests.support.pseudo_terminal import TerminalSession
from tests.support.server import HOLD, completion, error, json_response


@pytest.fixture
def made(srchat: Srchat) -> Srchat:
    """A batch file whose requests take hours at the rate of the tests."""
    body = {"model": "m", "messages": [{"role": "user", "content": "x"}]}
    with (srchat.home / "in.jsonl").open("w") as file:
        for n in range(20_000):
            line = {"custom_id": str(n), "method": "POST", "url": "/v1/chat/completions"}
            print(json.dumps({**line, "body": body}), file=file)
    return srchat


def test_the_bar_has_failures_a_slow_rate_and_hours(made: Srchat, serve: Serve) -> None:
    url = serve(json_response(completion("x")), error(400), [HOLD]).url
    command = made.command("batch", "run", "in.jsonl", "--base-url", url, "-j", "3")
    with TerminalSession(command, made.env, columns=100, cwd=str(made.home)) as session:
        slow = r"1 of 20,000 done, 1 failed, \d+\.\d/min, \d at once, \d+ h \d\d min left"
        session.wait_for(lambda shown: bool(re.search(slow, "".join(shown.lines))), slow)
        session.type(CTRL_C)
        assert session.wait() == 130


def test_the_bar_has_the_reason_for_a_wait(made: Srchat, serve: Serve) -> None:
    url = serve(error(429, "slow down", {"Retry-After": "30"})).url
    command = made.command("batch", "run", "in.jsonl", "--base-url", url)
    with TerminalSession(command, made.env, columns=120, cwd=str(made.home)) as session:
        wait = r"0 of 20,000 done, waiting \d+ s: .* returned 429: slow down"
        session.wait_for(lambda shown: bool(re.search(wait, "".join(shown.lines))), wait)
        session.type(CTRL_C)
        assert session.wait() == 130


def test_without_a_terminal_there_is_a_line_now_and_then(made: Srchat, serve: Serve) -> None:
    process = made.start("batch", "run", "in.jsonl", "--base-url", serve([HOLD]).url)
    assert process.stderr.readline() == b"srchat: 0 of 20,000 done\n"
    process.send_signal(signal.SIGINT)
    assert process.wait_for_result().code == 130
