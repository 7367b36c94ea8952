"""Translation of exceptions below the client."""

import ssl

import httpx  # noqa: TID251 - to raise its exceptions
import pytest

from srchat.api.failures import translated
from srchat.errors import APIConnectionError, APIError, APITimeoutError

URL = httpx.URL("https://chat.test:8443/v1/chat/completions")
WHERE = "chat.test:8443"


@pytest.mark.parametrize(
    ("failure", "message"),
    [
        (
            httpx.ConnectError("[Errno 111] Connection refused"),
            f"cannot connect to {WHERE}: connection refused",
        ),
        (
            httpx.ConnectError("[Errno -2] Name or service not known"),
            f"cannot connect to {WHERE}: name or service not known",
        ),
        (
            httpx.ConnectError("[SSL: WRONG_VERSION_NUMBER] wrong version number (_ssl.c:1006)"),
            f"cannot connect to {WHERE}: wrong version number",
        ),
        (httpx.ReadError(""), f"the connection to {WHERE} was lost: the connection was reset"),
        (
            httpx.WriteError(""),
            f"the connection to {WHERE} was lost: the connection was reset while sending",
        ),
        (
            httpx.RemoteProtocolError("Server disconnected without sending a response."),
            f"the connection to {WHERE} was lost: the server closed it early",
        ),
        (
            httpx.RemoteProtocolError("peer closed connection (incomplete chunked read)"),
            f"the connection to {WHERE} was lost: the server closed it early",
        ),
        (httpx.ProxyError("407 Denied"), f"the proxy refused to connect to {WHERE}: 407 Denied"),
        (httpx.UnsupportedProtocol("no scheme"), f"cannot use {WHERE}: no scheme"),
        (UnicodeError("label too long"), f"cannot use {WHERE}: label too long"),
        (ZeroDivisionError(), f"cannot use {WHERE}: ZeroDivisionError"),
    ],
)
def test_a_foreign_exception_becomes_one_line(failure: Exception, message: str) -> None:
    ours = translated(failure, URL)
    assert type(ours) is APIConnectionError
    assert ours.message == message


def test_memory_that_runs_out_is_not_the_connection() -> None:
    ours = translated(MemoryError(), URL)
    assert type(ours) is APIError
    assert ours.message == f"out of memory while reading from {WHERE}"


@pytest.mark.parametrize(
    "failure", [httpx.ConnectTimeout(""), httpx.WriteTimeout(""), httpx.PoolTimeout("")]
)
def test_a_foreign_timeout_is_a_timeout(failure: Exception) -> None:
    assert type(translated(failure, URL)) is APITimeoutError


@pytest.mark.parametrize(
    ("failure", "hint"),
    [
        (httpx.ConnectError("[SSL: CERTIFICATE_VERIFY_FAILED] self-signed"), "SSL_CERT_FILE"),
        (httpx.ConnectError("[SSL: CERTIFICATE_VERIFY_FAILED] Hostname mismatch"), "base_url"),
        (httpx.ConnectError("[SSL: CERTIFICATE_VERIFY_FAILED] IP address mismatch"), "base_url"),
        (httpx.ConnectError("[SSL: CERTIFICATE_VERIFY_FAILED] has expired"), "clock"),
        (httpx.ConnectError("[SSL: CERTIFICATE_VERIFY_FAILED] is not yet valid"), "clock"),
        (httpx.ConnectError("[SSL: WRONG_VERSION_NUMBER] wrong version"), "http://"),
        (httpx.ConnectError("[Errno 111] Connection refused"), "base_url"),
        (ImportError("no socksio"), "socksio"),
        (httpx.ReadError(""), ""),
    ],
)
def test_a_failure_that_the_user_can_fix_has_a_hint(failure: Exception, hint: str) -> None:
    assert hint in translated(failure, URL).hint
    assert bool(translated(failure, URL).hint) is bool(hint)


def test_a_failed_tls_setup_has_a_hint() -> None:
    failure = httpx.ConnectError("EOF occurred in violation of protocol")
    failure.__cause__ = ssl.SSLError("eof")
    assert "http://" in translated(failure, URL).hint
