"""Connections: names, TLS, proxies, and impossible addresses."""

import contextlib
import os
import re
import signal
import socket
import ssl
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import trustme

from tests.conftest import Serve, Srchat
from tests.support.server import CLOSE, Request, Script, ScriptedServer, answer, error
from tests.support.tls_server import TLSServer
from tests.support.waiting import wait_until

ONCE = ("--retries", "0")
PAST = datetime(2020, 1, 1, tzinfo=UTC)


@pytest.fixture
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def bundle(authority: trustme.CA, tmp_path: Path) -> str:
    path = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(path)
    return str(path)


def test_a_trusted_certificate_is_accepted(
    srchat: Srchat, authority: trustme.CA, bundle: str
) -> None:
    with TLSServer([answer("secure")], authority, "localhost") as server:
        url = f"https://localhost:{server.port}/v1"
        result = srchat("ask", "q", "--base-url", url, SSL_CERT_FILE=bundle)
        assert result == (0, b"secure\n", "")


def test_each_step_of_a_connection_is_logged_once(
    srchat: Srchat, authority: trustme.CA, bundle: str
) -> None:
    with TLSServer([answer("secure")], authority, "localhost") as server:
        host = f"localhost:{server.port}"
        result = srchat("ask", "q", "-v", "--base-url", f"https://{host}/v1", SSL_CERT_FILE=bundle)
        steps = re.findall(r"^srchat: \* (.*) \(", result.err, re.MULTILINE)
        assert steps[:3] == [
            f"connected to {host}", f"TLS established with {host}", "request sent",
        ]  # fmt: skip


def test_an_unknown_authority_is_rejected_with_a_hint(
    srchat: Srchat, authority: trustme.CA
) -> None:
    with TLSServer([answer("secure")], authority, "localhost") as server:
        url = f"https://localhost:{server.port}/v1"
        result = srchat("ask", "q", "--base-url", url)
        assert (result.code, result.out) == (8, b"")
        assert "certificate verify failed" in result.err
        assert "SSL_CERT_FILE" in result.err
        assert server.requests == []
        assert server.connections == 1  # a retry could not succeed


def test_a_certificate_for_another_host_is_refused(
    srchat: Srchat, authority: trustme.CA, bundle: str
) -> None:
    with TLSServer([answer("secure")], authority, "other.example") as server:
        url = f"https://localhost:{server.port}/v1"
        result = srchat("ask", "q", "--base-url", url, *ONCE, SSL_CERT_FILE=bundle)
        assert (result.code, result.out) == (8, b"")
        assert "mismatch" in result.err.lower()
        assert "SSL_CERT_FILE" not in result.err
        assert server.requests == []


def test_an_expired_certificate_is_not_retried(
    srchat: Srchat, authority: trustme.CA, bundle: str
) -> None:
    with TLSServer([answer("late")], authority, "localhost", not_after=PAST) as server:
        url = f"https://localhost:{server.port}/v1"
        result = srchat("ask", "q", "--base-url", url, SSL_CERT_FILE=bundle)
        assert (result.code, result.out) == (8, b"")
        assert "has expired\nhint: the server needs a new one" in result.err
        assert len(result.messages) == 1
        assert (server.requests, server.connections) == ([], 1)


def test_tls_to_a_plain_port_is_reported(srchat: Srchat) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def refuse() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(1000)
                connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

        threading.Thread(target=refuse, daemon=True).start()
        url = f"https://127.0.0.1:{listener.getsockname()[1]}/v1"
        result = srchat("ask", "q", "--base-url", url, *ONCE)
    assert (result.code, result.out) == (8, b"")
    assert "http://" in result.err
    assert len(result.messages) == 1


def test_a_certificate_file_that_is_missing_is_reported(srchat: Srchat) -> None:
    url = "https://localhost:9/v1"
    result = srchat("ask", "q", "--base-url", url, *ONCE, SSL_CERT_FILE="/nowhere.pem")
    assert result.code == 8
    assert len(result.messages) == 1


def test_an_unknown_host_is_reported(srchat: Srchat) -> None:
    result = srchat("ask", "q", "--base-url", "http://no-such-host.invalid/v1", *ONCE)
    assert (result.code, result.out) == (8, b"")
    assert "cannot connect to no-such-host.invalid" in result.err
    assert len(result.messages) == 1


def test_refused_connections_are_retried(srchat: Srchat) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    result = srchat("ask", "q", "--base-url", f"http://127.0.0.1:{port}/v1", "--retries", "1")
    assert result.code == 8
    assert "retrying" in result.err.splitlines()[0]
    assert "refused" in result.err.splitlines()[1]


@pytest.mark.slow
def test_a_connection_attempt_that_hangs_times_out(srchat: Srchat, full_backlog: str) -> None:
    result = srchat("ask", "q", "--base-url", full_backlog, *ONCE)
    assert result.code == 8
    assert "cannot connect" in result.err


def pending_connections(url: str) -> int:
    """Return the number of pending connections to a URL."""
    address = f"0100007F:{int(url.split(':')[2].removesuffix('/v1')):04X}"
    table = Path("/proc/net/tcp").read_text().splitlines()[1:]
    return sum(line.split()[2:4] == [address, "02"] for line in table)  # 02 is SYN_SENT


def test_a_connection_attempt_can_be_interrupted(srchat: Srchat, full_backlog: str) -> None:
    before = pending_connections(full_backlog)
    process = srchat.start("ask", "q", "--base-url", full_backlog)
    wait_until(lambda: pending_connections(full_backlog) > before, "an attempt to connect")
    process.send_signal(signal.SIGSTOP)
    os.waitid(os.P_PID, process.pid, os.WSTOPPED | os.WNOWAIT)
    process.send_signal(signal.SIGCONT)  # there is no status line to redraw yet
    process.send_signal(signal.SIGINT)
    assert process.wait_for_result() == (130, b"", "srchat: interrupted\n")


@pytest.mark.parametrize(
    "url",
    [
        "localhost:8000",
        "ftp://host/v1",
        "http://",
        "http:///v1",
        "http://[::1/v1",
        "http://host:abc/v1",
        "http://host:99999/v1",
        "http://user:secret@host/v1",
        "http://host/v1?key=1",
        "http://host/v1#x",
        "http://ho st/v1",
        "http://hös/v1",
        "",
        "file:///etc/passwd",
    ],
)
def test_an_impossible_base_url_is_a_usage_error_on_one_line(srchat: Srchat, url: str) -> None:
    result = srchat("ask", "q", "--base-url", url)
    assert (result.code, result.out) == (2, b"")
    assert "--base-url" in result.err
    assert "http://" in result.err
    assert len(result.messages) == 1


@pytest.mark.parametrize("url", [f"http://{'a' * 70}.example/v1", "http://a..b/v1", "http://-/v1"])
def test_an_impossible_host_is_one_line(srchat: Srchat, url: str) -> None:
    result = srchat("ask", "q", "--base-url", url, *ONCE)
    assert (result.code, result.out) == (8, b"")
    assert len(result.messages) == 1


def test_a_proxy_of_the_environment_is_used(srchat: Srchat, serve: Serve) -> None:
    proxy = serve(answer("through the proxy"))
    environ: dict[str, Any] = {"HTTP_PROXY": f"http://user:pass@127.0.0.1:{proxy.port}"}
    result = srchat("ask", "q", "--base-url", "http://server.example/v1", **environ)
    assert (result.code, result.out) == (0, b"through the proxy\n")
    assert proxy.requests[0].path == "http://server.example/v1/chat/completions"
    assert proxy.requests[0].headers["proxy-authorization"].startswith("Basic ")


def test_no_proxy_is_honoured(srchat: Srchat, serve: Serve) -> None:
    proxy = serve(answer("proxy"))
    environ: dict[str, Any] = {
        "HTTP_PROXY": f"http://127.0.0.1:{proxy.port}",
        "NO_PROXY": "no-such-host.invalid",
    }
    result = srchat("ask", "q", "--base-url", "http://no-such-host.invalid/v1", *ONCE, **environ)
    assert result.code == 8
    assert proxy.requests == []


def test_requests_to_this_machine_do_not_use_a_proxy(srchat: Srchat, serve: Serve) -> None:
    server, proxy = serve(answer("direct")), serve(answer("proxy"))
    environ: dict[str, Any] = {
        "HTTP_PROXY": f"http://127.0.0.1:{proxy.port}",
        "ALL_PROXY": "socks5://127.0.0.1:9",
        "SRCHAT_API_KEY": "sk-some-key",
    }
    assert srchat("ask", "q", "--base-url", server.url, **environ).out == b"direct\n"
    assert server.requests[0].headers["authorization"] == "Bearer sk-some-key"
    assert proxy.requests == []


def test_a_proxy_that_refuses_is_reported_without_its_password(
    srchat: Srchat, serve: Serve
) -> None:
    proxy = serve(error(403, "no"))
    environ: dict[str, Any] = {"HTTPS_PROXY": f"http://user:hunter22@127.0.0.1:{proxy.port}"}
    result = srchat("ask", "q", "-v", "--base-url", "https://server.example/v1", *ONCE, **environ)
    assert (result.code, result.out) == (8, b"")
    assert "proxy" in result.err
    assert "hunter22" not in result.err
    assert proxy.requests[0].method == "CONNECT"


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_an_unreachable_proxy_is_reported(srchat: Srchat, scheme: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    url, proxy = f"{scheme}://server.example/v1", f"http://me:hunter22@127.0.0.1:{port}"
    result = srchat("ask", "q", "--base-url", url, *ONCE, ALL_PROXY=proxy)
    assert (result.code, result.out) == (8, b"")
    assert f"cannot connect to the proxy 127.0.0.1:{port}: " in result.err
    assert "NO_PROXY" in result.err
    assert "server running" not in result.err
    assert "hunter22" not in result.err


@pytest.mark.slow
def test_a_failure_behind_a_proxy_is_not_blamed_on_it(srchat: Srchat, serve: Serve) -> None:
    tunnel = Tunnel(serve([b"no TLS here", CLOSE]).port)
    url = "https://server.example/v1"
    result = srchat("ask", "q", "--base-url", url, *ONCE, ALL_PROXY=tunnel.url)
    assert (result.code, result.out) == (8, b"")
    assert "cannot connect to server.example: " in result.err
    assert "NO_PROXY" not in result.err


class Tunnel:
    """A proxy that tunnels everything to one port, and records what it can read."""

    def __init__(self, port: int) -> None:
        self.recorded = bytearray()
        self._port = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        connection, _ = self._listener.accept()
        self._listener.close()
        with connection, socket.create_connection(("127.0.0.1", self._port)) as target:
            self.recorded += connection.recv(65536)
            connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            back = threading.Thread(target=self._pass, args=(target, connection), daemon=True)
            back.start()
            self._pass(connection, target)
            back.join()

    def _pass(self, source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while part := source.recv(65536):
                self.recorded += part
                sink.sendall(part)
            sink.shutdown(socket.SHUT_WR)


def test_a_proxy_tunnel_is_encrypted_end_to_end(
    srchat: Srchat, authority: trustme.CA, bundle: str
) -> None:
    with TLSServer([answer("secure")], authority, "chat.test") as server:
        tunnel = Tunnel(server.port)
        environ: dict[str, Any] = {
            "HTTPS_PROXY": tunnel.url,
            "SSL_CERT_FILE": bundle,
            "SRCHAT_API_KEY": "sk-some-secret-key",
        }
        result = srchat("ask", "q", "-v", "--base-url", "https://chat.test/v1", **environ)
    assert (result.code, result.out) == (0, b"secure\n")
    assert result.err.count("request sent") == 1
    assert tunnel.recorded.startswith(b"CONNECT chat.test:443 HTTP/1.1\r\n")
    assert b"secret" not in tunnel.recorded
    assert server.requests[0].headers["authorization"] == "Bearer sk-some-secret-key"


def test_a_server_at_an_ipv6_address_answers(srchat: Srchat) -> None:
    if not socket.has_dualstack_ipv6():
        pytest.skip("no IPv6 here")
    server = ScriptedServer([answer("six")])
    server._listener.close()
    server._listener = socket.create_server(("::1", 0), family=socket.AF_INET6)
    with server:
        where = f"[::1]:{server.port}"
        result = srchat("ask", "q", "--base-url", f"http://{where}/v1")
    assert result == (0, b"six\n", "")
    assert server.requests[0].headers["host"] == where


@pytest.mark.parametrize("scheme", ["socks5", "nonsense"])
def test_an_unusable_proxy_is_one_line(srchat: Srchat, scheme: str) -> None:
    environ: dict[str, Any] = {"ALL_PROXY": f"{scheme}://127.0.0.1:9"}
    result = srchat("ask", "q", "--base-url", "http://server.example/v1", *ONCE, **environ)
    assert (result.code, result.out) == (8, b"")
    assert scheme in result.err.lower() or "socks" in result.err.lower()
    assert len(result.messages) == 1


class LimitedServer(ScriptedServer):
    """Allows some requests per time window, and sends Retry-After until the next one."""

    def __init__(self, allowed: int, window: float) -> None:
        super().__init__([])
        self.answered = 0
        self.too_early = 0
        self._allowed, self._window = allowed, window
        self._begin = time.monotonic()
        self._index, self._used = 0, 0
        self._not_before: dict[bytes, float] = {}

    def _script_for(self, request: Request) -> Script:
        now = time.monotonic() - self._begin
        if now < self._not_before.get(request.body, 0):
            self.too_early += 1
        index = int(now / self._window)
        if index != self._index:
            self._index, self._used = index, 0
        if self._used < self._allowed:
            self._used += 1
            self.answered += 1
            return answer("ok")
        wait = (index + 1) * self._window - now
        self._not_before[request.body] = now + wait
        return error(429, "limit", {"Retry-After": f"{wait:.3f}", "Connection": "close"})


@pytest.mark.slow
def test_200_questions_at_once_are_all_answered_under_a_limit(srchat: Srchat) -> None:
    def ask(number: int) -> bytes:
        done = subprocess.run(
            srchat.command("ask", f"question {number}", "-q", "--retries", "100"),
            env=srchat.plain_env | {"SRCHAT_BASE_URL": server.url},
            stdin=subprocess.DEVNULL, capture_output=True, timeout=120, check=False,
        )  # fmt: skip
        return done.stdout if done.returncode == 0 else done.stderr

    with LimitedServer(allowed=60, window=3.0) as server, ThreadPoolExecutor(16) as pool:
        outcomes = list(pool.map(ask, range(200)))
    assert outcomes == [b"ok\n"] * 200
    assert server.answered == 200
    assert server.too_early == 0


@pytest.mark.parametrize(
    ("newest", "message"),
    [
        (ssl.TLSVersion.TLSv1_3, "the server requires a client certificate"),
        # In TLS 1.2 the alert is a general one.
        (ssl.TLSVersion.TLSv1_2, "the server may require a client certificate"),
    ],
)
def test_a_missing_client_certificate_is_not_retried(
    srchat: Srchat, authority: trustme.CA, bundle: str, newest: ssl.TLSVersion, message: str
) -> None:
    with TLSServer(
        [answer("x")] * 4, authority, "localhost", wants_certificate=True, newest=newest
    ) as server:
        url = f"https://localhost:{server.port}/v1"
        result = srchat("ask", "q", "--base-url", url, SSL_CERT_FILE=bundle)
    assert (result.code, result.out) == (8, b"")
    assert message in result.err
    assert len(result.messages) == 1
    assert server.handshakes == 1
