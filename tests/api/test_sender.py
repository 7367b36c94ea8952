"""Requests without streaming, one after the other in a thread."""

import gzip
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing

import pytest

from srchat.api.exchange import Limits
from srchat.api.sender import Sender
from srchat.api.server import Server
from srchat.errors import (
    APIConnectionError,
    APIError,
    APIStatusError,
    APITimeoutError,
    AuthenticationError,
    ProtocolError,
    RateLimitError,
)
from tests.conftest import Serve
from tests.support.server import CLOSE, HOLD, RESET, Pause, Script, error, head, json_response

KEY = "sk-0123456789abcdef"
LIMITS = Limits(connect=0.5, silence=5)
OpenSender = Callable[[Server, Limits], Sender]


@pytest.fixture
def open_sender() -> Iterator[OpenSender]:
    with ExitStack() as stack:

        def start(server: Server, limits: Limits) -> Sender:
            return stack.enter_context(closing(Sender(server, limits)))

        yield start


def test_requests_go_over_one_connection_with_the_key(
    serve: Serve, open_sender: OpenSender
) -> None:
    server = serve(json_response({"n": 1}), json_response({"n": 2}))
    sender = open_sender(Server(server.url, KEY), LIMITS)
    assert sender.send("POST", "/chat/completions", b'{"a":1}').body == b'{"n": 1}'
    assert sender.send("GET", "/batches").body == b'{"n": 2}'
    assert server.connections == 1
    first, second = server.requests
    assert (first.method, first.path, first.body) == ("POST", "/v1/chat/completions", b'{"a":1}')
    assert first.headers["authorization"] == f"Bearer {KEY}"
    assert first.headers["content-type"] == "application/json"
    assert (second.method, second.path) == ("GET", "/v1/batches")


def test_any_status_is_a_response(serve: Serve, open_sender: OpenSender) -> None:
    server = serve(error(429, "slow down", {"Retry-After": "7"}))
    sender = open_sender(Server(server.url, None), LIMITS)
    response = sender.send("POST", "/x", b"{}")
    assert (response.status, response.headers["retry-after"]) == (429, "7")
    failure = sender.status_error_of(response)
    assert isinstance(failure, RateLimitError)
    assert failure.message == f"127.0.0.1:{server.port} returned 429: slow down"


def test_an_error_status_raises_without_showing_the_key(
    serve: Serve, open_sender: OpenSender
) -> None:
    server = serve(error(401, f"bad key {KEY}"))
    with pytest.raises(AuthenticationError) as caught:
        open_sender(Server(server.url, KEY), LIMITS).expect("GET", "/batches")
    assert KEY not in caught.value.message


def test_a_redirect_is_not_followed(serve: Serve, open_sender: OpenSender) -> None:
    target = serve(json_response({}))
    server = serve([head(307, {"Location": target.url, "Content-Length": "0"})])
    with pytest.raises(APIStatusError, match="redirects to"):
        open_sender(Server(server.url, KEY), LIMITS).send("POST", "/x", b"{}")
    assert not target.requests


def test_a_connection_that_was_closed_in_the_meantime_is_replaced(
    serve: Serve, open_sender: OpenSender
) -> None:
    server = serve([*json_response({"n": 1})], [CLOSE], json_response({"n": 2}))
    sender = open_sender(Server(server.url, None), LIMITS)
    sender.send("GET", "/x")
    assert sender.send("GET", "/x").body == b'{"n": 2}'
    assert len(server.requests) == 3


@pytest.mark.parametrize("script", [[CLOSE], [RESET], [head(), RESET]])
def test_a_connection_that_is_lost_is_an_error(
    serve: Serve, script: Script, open_sender: OpenSender
) -> None:
    sender = open_sender(Server(serve(script).url, None), LIMITS)
    with pytest.raises(APIConnectionError) as caught:
        sender.send("GET", "/x")
    assert not caught.value.is_unreachable


def test_a_refused_connection_is_reported(open_sender: OpenSender) -> None:
    with pytest.raises(APIConnectionError) as caught:
        open_sender(Server("http://127.0.0.1:9/v1", None), LIMITS).send("GET", "/x")
    assert caught.value.is_unreachable


def test_a_connection_that_is_not_accepted_times_out(
    full_backlog: str, open_sender: OpenSender
) -> None:
    with pytest.raises(APITimeoutError) as caught:
        open_sender(Server(full_backlog, None), Limits(connect=0.2)).send("GET", "/x")
    assert caught.value.is_unreachable


def test_an_answer_may_take_ten_read_timeouts(serve: Serve, open_sender: OpenSender) -> None:
    late = threading.Event()
    server = serve([late, *json_response({"n": 1})], [HOLD])
    limits = Limits(connect=0.5, silence=0.1)
    sender = open_sender(Server(server.url, None), limits)
    threading.Timer(0.3, late.set).start()
    assert sender.send("GET", "/x").body == b'{"n": 1}'
    with pytest.raises(APITimeoutError, match=r"no answer from .* for 1 s"):
        sender.send("GET", "/x")


def test_an_answer_that_trickles_in_times_out(serve: Serve, open_sender: OpenSender) -> None:
    pieces = [step for _ in range(4) for step in (Pause(0.3), b"x")]
    server = serve([head(200, {"Content-Length": "4"}), *pieces])
    sender = open_sender(Server(server.url, None), Limits(connect=0.5, silence=0.05))
    with pytest.raises(APITimeoutError, match=r"no answer from .* for 0\.5 s"):
        sender.send("GET", "/x")


def test_memory_that_runs_out_is_reported(serve: Serve, open_sender: OpenSender) -> None:
    def write(_: bytes) -> None:
        raise MemoryError

    sender = open_sender(Server(serve(json_response({})).url, None), LIMITS)
    with pytest.raises(APIError, match="out of memory while reading from 127"):
        sender.download("/x", write)


def test_a_body_is_decompressed_and_bounded(serve: Serve, open_sender: OpenSender) -> None:
    packed = gzip.compress(b"x" * 1000)
    headers = {"Content-Encoding": "gzip"}
    server = serve(
        json_response(packed, headers={**headers, "Content-Length": str(len(packed))}),
        json_response(b"x" * 2000),
        json_response(b"garbage", headers={**headers, "Content-Length": "7"}),
        json_response(b"x", headers={"Content-Encoding": "br"}),
    )
    sender = Sender(Server(server.url, None), LIMITS, max_bytes=1500)
    assert sender.send("GET", "/x").body == b"x" * 1000
    for message in ("over 0 MB", "compressed answer is corrupt", "encoding 'br'"):
        with pytest.raises(ProtocolError, match=message):
            sender.send("GET", "/x")


def test_an_endless_error_body_is_cut(serve: Serve, open_sender: OpenSender) -> None:
    sender = open_sender(Server(serve([head(500), b"x" * 300_000, CLOSE]).url, None), LIMITS)
    assert len(sender.send("GET", "/x").body) == 64 * 1024
