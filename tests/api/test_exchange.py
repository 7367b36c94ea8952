"""One attempt over real sockets: its head, its timeouts and the bodies of errors."""

import threading
import time
import tracemalloc
import zlib

import pytest

from srchat.api.client import ChatClient
from srchat.api.events import Event
from srchat.api.exchange import Limits
from srchat.api.server import Server
from srchat.errors import (
    APIConnectionError,
    APIStatusError,
    APITimeoutError,
    AuthenticationError,
    ExitCode,
)
from tests.conftest import Serve
from tests.support.asking import HELLO, KEY, NO_RETRIES, SHORT_WAITS, ask, collect, is_text
from tests.support.server import (
    CHUNKED,
    CLOSE,
    DONE,
    HOLD,
    RESET,
    Pause,
    Script,
    Step,
    answer,
    chunk,
    error,
    head,
)

FINISH = chunk(finish="stop")
# Anything else that could end a request takes 30 seconds or more.
MAX_SECONDS = 20


def test_a_wrong_key_at_a_proxy_without_its_database_is_an_authentication_error(
    serve: Serve,
) -> None:
    got = ask(serve(error(400, "no database", type="no_db_connection")).url)
    assert type(got.error) is AuthenticationError
    assert got.error.exit_code == ExitCode.AUTHENTICATION


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


def test_a_tick_without_data_yields_none(serve: Serve) -> None:
    kinds: list[str] = []
    waiting = {"RequestSent": threading.Event(), "ResponseHead": threading.Event()}
    server = serve([waiting["RequestSent"], head(), waiting["ResponseHead"], *answer("Hello")[1:]])

    def seen(item: Event) -> None:
        kinds.append(type(item).__name__)
        if kinds[-2:] == ["NoneType", "NoneType"]:
            last = next(kind for kind in reversed(kinds) if kind != "NoneType")
            if last in waiting:
                waiting[last].set()

    with ChatClient(Server(server.url, None), limits=Limits(silence=MAX_SECONDS)) as client:
        got = collect(client.stream(HELLO), seen)
    assert (got.text, got.error) == ("Hello", None)


def test_a_server_without_http_is_reported(serve: Serve) -> None:
    got = ask(serve([b"SSH-2.0-OpenSSH_9.2\r\n", CLOSE]).url)
    assert isinstance(got.error, APIConnectionError)
    assert got.text == ""


def test_endless_headers_are_refused(serve: Serve) -> None:
    got = ask(serve([b"HTTP/1.1 200 OK\r\n", *[b"X-Bomb: " + b"x" * 10_000 + b"\r\n"] * 1000]).url)
    assert isinstance(got.error, APIConnectionError)


def test_comments_reset_the_read_timeout(serve: Serve) -> None:
    life = [Pause(0.3), b": ping\n\n"] * 11
    server = serve([head(), *life, chunk("Hello"), FINISH, DONE, CLOSE])
    got = ask(server.url, silence=3)
    assert (got.text, got.error) == ("Hello", None)


def test_the_time_spent_by_the_consumer_is_not_a_timeout(serve: Serve) -> None:
    server = serve([head(), chunk("a"), Pause(0.3), chunk("b"), Pause(0.3), FINISH, DONE, CLOSE])
    with ChatClient(Server(server.url, None), limits=Limits(silence=3), retry=NO_RETRIES) as client:
        got = collect(client.stream(HELLO), lambda item: time.sleep(3.2 if is_text(item) else 0))
    assert (got.text, got.error) == ("ab", None)


def test_no_connection_in_time_is_a_timeout(full_backlog: str) -> None:
    got = ask(full_backlog, connect=0.3)
    assert isinstance(got.error, APITimeoutError)
    assert got.message.startswith("cannot connect to 127.0.0.1:")
