"""Reads the error in a response body of any shape, as one clean line.

Known shapes: OpenAI and vLLM `{"error": {"message", "type", "code"}}`, vLLM's 401
`{"error": "..."}`, FastAPI `{"detail": "..." or [{"loc", "msg"}]}`, `{"message": "..."}`, a bare
string or list, HTML from a gateway, plain text, an empty body. LiteLLM wraps the message of the
server behind it and adds advice for its operator; both are removed.
"""

import json
import re
from http import HTTPStatus
from typing import Final, NamedTuple

from srchat.errors import APIStatusError, AuthenticationError, RateLimitError, ServerError

MAX_ERROR_BYTES: Final = 64 * 1024  # the rest of a body is ignored
_MAX_MESSAGE: Final = 400
_MAX_SEARCHED: Final = 8192  # characters; matching may take quadratic time
# Patterns are compiled when there is an error to read.
_TITLE: Final = r"(?is)<(title|h1)[^>]*>(.*?)</\1>"
_TAG: Final = r"<[^>]{0,2000}>"
_LITELLM_ADVICE: Final = (
    r"(?s)(?:LiteLLM: model group|Received Model Group=|Available Model|Deployment Info:"
    r"|model=\S* context_window_fallbacks=).*"
)
_LITELLM_PREFIX: Final = r"^(?:(?:[\w.]*Error|litellm\.Timeout|Timeout Error): |\w+Exception - )+"


_KINDS: Final[dict[int, type[APIStatusError]]] = {
    401: AuthenticationError,
    403: AuthenticationError,
    429: RateLimitError,
}


class ErrorBody(NamedTuple):
    """The message on one line, and the protocol's error type and code ("" if none)."""

    message: str
    type: str = ""
    code: str = ""

    @property
    def status(self) -> int | None:
        """The code if it is an HTTP status, as in errors in an event stream; None otherwise."""
        return int(self.code) if re.fullmatch("[1-5][0-9]{2}", self.code) else None

    @property
    def kind(self) -> str:
        """The type, or the code that names one; "" if there is neither."""
        return self.type or ("" if self.status else self.code)


def status_error(where: str, status: int, body: bytes) -> APIStatusError:
    """Return the exception for an error status of the server `where`."""
    said = read_error_body(body, status)
    kind = _KINDS.get(status, ServerError if status >= 500 else APIStatusError)
    if said.type == "no_db_connection":
        kind = AuthenticationError  # LiteLLM without a database, for an unknown key
    message = f"{where} returned {status}: {said.message}"
    return kind(message, status=status, code=said.code, type=said.type)


def read_error_body(body: bytes, status: int) -> ErrorBody:
    """Read the body of a response with an error status."""
    said = read_error_text(body.decode("utf-8-sig", "replace"))
    return said if said.message else said._replace(message=_phrase(status))


def read_error_text(text: str) -> ErrorBody:
    """Read an error from text of any shape; its message is "" if there is none."""
    text = text.strip()
    try:
        return read_error(json.loads(text))
    except (ValueError, RecursionError):
        return ErrorBody(_plain(text))


def read_error(value: object) -> ErrorBody:
    """Read an error from decoded JSON of any shape."""
    if isinstance(value, str):
        return ErrorBody(_clean(value))
    if isinstance(value, list):
        said = filter(None, (read_error(item).message for item in value[:3]))
        return ErrorBody(_short("; ".join(said)))
    if not isinstance(value, dict):
        return ErrorBody("")
    for key in ("error", "detail", "errors"):
        if value.get(key):
            inner = read_error(value[key])
            if any(inner):
                return inner
    return ErrorBody(_message(value), _word(value.get("type")), _word(value.get("code")))


def _message(value: dict[str, object]) -> str:
    said = next(
        (text for key in ("message", "msg", "title") if isinstance(text := value.get(key), str)), ""
    )
    place = value.get("loc")
    if said and isinstance(place, list):  # FastAPI: the path of the invalid field
        return _clean(f"{'.'.join(str(part) for part in place)}: {said}")
    return _clean(said)


def _clean(text: str) -> str:
    text = re.sub(_LITELLM_ADVICE, "", text[:_MAX_SEARCHED])
    text = re.sub(_LITELLM_PREFIX, "", text)
    text = _embedded(text[text.find("{") : text.rfind("}") + 1]) or text
    return _short(re.sub(_TAG, " ", text) if "<html" in text.lower() else text)


def _embedded(text: str) -> str:
    try:
        return read_error(json.loads(text)).message
    except (ValueError, RecursionError):
        return ""


def _plain(text: str) -> str:
    text = text[:_MAX_SEARCHED]
    if title := re.search(_TITLE, text):
        return _short(re.sub(_TAG, " ", title[2]))
    return _short(re.sub(_TAG, " ", text) if text.startswith("<") else text)


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _MAX_MESSAGE else line[: _MAX_MESSAGE - 1].rstrip() + "…"


def _word(value: object) -> str:
    return str(value) if isinstance(value, str | int) and value != "None" else ""


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "no reason given"
