"""The address of a server, its credentials and the transport to it."""

from collections.abc import Mapping
from typing import BinaryIO

from srchat import __version__
from srchat.api.failures import tls_setup_error, translated
from srchat.api.http import certificates, httpx, proxy_for
from srchat.api.key import checked_key, redacted, secret_headers


class Server:
    """A server and its API key.

    `base_url`: without `/chat/completions`.
    `api_key`: sent as a bearer token, to this server only; None sends none.
    `headers`: additional headers.
    `transport`: replaces the network.
    `use_proxy`: use the proxy of the environment, if any.
    `where`: host and port.

    Raises APIConnectionError if the URL or the proxy cannot be used, ConfigError for an invalid
    key.
    """

    def __init__(
        self,
        base_url: str,
        api_key: str | None,
        *,
        headers: Mapping[str, str] | None = None,
        transport: httpx.BaseTransport | None = None,
        use_proxy: bool = True,
    ) -> None:
        self.base_url = base_url.rstrip("/")
        key = checked_key(api_key) if api_key else None
        self._secrets = [*filter(None, [key]), *secret_headers(headers or {})]
        self._headers = _headers(key, headers or {})
        self._transport = transport
        try:
            self.where = _host(self.base_url)
        except (httpx.InvalidURL, ValueError) as exc:
            raise translated(exc, repr(self.base_url)) from exc
        try:
            self._trusted = certificates(self.base_url)
        except OSError as exc:
            raise tls_setup_error(exc) from exc
        try:
            self._proxy = (
                proxy_for(httpx.URL(self.base_url)) if use_proxy and not transport else None
            )
            self.open_transport()  # fails early if the proxy cannot be used
        except Exception as exc:
            # InvalidURL, ValueError, ImportError: httpx has no common base for them.
            raise translated(exc, "the proxy of the environment") from exc

    def open_transport(self) -> httpx.BaseTransport:
        """Return a transport with one connection, for one request at a time."""
        return self._transport or httpx.HTTPTransport(
            verify=self._trusted,
            trust_env=False,
            proxy=self._proxy,
            limits=httpx.Limits(max_keepalive_connections=1),
        )

    def request(self, method: str, path: str, content: bytes | None = None) -> httpx.Request:
        """Return a request with the key and all headers. `path`: relative to the base URL.

        `content`: JSON text.
        """
        headers = httpx.Headers(self._headers)
        if content is not None:
            headers["Content-Type"] = "application/json"
        return httpx.Request(method, self.base_url + path, headers=headers, content=content)

    def upload(
        self, path: str, fields: Mapping[str, str], name: str, file: BinaryIO
    ) -> httpx.Request:
        """Return a request that sends a form with a file. The file is read while it is sent."""
        return httpx.Request(
            "POST",
            self.base_url + path,
            headers=self._headers,
            data=fields,
            files={"file": (name, file, "application/jsonl")},
        )

    def redacted(self, text: str) -> str:
        """Return `text` without the key and secret headers."""
        return redacted(text, self._secrets)


def _headers(key: str | None, others: Mapping[str, str]) -> httpx.Headers:
    headers = httpx.Headers(
        {
            "User-Agent": f"srchat/{__version__}",
            "Accept": "text/event-stream, application/json",
            "Accept-Encoding": "identity",
            "Connection": "keep-alive",
        }
    )
    headers.update(others)
    if key:
        headers["Authorization"] = f"Bearer {key}"
    return headers


def _host(base_url: str) -> str:
    """Return host and port. Raises ValueError or httpx.InvalidURL for an unusable URL."""
    url = httpx.URL(base_url)
    if url.scheme not in ("http", "https") or not url.host:
        raise ValueError("a base URL starts with http:// or https:// and a host")
    url.host.encode("idna")  # like the resolver: raises for an empty or too long label
    return url.netloc.decode()
