"""Retries over real sockets."""

import json
import socket
import time
from email.utils import formatdate
from typing import Any

import pytest

from srchat.api.client import ChatClient
from srchat.api.events import Event, RetryWait
from srchat.api.exchange import Limits
from srchat.api.retry import RetryPolicy
from srchat.api.server import Server
from srchat.errors import (
    APIConnectionError,
    APIStatusError,
    APITimeoutError,
    AuthenticationError,
    ExitCode,
    IncompleteAnswerError,
    Interrupted,
    RateLimitError,
    ServerError,
)
from tests.conftest import Serve
from tests.support.asking import HELLO, NO_RETRIES, SHORT_WAITS, ask, collect, kept_open, settle
from tests.support.server import (
    CHUNKED,
    CLOSE,
    HOLD,
    RESET,
    Pause,
    Script,
    answer,
    chunk,
    completion,
    error,
    head,
    part,
)


def test_the_connection_is_reused_after_an_error_status(serve: Serve) -> None:
    server = serve(error(503), error(429), kept_open("Hello"))
    with ChatClient(Server(server.url, None), retry=SHORT_WAITS) as client:
        assert collect(client.stream(HELLO)).text == "Hello"
    assert server.connections == 1


@pytest.mark.parametrize("death", [CLOSE, RESET])
def test_a_dead_kept_open_connection_is_replaced_silently_once(serve: Serve, death: Any) -> None:
    server = serve(kept_open("one"), [death], kept_open("two"))
    with ChatClient(Server(server.url, None), retry=NO_RETRIES) as client:
        collect(client.stream(HELLO))
        settle(client)
        got = collect(client.stream(HELLO))
    assert (got.text, got.error, got.waits) == ("two", None, {})
    assert (len(server.requests), server.connections) == (3, 2)


def test_a_new_connection_that_is_reset_is_an_error(serve: Serve) -> None:
    server = serve(kept_open("one"), [CLOSE], [CLOSE], kept_open("two"))
    with ChatClient(Server(server.url, None), retry=NO_RETRIES) as client:
        collect(client.stream(HELLO))
        settle(client)
        got = collect(client.stream(HELLO))
    assert isinstance(got.error, APIConnectionError)
    assert len(server.requests) == 3


def test_a_timeout_on_a_kept_connection_is_not_retried_silently(
    serve: Serve,
) -> None:
    server = serve(kept_open("one"), [HOLD], kept_open("two"))
    with ChatClient(Server(server.url, None), retry=NO_RETRIES, limits=Limits(silence=3)) as client:
        collect(client.stream(HELLO))
        settle(client)
        got = collect(client.stream(HELLO))
    assert isinstance(got.error, APITimeoutError)
    assert len(server.requests) == 2


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
@pytest.mark.parametrize("times", [1, 3])
def test_temporary_errors_are_retried_until_success(serve: Serve, status: int, times: int) -> None:
    server = serve(*[error(status)] * times, answer("Hello"))
    got = ask(server.url, retry=SHORT_WAITS)
    assert (got.text, got.error) == ("Hello", None)
    assert len(server.requests) == times + 1
    assert list(got.waits) == list(range(1, times + 1))
    assert f"returned {status}: no" in got.waits[1].reason
    assert got.waits[1].retries == 3
    assert all(request.body == server.requests[0].body for request in server.requests)


FINAL: dict[int, tuple[type[APIStatusError], ExitCode]] = {
    408: (APIStatusError, ExitCode.REFUSED),
    429: (RateLimitError, ExitCode.RATE_LIMIT),
    500: (ServerError, ExitCode.SERVER),
    503: (ServerError, ExitCode.SERVER),
}


@pytest.mark.parametrize("status", FINAL)
def test_a_permanent_error_fails_after_four_attempts(serve: Serve, status: int) -> None:
    server = serve(error(status, "try later", code="c", type="t"))
    got = ask(server.url, retry=SHORT_WAITS)
    kind, code = FINAL[status]
    assert type(got.error) is kind
    assert isinstance(got.error, APIStatusError)
    assert (got.error.exit_code, got.error.status) == (code, status)
    assert (got.error.code, got.error.type) == ("c", "t")
    assert got.message == f"127.0.0.1:{server.port} returned {status}: try later"
    assert len(server.requests) == 4


REFUSED: dict[int, type[APIStatusError]] = {
    **dict.fromkeys([400, 404, 405, 409, 410, 413, 418, 422, 451], APIStatusError),
    401: AuthenticationError,
    403: AuthenticationError,
    501: ServerError,
    505: ServerError,
}


@pytest.mark.parametrize("status", REFUSED)
def test_a_client_error_is_not_retried(serve: Serve, status: int) -> None:
    server = serve(error(status, headers={"Retry-After": "0"}), answer("again"))
    got = ask(server.url, retry=SHORT_WAITS)
    assert type(got.error) is REFUSED[status]
    assert len(server.requests) == 1
    assert got.waits == {}


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "1"}, 1.0),
        ({"retry-after": "0.4"}, 0.4),
        ({"llm_provider-retry-after": "0.4"}, 0.4),
        ({"Retry-After-Ms": "400"}, 0.4),
        ({"X-RateLimit-Reset-Requests": "400ms", "X-RateLimit-Remaining-Requests": "0"}, 0.4),
    ],
)
def test_no_attempt_before_the_time_that_the_server_named(
    serve: Serve, headers: dict[str, str], seconds: float
) -> None:
    server = serve(error(429, headers=headers), answer("Hello"))
    got = ask(server.url, retry=RetryPolicy())
    assert got.text == "Hello"
    first, second = (request.at for request in server.requests)
    assert second - first >= seconds
    assert 0 < got.waits[1].left <= seconds * 1.1


def test_no_attempt_before_the_moment_that_the_server_named(serve: Serve) -> None:
    moment = int(time.time()) + 2
    headers = {"Retry-After": formatdate(moment, usegmt=True)}
    server = serve(error(503, headers=headers), answer("Hello"))
    assert ask(server.url, retry=RetryPolicy()).text == "Hello"
    assert time.time() >= moment


def test_a_wait_is_repeated_at_each_tick_with_the_seconds_left(serve: Serve) -> None:
    server = serve(error(429, headers={"Retry-After": "50"}), answer("Hello"))
    lefts: list[float] = []
    with ChatClient(Server(server.url, None)) as client:
        stream = client.stream(HELLO)

        def seen(item: Event) -> None:
            if isinstance(item, RetryWait):
                lefts.append(item.left)
                if len(lefts) == 4:
                    stream.interrupt(2)

        assert isinstance(collect(stream, seen).error, Interrupted)
    assert len(lefts) == 4
    assert lefts == sorted(lefts, reverse=True)
    assert lefts[0] > lefts[-1]


@pytest.mark.parametrize("absurd", ["-1", "nan", "inf", "soon", "99999999999999", "1e9", ""])
def test_an_absurdly_long_wait_is_not_slept(serve: Serve, absurd: str) -> None:
    server = serve(error(429, headers={"Retry-After": absurd}), answer("Hello"))
    assert ask(server.url, retry=SHORT_WAITS).text == "Hello"


@pytest.mark.parametrize(
    ("seconds", "max_wait", "hint"),
    [
        ("7", 5.0, "the server asks to wait 7 s; --max-wait is 5"),
        ("300", 1000.0, "the server asks to wait 300 s; --max-wait is 120 (at most 120)"),
        ("500", 10.0, "the server asks to wait 500 s; --max-wait is 10 (at most 120)"),
    ],
)
def test_too_long_a_wait_is_an_error_that_names_it(
    serve: Serve, seconds: str, max_wait: float, hint: str
) -> None:
    server = serve(error(429, headers={"Retry-After": seconds}), answer("again"))
    got = ask(server.url, retry=RetryPolicy(max_wait=max_wait))
    assert isinstance(got.error, RateLimitError)
    assert got.error.hint == hint
    assert len(server.requests) == 1


def test_a_refused_connection_is_retried_and_reported() -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    got = ask(f"http://127.0.0.1:{port}/v1", retry=SHORT_WAITS)
    assert isinstance(got.error, APIConnectionError)
    assert got.message == f"cannot connect to 127.0.0.1:{port}: connection refused"
    assert got.error.exit_code == ExitCode.NETWORK
    assert list(got.waits) == [1, 2, 3]


def test_a_server_that_starts_during_the_retries_is_reached(serve: Serve) -> None:
    server = serve([RESET], error(502), [head(), HOLD], answer("Hello"))
    got = ask(server.url, retry=SHORT_WAITS, silence=3)
    assert (got.text, len(server.requests)) == ("Hello", 4)


@pytest.mark.parametrize(
    "cut",
    [
        [CLOSE],
        [RESET],
        [b"HTTP/1.1 200 OK\r\nContent-", CLOSE],
        [head(headers=CHUNKED), Pause(0.1), CLOSE],
        [head(headers=CHUNKED), part(chunk(role="assistant")), Pause(0.1), CLOSE],
        [head(headers=CHUNKED), part(b": ping\n\n"), b"50\r\ndata", CLOSE],
        [head(headers={"Content-Length": "999"}), chunk(""), CLOSE],
        [head(), chunk(""), RESET],
        [head(), json.dumps(completion("Hell")).encode()[:-1], RESET],
        [head(), b'{"error": {"message": "busy"}}', RESET],
    ],
    ids=["FIN", "RST", "half a head", "cut", "cut after role", "cut part", "short", "RST in body",
         "half a document", "an error for an answer"],
)  # fmt: skip
def test_a_connection_lost_before_the_first_text_is_retried(serve: Serve, cut: Script) -> None:
    server = serve(cut, cut, answer("Hello"))
    result = ask(server.url, retry=SHORT_WAITS)
    assert (result.text, result.error) == ("Hello", None)
    assert len(server.requests) == 3
    assert list(result.waits) == [1, 2]


def test_a_connection_that_is_lost_on_every_attempt_is_an_error(serve: Serve) -> None:
    server = serve([CLOSE])
    result = ask(server.url, retry=SHORT_WAITS)
    assert isinstance(result.error, APIConnectionError)
    assert str(server.port) in result.message
    assert len(server.requests) == 4


def test_an_answer_with_reasoning_is_not_retried(serve: Serve) -> None:
    server = serve([head(headers=CHUNKED), part(chunk(reasoning="hm")), Pause(0.05), CLOSE])
    result = ask(server.url, retry=SHORT_WAITS)
    assert isinstance(result.error, IncompleteAnswerError)
    assert result.reasoning == "hm"
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "script", [[HOLD], [b"HTTP/1.1 200 OK\r\n", HOLD], [head(), HOLD], [head(), chunk(""), HOLD]]
)
def test_a_timeout_before_the_first_text_is_retried(serve: Serve, script: Script) -> None:
    server = serve(script, answer("Hello"))
    got = ask(server.url, retry=SHORT_WAITS, silence=3)
    assert (got.text, got.error) == ("Hello", None)
    assert len(server.requests) == 2
    assert "for 3 s" in got.waits[1].reason
