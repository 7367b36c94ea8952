"""Result lines in OpenAI's shape: written here, and read from any engine. Pure.

Engines differ: `response` or `error` may be missing, `error` may be a string or contain another
`error`, `response.body` may be JSON in a string. A result is a success if its status is 200 and it
has choices, whatever `error` says.
"""

import json
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from srchat.api.error_body import read_error
from srchat.api.models import ChatCompletion, Usage
from srchat.batch.request_file import BatchRequest

_ID_PREFIX: Final = "srchat-"


class Result(NamedTuple):
    """The result of one request.

    `digest`: of the request, "" if another engine wrote the line.
    `error`: why there is no answer, "" if there is one.
    `status`: HTTP status, 0 for none.
    `seconds`: until the answer arrived, 0.0 if unknown.
    """

    custom_id: str
    digest: str = ""
    content: str = ""
    reasoning: str = ""
    finish_reason: str = ""
    model: str = ""
    usage: Usage | None = None
    error: str = ""
    status: int = 0
    seconds: float = 0.0


def success_line(
    request: BatchRequest, headers: Mapping[str, str], body: dict[str, Any], seconds: float
) -> bytes:
    """Return the line for an answer. `body`: the server's object. Raises ValueError for NaN."""
    response = {
        "status_code": 200,
        "request_id": headers.get("x-request-id", ""),
        "body": body,
        "seconds": round(seconds, 3),
    }
    return _line(request, response, None)


def failure_line(request: BatchRequest, status: int, code: str, message: str) -> bytes:
    """Return the line for a failed request. `status`: HTTP status, 0 without a response."""
    response = {"status_code": status, "request_id": "", "body": None} if status else None
    return _line(request, response, {"code": code, "message": message})


def completion_in(body: bytes) -> tuple[dict[str, Any], ChatCompletion]:
    """Return the object in a body of status 200, and the completion. Raises ValueError."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError) as exc:
        raise ValueError(f"the answer is not JSON: {exc}") from exc
    if not isinstance(value, dict) or not _has_choices(value):
        said = read_error(value).message
        raise ValueError(f"the answer has no choices{said and f': {said}'}")
    return value, ChatCompletion.from_json(value)


def read_result(line: bytes) -> Result:
    """Return the result in a line of any engine. Raises ValueError if there is none."""
    try:
        value = json.loads(line)
    except (ValueError, RecursionError) as exc:
        raise ValueError(f"not JSON: {exc}") from exc
    custom_id = value.get("custom_id") if isinstance(value, dict) else None
    if not isinstance(custom_id, str):
        raise ValueError('no "custom_id"')
    digest = _digest(value.get("id"))
    response = value.get("response")
    response = response if isinstance(response, dict) else {}
    status = response.get("status_code")
    status = status if isinstance(status, int) else 0
    body = _body(response.get("body"))
    if status != 200 or not _has_choices(body):
        error = _message(value.get("error"), body, status)
        return Result(custom_id, digest, error=error, status=status)
    try:
        completion = ChatCompletion.from_json(body)
    except ValueError as exc:
        return Result(custom_id, digest, error=str(exc), status=status)
    seconds = response.get("seconds")
    return Result(
        custom_id,
        digest,
        completion.content,
        completion.reasoning,
        completion.finish_reason,
        completion.model,
        completion.usage,
        status=status,
        seconds=float(seconds) if isinstance(seconds, int | float) else 0.0,
    )


def _line(
    request: BatchRequest, response: dict[str, Any] | None, error: dict[str, str] | None
) -> bytes:
    value = {
        "id": _ID_PREFIX + request.digest,
        "custom_id": request.custom_id,
        "response": response,
        "error": error,
    }
    return json.dumps(value, allow_nan=False).encode() + b"\n"


def _digest(id_: object) -> str:
    is_ours = isinstance(id_, str) and id_.startswith(_ID_PREFIX)
    return id_.removeprefix(_ID_PREFIX) if is_ours and isinstance(id_, str) else ""


def _body(value: object) -> dict[str, Any]:
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return {}
    return value if isinstance(value, dict) else {}


def _has_choices(body: dict[str, Any]) -> bool:
    choices = body.get("choices")
    return isinstance(choices, list) and bool(choices)


def _message(error: object, body: dict[str, Any], status: int) -> str:
    said = read_error(error).message or read_error(body).message
    return said or (f"no choices, status {status}" if status else "no answer")
