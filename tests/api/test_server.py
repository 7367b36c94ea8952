"""Requests to a server: the key, the base URL and the proxy."""

import socket
from typing import Any

import pytest

from srchat.api.client import ChatClient
from srchat.api.events import Event, RequestSent
from srchat.api.server import Server
from srchat.errors import APIConnectionError, ConfigError
from tests.conftest import Serve
from tests.support.asking import HELLO, KEY, NO_RETRIES, ask, collect
from tests.support.server import CLOSE, Request, Script, ScriptedServer, answer


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


@pytest.mark.parametrize(
    "key", ["sk-bad\nkey-1234", "sk-bad key-1234", "sk-bädkey-1234", "\x7fsk-bad"]
)
def test_an_invalid_key_is_rejected_before_anything_is_sent(serve: Serve, key: str) -> None:
    server = serve(answer("Hello"))
    with pytest.raises(ConfigError) as caught:
        ChatClient(Server(server.url, key))
    assert "bad" not in caught.value.message
    assert server.connections == 0


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
