"""A client of a chat-completions server.

    with ChatClient(Server("http://127.0.0.1:8000/v1", None)) as client:
        for event in client.stream(request): ...

It depends on nothing of srchat but its errors: base URL, key and limits are arguments.
"""

import json
import math
import re
import time
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Any, Final, Self

from srchat.api.attempts import Attempts
from srchat.api.error_body import read_error_text
from srchat.api.events import RetryWait
from srchat.api.exchange import Exchange, Limits
from srchat.api.http import httpx
from srchat.api.models import ChatRequest, Model
from srchat.api.reader import Inbox, StreamReader
from srchat.api.retry import RetryPolicy
from srchat.api.server import Server
from srchat.api.stream import ChatStream
from srchat.api.surrogates import utf8_bytes
from srchat.errors import (
    APIError,
    APIStatusError,
    APITimeoutError,
    ProtocolError,
)

_SCHEMA_WORD: Final = re.compile(r"(?<!json_)schema", re.IGNORECASE)
_MAX_MODELS_BYTES: Final = 8 * 1024 * 1024  # response of GET /models
_READER_STOP_TIMEOUT: Final = 0.2  # seconds; a reader that is connecting cannot be cancelled


def _silent(_: object) -> None:
    pass


class ChatClient:
    """Sends requests to one server, over one connection at a time.

    `log`: called with one line for each step and header. `frame_time`: see `ChatStream`.
    `refused`: "PARAMETER MODEL" for each parameter that the server refused; it is not sent again.
    """

    def __init__(
        self,
        server: Server,
        *,
        limits: Limits | None = None,
        retry: RetryPolicy | None = None,
        log: Callable[[str], None] = _silent,
        frame_time: float = 0.0,
    ) -> None:
        self._server = server
        self._frame_time = frame_time
        self._limits = limits or Limits()
        self._policy = retry or RetryPolicy()
        self._log = log
        self._reader: StreamReader | None = None
        self.refused: set[str] = set()
        self._http = httpx.Client(
            transport=server.open_transport(),
            trust_env=False,
            # The main thread enforces the read timeout: a keep-alive would restart the socket's.
            timeout=httpx.Timeout(self._limits.silence, connect=self._limits.connect, read=None),
        )

    def stream(self, request: ChatRequest) -> ChatStream:
        """Return the events of an answer. The request is sent when the first event is taken.

        `request.stream` is what the server is asked for; both kinds of answer are understood.
        """
        inbox = Inbox()
        body = request.to_json()
        for name in [name for name in body if f"{name} {request.model}" in self.refused]:
            _remove_parameter(name, body)
        attempts = self._attempts(inbox, "POST", "/chat/completions", body)
        return ChatStream(attempts, inbox, self._frame_time)

    def list_models(
        self, on_wait: Callable[[RetryWait], None] = _silent, within: float = math.inf
    ) -> list[Model]:
        """Return the models of the server. Raises APIError and its subclasses.

        `on_wait`: called during the wait for a retry. `within`: seconds for the whole call.
        """
        inbox = Inbox()
        body = bytearray()

        def read(exchange: Exchange) -> Iterator[None]:
            body.clear()  # of a failed attempt
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
        # Names are displayed, cached and stored.
        return _models(body.decode("utf-8", "replace"), self._server.redacted)

    def close(self) -> None:
        """Close the connection. The context manager does it, too."""
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
            return Exchange(self._reader, inbox, self._limits, self._server.where, self._log)

        def repair(exc: APIError) -> bool:
            if not body or not (name := _rejected_parameter(exc, body)):
                return False
            _remove_parameter(name, body)
            if not (name == "response_format" and _SCHEMA_WORD.search(exc.message)):
                self.refused.add(f"{name} {body['model']}")  # else only this schema is unsupported
            return True

        return Attempts(open_exchange, self._policy, inbox, repair, self._server.redacted)

    def _request(self, method: str, path: str, body: dict[str, Any] | None) -> httpx.Request:
        self._log(f"> {method} {self._server.base_url}{path}")
        content = None if body is None else json_bytes(body)
        request = self._server.request(method, path, content)
        request.extensions = {"timeout": self._http.timeout.as_dict()}
        return request


def json_bytes(body: dict[str, Any]) -> bytes:
    """Return a request body as JSON in UTF-8.

    A lone surrogate (from an answer interrupted inside an emoji) becomes U+FFFD, because most
    servers reject its escape and the conversation could not be continued.
    """
    return utf8_bytes(json.dumps(body, ensure_ascii=False, separators=(",", ":")))


def _rejected_parameter(exc: APIError, body: dict[str, Any]) -> str:
    """Return the optional parameter that the server rejected, "" if none."""
    if not isinstance(exc, APIStatusError) or exc.status not in (400, 422):
        return ""
    if "stream_options" in body and "stream_options" in exc.message:
        return "stream_options"
    asked = body.get("response_format")
    is_schema = isinstance(asked, dict) and asked.get("type") == "json_schema"
    if is_schema and re.search("response_format|json_schema", exc.message):
        return "response_format"
    # OpenAI's reasoning models accept only the newer name of this limit: "use ... instead". vLLM
    # mentions both names if the limit is too large.
    if "max_tokens" in body and re.search(r"max_completion_tokens\W+instead", exc.message):
        return "max_tokens"
    return ""


def _remove_parameter(name: str, body: dict[str, Any]) -> None:
    value = body.pop(name)
    if name == "max_tokens":
        body["max_completion_tokens"] = value
    if name == "response_format":
        _put_schema_into_words(value, body)


def _put_schema_into_words(asked: dict[str, Any], body: dict[str, Any]) -> None:
    """Ask for the schema in the system prompt instead of `response_format`."""
    schema = json.dumps(asked.get("json_schema", {}).get("schema"), ensure_ascii=False)
    words = f"Answer only with JSON that fits this JSON schema, without Markdown:\n{schema}"
    first, *others = body["messages"]
    if first["role"] == "system":
        body["messages"] = [{**first, "content": f"{first['content']}\n\n{words}"}, *others]
    else:
        body["messages"] = [{"role": "system", "content": words}, first, *others]


def _models(text: str, redact: Callable[[str], str]) -> list[Model]:
    """Return the models in a list. `redact` is applied to the decoded names."""
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
    return [m._replace(id=redact(m.id), owned_by=redact(m.owned_by)) for m in models]
