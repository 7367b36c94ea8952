"""Translates exceptions of httpx and of the layers below it into srchat's own."""

import os
import re
import ssl
from typing import Final

from srchat.api.http import CERTIFICATE_VARIABLES, httpx
from srchat.errors import (
    APIConnectionError,
    APIError,
    APIStatusError,
    APITimeoutError,
    CertificateError,
    reason_of,
)


def redirect_error(where: str, target: str, status: int) -> APIStatusError:
    """Return the error for a redirect. Prompts are sent only to the configured server."""
    return APIStatusError(
        f"{where} redirects to {target}, which srchat does not follow",
        status=status,
        hint="set base_url to the real address of the server",
    )


def tls_setup_error(exc: OSError) -> APIError:
    """Return the error for a failed TLS setup; it names the environment variable."""
    reason = reason_of(exc)
    keys = os.environ.get("SSLKEYLOGFILE")
    if keys and exc.filename == keys:
        return APIConnectionError(
            f"cannot write to {keys}: {reason}",
            hint="the file is set by SSLKEYLOGFILE; unset it to log no TLS keys",
        )
    named = [name for name in CERTIFICATE_VARIABLES if os.environ.get(name)]
    hint = (
        f"{' and '.join(named)} names them" if named else "are the system's certificates damaged?"
    )
    return APIConnectionError(f"cannot load the trusted certificates: {reason}", hint=hint)


def translated(exc: Exception, url: httpx.URL | str, proxy: str = "") -> APIError:
    """Return the exception of srchat for a failed request to `url`.

    `proxy`: host and port of the proxy being connected to, "" if none.
    """
    where = url.netloc.decode() if isinstance(url, httpx.URL) else url
    if isinstance(exc, MemoryError):
        return APIError(f"out of memory while reading from {where}")
    if proxy:
        where = f"the proxy {proxy}"
    if isinstance(exc, httpx.RemoteProtocolError) and "location header" in str(exc):
        # httpx parses the target of a redirect even with follow_redirects=False.
        return redirect_error(where, "an invalid URL", 302)
    is_final = _UNTRUSTED in str(exc) or _is_about_client(exc) or _is_refused_handshake(exc)
    kind = CertificateError if is_final else APIConnectionError
    return _timeout(exc, where) or kind(
        _failure(exc, where), hint=_PROXY_HINT if proxy else _hint(exc)
    )


def _timeout(exc: Exception, where: str) -> APIError | None:
    if isinstance(exc, httpx.ConnectTimeout):
        return APITimeoutError(f"cannot connect to {where}: timed out")
    if isinstance(exc, httpx.TimeoutException):
        return APITimeoutError(f"timed out sending the request to {where}")
    return None


def _failure(exc: Exception, where: str) -> str:
    reason = _reason(exc)
    if isinstance(exc, httpx.ProxyError):
        return f"the proxy refused to connect to {where}: {reason}"
    if isinstance(exc, httpx.ConnectError):
        return f"cannot connect to {where}: {reason}"
    if isinstance(exc, httpx.NetworkError | httpx.RemoteProtocolError):
        return f"the connection to {where} was lost: {reason}"
    return f"cannot use {where}: {reason}"


_FRAME: Final = r"^\[(?:Errno -?\d+|SSL[^\]]*)\] ?| \(_ssl\.c:\d+\)$"
_BYTES: Final = r"bytearray\(b(['\"])(.*)\1\)"  # as h11 quotes invalid data
_WORDS: Final[tuple[tuple[type[Exception], str], ...]] = (
    (httpx.ReadError, "the connection was reset"),
    (httpx.WriteError, "the connection was reset while sending"),
    (httpx.RemoteProtocolError, "the server closed it early"),
)


def _reason(exc: Exception) -> str:
    said = re.sub(_BYTES, r"\2", re.sub(_FRAME, "", str(exc))).strip()
    if "incomplete" in said or "without sending" in said:
        return "the server closed it early"
    if said:
        return said[0].lower() + said[1:] if said[:2].istitle() else said
    return next((words for kind, words in _WORDS if isinstance(exc, kind)), type(exc).__name__)


# OpenSSL's names for the TLS alerts 42 to 49 and 116, which concern the client certificate.
_CLIENT_ALERTS: Final = (
    "certificate_required",
    "certificate required",
    "alert bad certificate",
    "alert_bad_certificate",
    "alert certificate",
    "alert unknown ca",
    "alert_unknown_ca",
)
_UNTRUSTED: Final = "CERTIFICATE_VERIFY_FAILED"
_PROXY_HINT: Final = (
    "the proxy is set by HTTPS_PROXY, HTTP_PROXY or ALL_PROXY; NO_PROXY lists exceptions"
)


def _is_about_client(exc: Exception) -> bool:
    """Tell whether the server requires a client certificate or rejected ours."""
    return any(words in str(exc).lower() for words in _CLIENT_ALERTS)


def _is_refused_handshake(exc: Exception) -> bool:
    """Tell whether this is alert 40, which in TLS 1.2 may mean a missing client certificate."""
    return "alert handshake failure" in str(exc).lower()


def _hint(exc: Exception) -> str:
    if _is_about_client(exc):
        return "the server requires a client certificate, which srchat cannot send"
    if _is_refused_handshake(exc):
        return (
            "the server may require a client certificate, which srchat cannot send, "
            "or another version of TLS"
        )
    if isinstance(exc, ImportError):
        return "a SOCKS proxy needs the package socksio: pip install 'httpx[socks]'"
    if _UNTRUSTED in str(exc):
        return _hint_about_certificate(str(exc))
    if isinstance(exc.__cause__, ssl.SSLError) or "SSL" in str(exc):
        return "the base URL may need http:// instead of https://, or another port"
    if isinstance(exc, httpx.ConnectError):
        return "is the server running, and is base_url correct?"
    return ""


def _hint_about_certificate(said: str) -> str:
    if "mismatch" in said:
        return "base_url must use the host name that the certificate is for"
    if "expired" in said or "not yet valid" in said:
        return "the server needs a new one, or the clock of this machine is wrong"
    return "for a private certificate authority set SSL_CERT_FILE to its certificate"
