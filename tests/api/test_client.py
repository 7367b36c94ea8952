"""ChatClient over real sockets: requests, retries, errors, logging."""

import json
import select
import socket
import threading
import time
import tracemalloc
import zlib
from collections.abc import Sequence
from email.utils import formatdate
from typing import Any

import pytest

from srchat.api.client import ChatClient
from srchat.api.events import Event, RequestSent, RetryWait
from srchat.api.exchange import Limits
from srchat.api.models import ChatCompletion, ChatRequest, Message, Model, Usage
from srchat.api.retry import RetryPolicy
from srchat.api.server import Server
from srchat.errors import (
    APIConnectionError,
    APIError,
    APIStatusError,
    APITimeoutError,
    AuthenticationError,
    ConfigError,
    ExitCode,
    Interrupted,
    ProtocolError,
    RateLimitError,
    ServerError,
)
from tests.conftest import Serve
from tests.support.asking import HELLO, NO_RETRIES, SHORT_WAITS, ask, collect, complete
from tests.support.server import (
    CLOSE,
    DONE,
    HOLD,
    RESET,
    Pause,
    Request,
    Script,
    ScriptedServer,
    Step,
    answer,
    chunk,
    chunked,
    completion,
    error,
    event,
    head,
    json_response,
)
from tests.support.waiting import WAIT_TIMEOUT, wait_until

KEY = "sk-srt-0123456789abcdef"
CHUNKED = {"Transfer-Encoding": "chunked"}
PLAIN = ChatRequest("m", (Message("user", "hi"),))


def kept_open(*pieces: str) -> Script:
    """Return an answer that keeps the connection open for the next request."""
    events = [chunk(piece) for piece in pieces]
    return [head(headers=CHUNKED), chunked(*events, chunk(finish="stop"), DONE)]


def settle(client: ChatClient) -> None:
    """Wait until the reader has read what follows [DONE]."""
    assert client._reader
    client._reader.join(WAIT_TIMEOUT)


# What is sent


def test_the_request_follows_the_protocol(serve: Serve) -> None:
    server = serve(answer("Hello"))
    ask(server.url + "/", key=f" {KEY}\n")
    (request,) = server.requests
    assert (request.method, request.path) == ("POST", "/v1/chat/completions")
    assert request.json == HELLO.to_json()
    assert request.headers["authorization"] == f"Bearer {KEY}"
    assert request.headers["content-type"] == "application/json"
    assert request.headers["accept-encoding"] == "identity"
    assert "text/event-stream" in request.headers["accept"]
    assert request.headers["user-agent"].startswith("srchat/")
    assert KEY not in request.path + request.body.decode()


def test_without_a_key_no_authorization_is_sent(serve: Serve) -> None:
    server = serve(answer("Hello"))
    ask(server.url)
    assert "authorization" not in server.requests[0].headers


def test_nothing_is_sent_before_the_answer_is_requested(serve: Serve) -> None:
    server = serve(answer("Hello"))
    with ChatClient(Server(server.url, None)) as client:
        client.stream(HELLO)
        time.sleep(0.1)
    assert server.connections == 0


def test_every_prompt_that_python_can_hold_is_sent(serve: Serve) -> None:
    text = "é 😀 \u2028 \0 \udc00 \ud83d"
    server = serve(answer("Hello"))
    ask(server.url, ChatRequest("m", (Message("user", text),)))
    sent = server.requests[0].json["messages"][0]["content"]
    assert sent == "é 😀 \u2028 \0 \ufffd \ufffd"  # halves, which strict servers refuse


def test_a_large_prompt_is_sent_whole(serve: Serve) -> None:
    text = "x" * 3_000_000
    server = serve(answer("Hello"))
    assert ask(server.url, ChatRequest("m", (Message("user", text),))).text == "Hello"
    assert server.requests[0].json["messages"][0]["content"] == text


# The connection


def test_the_next_request_uses_the_same_connection(serve: Serve) -> None:
    server = serve(
        kept_open("one"), kept_open("two"), json_response(completion("three")), kept_open("four")
    )
    with ChatClient(Server(server.url, None)) as client:
        texts = []
        for _ in range(4):
            texts.append(collect(client.stream(HELLO)).text)
            settle(client)
    assert texts == ["one", "two", "three", "four"]
    assert server.connections == 1


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


class SlowServer(ScriptedServer):
    """Waits before it reads the second request, with a small receive buffer."""

    def __init__(self, scripts: Sequence[Script]) -> None:
        super().__init__(scripts)
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)

    def _read_request(
        self, connection: socket.socket, buffer: bytes
    ) -> tuple[Request, bytes] | None:
        if len(self.requests) == 1 and select.select([connection], [], [], 5)[0]:
            time.sleep(1.5)
        return super()._read_request(connection, buffer)


def test_a_large_prompt_on_a_kept_connection_is_sent_once_however_long_it_takes() -> None:
    large = ChatRequest("m", (Message("user", "x" * 8_000_000),))
    limits = Limits(connect=1, silence=20)
    with (
        SlowServer([kept_open("one"), kept_open("two")]) as server,
        ChatClient(Server(server.url, None), retry=NO_RETRIES, limits=limits) as client,
    ):
        collect(client.stream(HELLO))
        settle(client)
        got = collect(client.stream(large))
    assert (got.text, got.error) == ("two", None)
    assert (len(server.requests), server.connections) == (2, 1)


def test_a_kept_connection_that_the_server_closed_while_idle_is_not_used(serve: Serve) -> None:
    server = serve([*kept_open("one"), CLOSE], kept_open("two"))
    with ChatClient(Server(server.url, None), retry=NO_RETRIES) as client:
        collect(client.stream(HELLO))
        settle(client)
        wait_until(lambda: server.connections_ended)
        assert collect(client.stream(HELLO)).text == "two"
    assert (len(server.requests), server.connections) == (2, 2)


def test_a_server_that_stopped_between_two_requests_is_reported(serve: Serve) -> None:
    server = serve([*kept_open("one"), CLOSE])
    with ChatClient(Server(server.url, None), retry=NO_RETRIES) as client:
        collect(client.stream(HELLO))
        settle(client)
        server.__exit__()
        got = collect(client.stream(HELLO))
    assert isinstance(got.error, APIConnectionError)
    assert "cannot connect" in got.message


def test_a_connection_left_open_after_done_is_closed_by_the_next_request(serve: Serve) -> None:
    server = serve(
        [head(headers=CHUNKED), chunked(chunk("one"), DONE)[:-5], HOLD], kept_open("two")
    )
    with ChatClient(Server(server.url, None), retry=NO_RETRIES) as client:
        assert collect(client.stream(HELLO)).text == "one"
        assert collect(client.stream(HELLO)).text == "two"
        assert server.client_disconnected.wait(WAIT_TIMEOUT)


def test_data_without_end_after_done_is_cut_off(serve: Serve) -> None:
    flood = [chunk("x" * 10_000)] * 5000
    server = serve([head(), chunk("one"), DONE, *flood, HOLD])
    with ChatClient(Server(server.url, None)) as client:
        assert collect(client.stream(HELLO)).text == "one"
        assert server.client_disconnected.wait(WAIT_TIMEOUT)


def test_requests_in_a_row_share_nothing_of_their_answers(serve: Serve) -> None:
    broken = [head(headers=CHUNKED), b"fff\r\n" + chunk("lost"), CLOSE]
    server = serve(broken, [head(), b"data: {bad\n\n", *answer("a")[1:]], error(400), answer("b"))
    with ChatClient(Server(server.url, None), retry=NO_RETRIES) as client:
        got = [collect(client.stream(HELLO)) for _ in range(4)]
    assert [each.text for each in got] == ["lost", "a", "", "b"]
    assert [each.unreadable for each in got] == [0, 1, 0, 0]


def test_no_thread_is_left_behind(serve: Serve) -> None:
    server = serve(kept_open("one"), [head(), chunk("two"), HOLD], error(500))
    with ChatClient(Server(server.url, None), retry=NO_RETRIES, limits=Limits(silence=3)) as client:
        for _ in range(3):
            collect(client.stream(HELLO))
    assert len(server.requests) == 3
    wait_until(lambda: "srchat-reader" not in {thread.name for thread in threading.enumerate()})


# Trying again


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


def test_a_wrong_key_at_a_proxy_without_its_database_is_an_authentication_error(
    serve: Serve,
) -> None:
    got = ask(serve(error(400, "no database", type="no_db_connection")).url)
    assert type(got.error) is AuthenticationError
    assert got.error.exit_code == ExitCode.AUTHENTICATION


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


# stream_options


NAMED: list[Script] = [
    error(400, "Unknown parameter: 'stream_options'."),
    error(422, "stream_options: extra inputs are not permitted"),
    json_response(
        {"detail": [{"loc": ["body", "stream_options"], "msg": "Extra inputs are not permitted"}]},
        422,
    ),
]


@pytest.mark.parametrize("refusal", NAMED, ids=range(len(NAMED)))
def test_stream_options_is_omitted_for_a_server_that_rejects_it(
    serve: Serve, refusal: Script
) -> None:
    server = serve(refusal, kept_open("one"), kept_open("two"))
    with ChatClient(Server(server.url, None), retry=NO_RETRIES) as client:
        first = collect(client.stream(HELLO))
        assert (first.text, first.waits) == ("one", {})
        assert collect(client.stream(HELLO)).text == "two"
    sent = ["stream_options" in request.json for request in server.requests]
    assert sent == [True, False, False]


def test_a_server_that_always_rejects_stream_options_gets_two_requests(serve: Serve) -> None:
    server = serve(NAMED[0])
    got = ask(server.url, retry=SHORT_WAITS)
    assert isinstance(got.error, APIStatusError)
    assert len(server.requests) == 2


def test_a_model_that_requires_max_completion_tokens_gets_it(serve: Serve) -> None:
    message = "'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead."
    server = serve(
        error(400, message, code="unsupported_parameter"), kept_open("one"), kept_open("two")
    )
    limited = HELLO._replace(parameters={"max_tokens": 7})
    with ChatClient(Server(server.url, None), retry=NO_RETRIES) as client:
        first = collect(client.stream(limited))
        assert (first.text, first.waits) == ("one", {})
        assert collect(client.stream(limited)).text == "two"
    names = ("max_tokens", "max_completion_tokens")
    sent = [[request.json.get(name) for name in names] for request in server.requests]
    assert sent == [[7, None], [None, 7], [None, 7]]


@pytest.mark.parametrize("name", ["max_tokens", "'max_tokens' or 'max_completion_tokens'"])
def test_a_limit_that_is_too_high_is_refused(serve: Serve, name: str) -> None:
    server = serve(error(400, f"{name} is too large: 7"), answer("again"))
    with ChatClient(Server(server.url, None)) as client:
        assert collect(client.stream(HELLO._replace(parameters={"max_tokens": 7}))).error
    assert len(server.requests) == 1


def test_another_400_does_not_disable_stream_options(serve: Serve) -> None:
    server = serve(error(400, "context length exceeded"), answer("again"))
    assert ask(server.url).error
    assert len(server.requests) == 1


# Redirects


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_reported_and_not_followed(serve: Serve, status: int) -> None:
    other = serve(answer("elsewhere"))
    target = f"{other.url}/chat/completions"
    server = serve([head(status, {"Location": target, "Content-Length": "0"})])
    got = ask(server.url, key=KEY, retry=SHORT_WAITS)
    assert type(got.error) is APIStatusError
    assert f"redirects to {target}" in got.message
    assert "base_url" in got.error.hint
    assert (len(server.requests), other.connections) == (1, 0)


def test_a_redirect_without_a_location_is_an_error(serve: Serve) -> None:
    got = ask(serve([head(302, {"Location": "http://[::1", "Content-Length": "0"})]).url)
    assert isinstance(got.error, APIStatusError)
    assert "redirects to an invalid URL, which srchat does not follow" in got.message


@pytest.mark.parametrize("location", ["", "ftp://x", "\x80", "/v1/chat/completions"])
def test_an_unusual_redirect_is_not_followed(serve: Serve, location: str) -> None:
    server = serve([head(302, {"Location": location, "Content-Length": "0"})])
    got = ask(server.url, retry=SHORT_WAITS)
    assert type(got.error) is APIStatusError
    assert f"redirects to {location or 'elsewhere'}" in got.message
    assert len(server.requests) == 1


# Error bodies


@pytest.mark.parametrize(
    "body",
    [
        [head(401), b'{"error": "bad key"}', RESET],
        [head(401, {"Content-Length": "999"}), b'{"error": "bad key"}', CLOSE],
        [head(401, CHUNKED), b"fff\r\n" + b'{"error": "bad key"}', CLOSE],
        [head(401, CHUNKED), b"nonsense", CLOSE],
        [head(401, {"Content-Encoding": "gzip"}), b"nonsense", CLOSE],
        [head(401, {"Content-Encoding": "br"}), b"nonsense", CLOSE],
        [head(401), b'{"error": "bad key"}', HOLD],
    ],
    ids=["RST", "short", "cut", "bad part", "not gzip", "br", "silent"],
)
def test_a_truncated_error_body_does_not_hide_the_status(serve: Serve, body: Script) -> None:
    server = serve(body, answer("again"))
    got = ask(server.url, retry=SHORT_WAITS, silence=3)
    assert type(got.error) is AuthenticationError
    assert len(server.requests) == 1


def test_the_beginning_of_a_truncated_error_body_is_shown(serve: Serve) -> None:
    got = ask(serve([head(401, {"Content-Length": "999"}), b'{"error": "bad key"}', CLOSE]).url)
    assert got.message.endswith("returned 401: bad key")


def bomb(megabytes: int) -> bytes:
    packer = zlib.compressobj(wbits=31)
    return b"".join(packer.compress(bytes(1_000_000)) for _ in range(megabytes)) + packer.flush()


TRICKLE: list[Step] = [b"x", Pause(0.05)] * 1000
ENDLESS: dict[str, Script] = {
    "endless": [head(401), *[b"x" * 10_000] * 30_000],
    "trickling": [head(401), *TRICKLE],
    "silent": [head(401), HOLD],
    "gzip bomb": [
        head(401, {"Content-Encoding": "gzip"}),
        bomb(100),
        HOLD,
    ],
}


@pytest.mark.parametrize("script", ENDLESS.values(), ids=ENDLESS.keys())
def test_an_endless_error_body_stays_within_bounds(serve: Serve, script: Script) -> None:
    server = serve(script)
    begun = time.monotonic()
    tracemalloc.start()
    got = ask(server.url, silence=30, error_body=0.5)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert type(got.error) is AuthenticationError
    assert time.monotonic() - begun < 20  # not ended by the read timeout
    assert peak < 40 * 1024 * 1024
    assert len(got.message) < 500


# The key


SAID = f"invalid key {KEY} (Authorization: Bearer {KEY})"
ECHOES: dict[str, Script] = {
    "401": error(401, SAID),
    "429, for ever": error(429, SAID),
    "plain text": [head(500, type="text/plain"), SAID.encode(), CLOSE],
    "web page": [head(403), f"<title>{SAID}</title>".encode(), CLOSE],
    "cut short": error(400, "x" * 380 + f" {KEY} {KEY}"),
    "cut short, no blanks": error(400, "x" * 378 + f"{KEY}{KEY}"),
    "in the stream": [head(), event({"error": {"message": SAID}}), CLOSE],
    "in the stream, after text": [head(), chunk("a"), event({"error": SAID}), CLOSE],
    "web page with 200": json_response(f"<title>{SAID}</title>".encode()),
    "redirect": [head(302, {"Location": f"http://x/?{KEY}", "Content-Length": "0"})],
    "status line": [f"HTTP/9.9 {KEY} no\r\n\r\n".encode(), CLOSE],
    "encoding": [head(headers={"Content-Encoding": KEY}), b"x", CLOSE],
}


@pytest.mark.parametrize("script", ECHOES.values(), ids=ECHOES.keys())
def test_the_key_is_in_no_message_though_the_server_echoes_it(serve: Serve, script: Script) -> None:
    got = ask(serve(script).url, key=KEY, retry=SHORT_WAITS)
    assert got.error
    texts = [got.message, got.error.hint, str(got.error), repr(got.error)]
    texts += [wait.reason for wait in got.waits.values()]
    for text in texts:
        assert KEY[:10] not in text


@pytest.mark.parametrize(
    "key", ["sk-bad\nkey-1234", "sk-bad key-1234", "sk-bädkey-1234", "\x7fsk-bad"]
)
def test_an_invalid_key_is_rejected_before_anything_is_sent(serve: Serve, key: str) -> None:
    server = serve(answer("Hello"))
    with pytest.raises(ConfigError) as caught:
        ChatClient(Server(server.url, key))
    assert "bad" not in caught.value.message
    assert server.connections == 0


def test_the_log_has_requests_and_responses_but_not_the_key(serve: Serve) -> None:
    lines: list[str] = []
    server = serve(error(503), answer("Hello", headers={"X-Request-Id": "abc"}))
    with ChatClient(Server(server.url, KEY), retry=SHORT_WAITS, log=lines.append) as client:
        collect(client.stream(HELLO))
    log = "\n".join(lines)
    assert log.count(f"> POST {server.url}/chat/completions") == 2
    assert "answers 503" in log
    assert "answers 200" in log
    assert "< x-request-id: abc" in log
    assert KEY not in log


# Base URLs and proxies


@pytest.mark.parametrize(
    "base_url",
    [
        "",
        "nonsense",
        "http://",
        "http://[::1",
        "http://x:abc/v1",
        "ftp://x/v1",
        f"http://{'a' * 64}.test/v1",
        "http://a..b/v1",
        "http://\udc00/v1",
        "http://x\n/v1",
        "//x",
        "http:///v1",
        "unix:///tmp/x",
    ],
)
def test_a_base_url_that_cannot_be_used_is_reported_at_once(base_url: str) -> None:
    with pytest.raises(APIConnectionError) as caught:
        ChatClient(Server(base_url, KEY))
    assert caught.value.message.startswith(f"cannot use {base_url.rstrip('/')!r}: ")


@pytest.mark.parametrize("host", ["nowhere.invalid", "x y", "127.0.0.1:99999"])
def test_a_host_that_is_not_found_is_reported(host: str) -> None:
    got = ask(f"http://{host}/v1")
    assert isinstance(got.error, APIConnectionError)
    assert got.message.startswith("cannot connect to ")
    assert "base_url" in got.error.hint


class AnyInputServer(ScriptedServer):
    """Answers any input, even if it is not HTTP."""

    def _read_request(
        self, connection: socket.socket, buffer: bytes
    ) -> tuple[Request, bytes] | None:
        part = self._receive(connection)
        return (Request("", "", {}, part), b"") if part else None


def test_tls_at_a_plain_port_is_reported_with_a_hint() -> None:
    with AnyInputServer([[b"HTTP/1.1 400 Bad Request\r\n\r\n", CLOSE]]) as server:
        got = ask(server.url.replace("http", "https"))
    assert isinstance(got.error, APIConnectionError)
    assert "http://" in got.error.hint


@pytest.fixture
def proxied(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> Any:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)

    def start(name: str, *scripts: Script, user: str = "") -> Any:
        server = serve(*scripts)
        monkeypatch.setenv(name, f"http://{user}127.0.0.1:{server.port}")
        return server

    return start


def test_a_proxy_of_the_environment_is_used(proxied: Any) -> None:
    proxy = proxied("HTTP_PROXY", answer("Hello"))
    assert ask("http://chat.test/v1").text == "Hello"
    assert proxy.requests[0].path == "http://chat.test/v1/chat/completions"


def test_no_proxy_is_honoured(proxied: Any, serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    proxy = proxied("HTTP_PROXY", answer("proxy"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    assert ask(serve(answer("direct")).url).text == "direct"
    assert proxy.connections == 0


def test_a_proxy_that_refuses_to_connect_is_reported_and_sees_no_key(proxied: Any) -> None:
    proxy = proxied("HTTPS_PROXY", [b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n", CLOSE])
    got = ask("https://chat.test/v1", key=KEY)
    assert isinstance(got.error, APIConnectionError)
    assert "proxy" in got.message
    assert "407" in got.message
    assert proxy.requests[0].method == "CONNECT"
    assert KEY not in str(proxy.requests)


def test_connect_to_a_proxy_is_not_the_request(proxied: Any) -> None:
    proxied("HTTPS_PROXY", [b"HTTP/1.1 403 Forbidden\r\n\r\n", CLOSE])
    events: list[Event] = []
    with ChatClient(Server("https://chat.test/v1", None), retry=NO_RETRIES) as client:
        got = collect(client.stream(HELLO), events.append)
    assert got.error
    assert RequestSent() not in events


def test_the_password_of_a_proxy_is_in_no_message(proxied: Any) -> None:
    proxied("HTTPS_PROXY", [CLOSE], user="user:hunter2@")
    got = ask("https://chat.test/v1")
    assert got.error
    assert "hunter2" not in got.message + got.error.hint


@pytest.mark.parametrize(
    "proxy", ["socks5://127.0.0.1:9", "nonsense://x", "http://[::1", "http://x:y"]
)
def test_a_proxy_that_cannot_be_used_is_reported(
    proxied: Any, monkeypatch: pytest.MonkeyPatch, proxy: str
) -> None:
    monkeypatch.setenv("ALL_PROXY", proxy)
    with pytest.raises(APIConnectionError) as caught:
        ChatClient(Server("http://chat.test/v1", None))
    assert caught.value.message.startswith("cannot use the proxy of the environment: ")


# complete and list_models


def test_complete_returns_a_streamed_answer_whole(serve: Serve) -> None:
    usage = event({"choices": [], "usage": {"prompt_tokens": 1, "completion_tokens": 2}})
    server = serve(
        [
            head(),
            chunk("a\ud83d", reasoning="r"),
            Pause(0.02),
            chunk("\ude00b"),
            usage,
            chunk(finish="length"),
            DONE,
            CLOSE,
        ]
    )
    with ChatClient(Server(server.url, None)) as client:
        whole = complete(client, HELLO)
    assert whole == ChatCompletion("a😀b", "r", "length", "vllm-primary", Usage(1, 2, 3))


def test_complete_returns_a_whole_answer(serve: Serve) -> None:
    server = serve(json_response(completion("Hello")))
    with ChatClient(Server(server.url, None)) as client:
        whole = complete(client, PLAIN)
    assert whole == ChatCompletion("Hello", "", "stop", "vllm-primary", Usage(3, 5, 8))
    assert server.requests[0].json == PLAIN.to_json()


def test_complete_raises_what_the_stream_raises(serve: Serve) -> None:
    with (
        ChatClient(Server(serve(error(401)).url, None)) as client,
        pytest.raises(AuthenticationError),
    ):
        complete(client, PLAIN)


MODELS = {"object": "list", "data": [{"id": "a", "max_model_len": 4096}, {"id": "b"}, {}, None]}


def models_of(url: str, key: str | None = None, retry: RetryPolicy = NO_RETRIES) -> Sequence[Model]:
    with ChatClient(Server(url, key), retry=retry, limits=Limits(silence=3)) as client:
        return client.list_models()


@pytest.mark.parametrize("value", [MODELS, MODELS["data"]])
def test_the_models_of_a_server_are_listed(serve: Serve, value: object) -> None:
    server = serve(json_response(value))
    assert models_of(server.url, KEY) == [Model("a", "", 4096), Model("b", "", None)]
    (request,) = server.requests
    assert (request.method, request.path, request.body) == ("GET", "/v1/models", b"")
    assert request.headers["authorization"] == f"Bearer {KEY}"


@pytest.mark.parametrize(
    "text",
    [
        "".join(f"\\u{ord(char):04x}" for char in KEY),
        "\\u200b".join(KEY),
        "\\t".join(KEY),
        KEY[1:],
    ],
)
def test_the_key_is_redacted_in_names_also_where_json_escapes_it(serve: Serve, text: str) -> None:
    body = f'{{"data": [{{"id": "a {text}", "owned_by": "b {text}"}}]}}'.encode()
    shown = "[key …cdef]"
    assert models_of(serve(json_response(body)).url, KEY) == [
        Model(f"a {shown}", f"b {shown}", None)
    ]


def test_the_key_is_redacted_in_an_error_in_place_of_a_list(serve: Serve) -> None:
    escaped = "".join(f"\\u{ord(char):04x}" for char in KEY)
    body = f'{{"error": "no {escaped}"}}'.encode()
    with pytest.raises(ProtocolError, match=r"no \[key …cdef\]$"):
        models_of(serve(json_response(body)).url, KEY)


def test_a_truncated_list_is_requested_again(serve: Serve) -> None:
    body = json.dumps(MODELS).encode()
    cut: Script = [head(headers={"Content-Length": "9999"}), body[:50], CLOSE]
    server = serve(cut, json_response(MODELS))
    assert len(models_of(server.url, retry=SHORT_WAITS)) == 2
    assert len(server.requests) == 2


def test_the_waits_for_a_list_are_reported(serve: Serve) -> None:
    server = serve(error(503, headers={"Retry-After": "0.2"}), json_response(MODELS))
    with ChatClient(Server(server.url, None)) as client:
        waits: list[float] = []
        client.list_models(lambda wait: waits.append(wait.left))
    assert waits
    assert server.requests[1].at - server.requests[0].at >= 0.2


@pytest.mark.parametrize(
    ("script", "kind"),
    [
        (error(401), AuthenticationError),
        (error(404), APIStatusError),
        (json_response(b"<html>"), ProtocolError),
        (json_response(b""), ProtocolError),
        (json_response({"data": None}), ProtocolError),
        (json_response(3), ProtocolError),
        (json_response(b"[" * 100_000), ProtocolError),
        ([HOLD], APITimeoutError),
        ([CLOSE], APIConnectionError),
    ],
)
def test_a_response_that_is_not_a_list_of_models_is_reported(
    serve: Serve, script: Script, kind: type[APIError]
) -> None:
    with pytest.raises(kind):
        models_of(serve(script).url)


def test_an_endless_list_of_models_is_truncated(serve: Serve) -> None:
    server = serve([head(), *[b"x" * 100_000] * 5000])
    with pytest.raises(ProtocolError, match="over 8388608 bytes"):
        models_of(server.url)
    assert server.client_disconnected.wait(WAIT_TIMEOUT)
