"""A run of a batch: retries, limits, and errors that end it."""

import math
import signal

import pytest

from tests.conftest import Limited, Serve, Srchat
from tests.support.batch_running import answers, errors, out, run, write_requests
from tests.support.server import CLOSE, HOLD, RESET, Script, completion, error, json_response
from tests.support.waiting import WAIT_TIMEOUT


@pytest.mark.parametrize(
    "script",
    [
        error(500),
        error(529),
        error(408),
        [RESET],
        [CLOSE],
        error(503, headers={"Retry-After": "0"}),
    ],
)
def test_temporary_errors_are_retried(srchat: Srchat, limited: Limited, script: Script) -> None:
    server = limited()
    write_requests(srchat, 3)
    server.scripts["q2"] = [script]
    assert run(srchat, server, "--max-wait", "0.01").code == 0
    assert server.request_counts["q2"] == 2
    assert len(answers(out(srchat))) == 3


def test_a_request_that_always_fails_does_not_affect_others(
    srchat: Srchat, limited: Limited
) -> None:
    server = limited()
    write_requests(srchat, 3)
    server.scripts["q2"] = [error(500, "broken")] * 9
    assert run(srchat, server, "--max-wait", "0.01", "--retries", "2").code == 6
    assert server.request_counts["q2"] == 3
    assert "broken" in errors(srchat)[0]["error"]["message"]


@pytest.mark.parametrize("status", [429, 503])
def test_a_request_that_is_always_refused_does_not_hold_up_the_others(
    srchat: Srchat, limited: Limited, status: int
) -> None:
    server = limited(latency=0.02)
    write_requests(srchat, 100)
    server.scripts["q2"] = [error(status, "too large", {"Retry-After": "0"})] * 99
    assert run(srchat, server, "-j", "4").code == 6
    assert server.request_counts["q2"] <= 20
    assert len(answers(out(srchat))) == 99
    assert "too large" in errors(srchat)[0]["error"]["message"]


@pytest.mark.parametrize(
    ("script", "message"),
    [
        (json_response({"error": {"message": "overloaded"}}), "no choices: overloaded"),
        (json_response(b"<html>"), "not JSON"),
        (json_response({"choices": []}), "no choices"),
        (json_response(completion("x") | {"time": math.nan}), "not JSON compliant"),
    ],
)
def test_a_200_without_an_answer_is_a_failure(
    srchat: Srchat, limited: Limited, script: Script, message: str
) -> None:
    server = limited()
    write_requests(srchat, 2)
    server.scripts["q1"] = [script]
    assert run(srchat, server).code == 6
    assert message in errors(srchat)[0]["error"]["message"]


@pytest.mark.parametrize(("status", "code"), [(401, 4), (403, 4), (404, 5), (400, 5)])
def test_an_error_of_all_requests_ends_the_run(
    srchat: Srchat, serve: Serve, status: int, code: int
) -> None:
    server = serve(error(status, "not like this"))
    write_requests(srchat, 40)
    result = run(srchat, server)
    assert result.code == code
    assert "not like this" in result.err
    assert "0 of 40 done; run the same command to continue" in result.err
    assert len(server.requests) <= 12  # five, and those in flight


def test_an_unreachable_server_ends_the_run(srchat: Srchat, limited: Limited) -> None:
    write_requests(srchat, 10)
    result = run(srchat, "http://127.0.0.1:9/v1", "--retries", "1", "--max-wait", "0.01")
    assert result.code == 8
    assert "0 of 10 done; run the same command to continue" in result.err
    server = limited()
    assert run(srchat, server).code == 0
    assert set(server.request_counts.values()) == {1}


def test_too_long_a_wait_ends_the_run_and_keeps_requests_in_flight(
    srchat: Srchat, limited: Limited
) -> None:
    server = limited(latency=0.3)
    write_requests(srchat, 10)
    server.scripts["q3"] = [error(429, "daily limit", {"Retry-After": "4000"})]
    result = run(srchat, server)
    assert result.code == 7
    assert "the server asks to wait 4000 s" in result.err
    assert "3 of 10 done; run the same command to continue" in result.err
    assert len(answers(out(srchat))) == 3
    assert run(srchat, server).code == 0
    assert len(answers(out(srchat))) == 10


def test_a_rate_limit_is_respected(srchat: Srchat, limited: Limited) -> None:
    server = limited(latency=0.02, max_concurrent=6, per_second=40)
    write_requests(srchat, 200)
    result = run(srchat, server)
    assert result.code == 0
    assert len(answers(out(srchat))) == 200
    assert len(server.requests) <= 1.2 * 200
    arrivals = [request.at for request in server.requests]
    for refused in server.refusal_times:
        assert sum(refused < at < refused + 0.9 for at in arrivals) <= 6


def test_headers_pace_the_run_so_that_nothing_is_refused(srchat: Srchat, limited: Limited) -> None:
    headers = {"X-RateLimit-Remaining": "1", "X-RateLimit-Reset": "0.05"}
    server = limited(headers=headers)
    write_requests(srchat, 12)
    assert run(srchat, server).code == 0
    assert not server.refusal_times


def test_concurrency_grows_up_to_the_limit(srchat: Srchat, limited: Limited) -> None:
    server = limited(latency=0.05)
    write_requests(srchat, 80)
    assert run(srchat, server, "-j", "7").code == 0
    assert 5 <= server.peak_concurrency <= 7


def test_a_request_that_never_ends_does_not_hold_up_a_signal(
    srchat: Srchat, limited: Limited
) -> None:
    server = limited()
    write_requests(srchat, 1)
    server.scripts["q1"] = [[HOLD]]
    process = srchat.start("batch", "run", "in.jsonl", "--base-url", server.url)
    assert server.first_request.wait(WAIT_TIMEOUT)
    process.send_signal(signal.SIGINT)
    assert process.wait_for_result().code == 130
