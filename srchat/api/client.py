"""The client of a chat-completions server.

    with ChatClient("http://127.0.0.1:8000/v1", None) as client:
        for event in client.stream(request): ...

Nothing of srchat but its errors is known here: base URL, key and limits are arguments.
"""

import json
import math
import re
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from types import TracebackType
from typing import Any, Final, Self

from srchat import __version__
from srchat.api.attempts import Attempts
from srchat.api.error_body import read_error_text
from srchat.api.events import RetryWait
from srchat.api.exchange import Exchange, Limits
from srchat.api.failures import translated, unusable_tls
from srchat.api.http import certificates, httpx, proxy_for
from srchat.api.key import checked_key, redacted, secret_headers
from srchat.api.models import ChatRequest, Model
from srchat.api.reader import Inbox, StreamReader
from srchat.api.retry import RetryPolicy
from srchat.api.stream import ChatStream
from srchat.api.surrogates import utf8_bytes
from srchat.errors import (
    APIError,
    APIStatusError,
    APITimeoutError,
    ProtocolError,
)

_SCHEMA_WORD: Final = re.compile(r"(?<!json_)schema", re.IGNORECASE)
_MAX_MODELS_BYTES: Final = 8 * 1024 * 1024  # bytes of GET /models
_READER_STOP_TIMEOUT: Final = 0.2  # seconds; a reader that is still connecting cannot be woken


def _silent(_: object) -> None:
    pass


class ChatClient:
    """Talks to one server with one key.

    `base_url` ends where `/chat/completions` begins. `api_key`: sent as a bearer token, to
    this server and nowhere else; None sends none. `headers`: sent in addition to it.
    `transport`: in place of the network.
    `use_proxy`: go through the proxy that the environment names, if it does.
    `log`: told on one line each what goes over the wire.
    `refused`: "PARAMETER MODEL" for each that was refused by name; it is not sent again.
    Raises APIConnectionError when the URL or a proxy of the environment cannot be used,
    ConfigError when the key cannot.
    """

    def __init__(  # noqa: PLR0913 - independent of each other, all but two by name
        self,
        base_url: str,
        api_key: str | None,
        *,
        headers: Mapping[str, str] | None = None,
        limits: Limits | None = None,
        retry: RetryPolicy | None = None,
        transport: httpx.BaseTransport | None = None,
        use_proxy: bool = True,
        log: Callable[[str], None] = _silent,
    ) -> None:
        self._base_url = base_url.rstrip("/")
        self._key = checked_key(api_key) if api_key else None
        self._headers = headers or {}
        self._secrets = [*filter(None, [self._key]), *secret_headers(self._headers)]
        self._limits = limits or Limits()
        self._policy = retry or RetryPolicy()
        self._log = log
        self._reader: StreamReader | None = None
        self.refused: set[str] = set()
        try:
            self._where = _host(self._base_url)
        except (httpx.InvalidURL, ValueError) as exc:
            raise translated(exc, repr(self._base_url)) from exc
        try:
            trusted = certificates(self._base_url)
        except OSError as exc:
            raise unusable_tls(exc) from exc
        try:
            self._http = self._http_client(transport, trusted, use_proxy=use_proxy)
        except Exception as exc:
            # InvalidURL, ValueError, ImportError: httpx has no one name for them.
            raise translated(exc, "the proxy of the environment") from exc

    def stream(self, request: ChatRequest) -> ChatStream:
        """Ask, and return the events of the answer; nothing is sent before they are taken.

        `request.stream` decides what the server is asked for; either way the answer is read.
        """
        inbox = Inbox()
        body = request.to_json()
        for name in [name for name in body if f"{name} {request.model}" in self.refused]:
            _without(name, body)
        attempts = self._attempts(inbox, "POST", "/chat/completions", body)
        return ChatStream(attempts, inbox)

    def list_models(
        self, on_wait: Callable[[RetryWait], None] = _silent, within: float = math.inf
    ) -> list[Model]:
        """Return the models that the server offers; `on_wait` is told each wait for a retry.

        `within`: seconds that it may take in all. Raises APIError and its kin.
        """
        inbox = Inbox()
        body = bytearray()

        def read(exchange: Exchange) -> Iterator[None]:
            body.clear()  # of an attempt that broke off
            for _ in exchange.head():
                yield None
            for part in exchange.body():
                body.extend(part or b"")
                if len(body) > _MAX_MODELS_BYTES:
                    raise ProtocolError(f"the list of models is over {_MAX_MODELS_BYTES} bytes")
                yield None

        end = time.monotonic() + within
        for event in self._attempts(inbox, "GET", "/models", None).run(read):
            if time.monotonic() > end:
                raise APITimeoutError(f"timed out: no list of models within {within:g} s")
            if event is not None:
                on_wait(event)
        # Names go to the screen, to a cache and into the history.
        return _models(body.decode("utf-8", "replace"), self._redacted)

    def close(self) -> None:
        """Close the connection; leaving the context of the client does it, too."""
        if self._reader:
            self._reader.cancel()
            self._reader.join(_READER_STOP_TIMEOUT)
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _attempts(
        self, inbox: Inbox, method: str, path: str, body: dict[str, Any] | None
    ) -> Attempts:
        def open_exchange() -> Exchange:
            connection = self._reader.hand_over() if self._reader else None
            request = self._request(method, path, body)
            self._reader = StreamReader(self._http, request, inbox, connection)
            return Exchange(self._reader, inbox, self._limits, self._where, self._log)

        def mend(exc: APIError) -> bool:
            if not body or not (name := _refused(exc, body)):
                return False
            _without(name, body)
            if not (name == "response_format" and _SCHEMA_WORD.search(exc.message)):
                self.refused.add(f"{name} {body['model']}")  # else it is this schema alone
            return True

        return Attempts(open_exchange, self._policy, inbox, mend, self._redacted)

    def _redacted(self, text: str) -> str:
        return redacted(text, self._secrets)

    def _request(self, method: str, path: str, body: dict[str, Any] | None) -> httpx.Request:
        url = self._base_url + path
        self._log(f"> {method} {url}")
        if body is None:
            return self._http.build_request(method, url)
        # JSON can say a lone surrogate, but most servers refuse it: an answer that was stopped
        # between the halves of an emoji would end its conversation.
        text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
        return self._http.build_request(
            method,
            url,
            content=utf8_bytes(text),
            headers={"Content-Type": "application/json"},
        )

    def _http_client(
        self, transport: httpx.BaseTransport | None, trusted: ssl.SSLContext, *, use_proxy: bool
    ) -> httpx.Client:
        headers = httpx.Headers(
            {
                "User-Agent": f"srchat/{__version__}",
                "Accept": "text/event-stream, application/json",
                "Accept-Encoding": "identity",
            }
        )
        headers.update(self._headers)
        if self._key:
            headers["Authorization"] = f"Bearer {self._key}"
        limits = self._limits
        return httpx.Client(
            headers=headers,
            transport=transport,
            proxy=proxy_for(httpx.URL(self._base_url)) if use_proxy and not transport else None,
            trust_env=False,
            verify=trusted,
            # Silence is watched by the main thread: a socket's timeout starts anew at every ping.
            timeout=httpx.Timeout(limits.silence, connect=limits.connect, read=None),
            limits=httpx.Limits(max_keepalive_connections=1),
        )


def _host(base_url: str) -> str:
    """Return host and port. Raises ValueError, httpx.InvalidURL for what no request can reach."""
    url = httpx.URL(base_url)
    if url.scheme not in ("http", "https") or not url.host:
        raise ValueError("a base URL starts with http:// or https:// and a host")
    url.host.encode("idna")  # as the resolver will: it raises for an empty or too long label
    return url.netloc.decode()


def _refused(exc: APIError, body: dict[str, Any]) -> str:
    """Return the parameter that a server refuses though the answer can do without; "" if none."""
    if not isinstance(exc, APIStatusError) or exc.status not in (400, 422):
        return ""
    if "stream_options" in body and "stream_options" in exc.message:
        return "stream_options"
    asked = body.get("response_format")
    is_schema = isinstance(asked, dict) and asked.get("type") == "json_schema"
    if is_schema and re.search("response_format|json_schema", exc.message):
        return "response_format"
    # OpenAI's reasoning models know this limit by its newer name alone: "use ... instead". vLLM
    # names both where the limit is too large.
    if "max_tokens" in body and re.search(r"max_completion_tokens\W+instead", exc.message):
        return "max_tokens"
    return ""


def _without(name: str, body: dict[str, Any]) -> None:
    value = body.pop(name)
    if name == "max_tokens":
        body["max_completion_tokens"] = value
    if name == "response_format":
        _put_schema_into_words(value, body)


def _put_schema_into_words(asked: dict[str, Any], body: dict[str, Any]) -> None:
    """Ask in the system prompt for what `response_format` would have enforced."""
    schema = json.dumps(asked.get("json_schema", {}).get("schema"), ensure_ascii=False)
    words = f"Answer only with JSON that fits this JSON schema, without Markdown:\n{schema}"
    first, *others = body["messages"]
    if first["role"] == "system":
        body["messages"] = [{**first, "content": f"{first['content']}\n\n{words}"}, *others]
    else:
        body["messages"] = [{"role": "system", "content": words}, first, *others]


def _models(text: str, redact: Callable[[str], str]) -> list[Model]:
    """Return the models of a list; `redact` gets their names without the escapes of JSON."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as exc:
        raise ProtocolError(
            "the list of models is not JSON", hint="base_url should end in /v1"
        ) from exc
    entries = value.get("data") if isinstance(value, dict) else value
    if not isinstance(entries, list):
        said = redact(read_error_text(text).message)
        raise ProtocolError(f"the response is not a list of models{said and f': {said}'}")
    models = [model for entry in entries if (model := Model.from_json(entry))]
    return [replace(m, id=redact(m.id), owned_by=redact(m.owned_by)) for m in models]
