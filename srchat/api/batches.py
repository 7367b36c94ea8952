"""Batches that run on the server: /files and /batches.

Source: https://platform.openai.com/docs/api-reference/batch, and the responses of OGX.
"""

import json
import random
import time
from collections.abc import Callable, Mapping
from typing import Any, BinaryIO, Final, NamedTuple, TypeVar
from urllib.parse import quote

from srchat.api.retry import RetryPolicy
from srchat.api.sender import Response, Sender
from srchat.errors import (
    APIConnectionError,
    APIError,
    APIStatusError,
    OutputError,
    ProtocolError,
)

Value = TypeVar("Value")
_UNSUPPORTED_STATUSES: Final = (404, 405, 501)
_AMBIGUOUS_STATUSES: Final = (400, 500)  # LiteLLM without a database
_FINAL_STATUSES: Final = ("completed", "failed", "expired", "cancelled")


class Batch(NamedTuple):
    """The state of a batch.

    `done`, `failed`, `total`: numbers of requests.
    `output`, `failures`: file IDs of the results and of the errors, "" if there are none.
    `errors`: what is wrong with the input file, for example "line 2: ...".
    `json`: the whole object of the server.
    """

    id: str
    status: str
    done: int
    failed: int
    total: int
    output: str
    failures: str
    errors: tuple[str, ...]
    json: dict[str, Any]

    @property
    def is_over(self) -> bool:
        """Tell whether the state is final."""
        return self.status in _FINAL_STATUSES


class Batches:
    """The batches of one server. All methods raise APIError and its subclasses.

    `on_wait`: called with the failure and the seconds before each retry.
    `explain`: adds a hint to a status error.
    """

    def __init__(
        self,
        sender: Sender,
        policy: RetryPolicy,
        on_wait: Callable[[APIError, float], None],
        explain: Callable[[APIStatusError], None],
    ) -> None:
        self._sender = sender
        self._policy = policy
        self._on_wait = on_wait
        self._explain = explain

    def submit(self, file: BinaryIO, name: str, url: str) -> Batch:
        """Upload a batch file and start it. `url`: the endpoint of its requests."""
        uploaded = self._asked(
            lambda: self._sender.upload("/files", {"purpose": "batch"}, name, file), is_probe=True
        )
        order = {
            "input_file_id": _id(self._object(uploaded)),
            "endpoint": url,
            "completion_window": "24h",
        }

        def create() -> Response:
            content = json.dumps(order).encode()
            return self._sender.expect("POST", "/batches", content, is_repeatable=False)

        # A second request would start a second batch.
        return _read(self._object(self._asked(create, is_probe=True, is_repeatable=False)))

    def get(self, id_: str) -> Batch:
        """Return a batch by its ID."""
        return self._found("GET", f"/batches/{_part(id_)}")

    def newest(self, limit: int = 20) -> list[Batch]:
        """Return the newest batches, newest first."""
        path = f"/batches?limit={limit}"
        listed = self._asked(lambda: self._sender.expect("GET", path), is_probe=True)
        entries = self._object(listed).get("data")
        if not isinstance(entries, list):
            raise ProtocolError("the response is not a list of batches")
        return [_read(entry) for entry in entries if isinstance(entry, dict)]

    def cancel(self, id_: str) -> Batch:
        """Ask the server to cancel a batch."""
        return self._found("POST", f"/batches/{_part(id_)}/cancel", b"{}")

    def download(self, file_id: str, file: BinaryIO) -> None:
        """Download a file of the server into `file`. Also raises OutputError."""

        def write(data: bytes) -> None:
            try:
                file.write(data)
            except OSError as exc:
                raise OutputError(f"cannot write the results: {exc.strerror}") from exc

        def load() -> None:
            file.seek(0)
            file.truncate()
            self._sender.download(f"/files/{_part(file_id)}/content", write)

        self._asked(load)

    def _found(self, method: str, path: str, content: bytes | None = None) -> Batch:
        """Return the batch at a path. If that fails, check whether there are any at all."""
        try:
            response = self._asked(lambda: self._sender.expect(method, path, content))
        except APIStatusError as exc:
            if exc.status in _UNSUPPORTED_STATUSES:
                self.newest(1)
            raise
        return _read(self._object(response))

    def _object(self, response: Response) -> dict[str, Any]:
        """Return the JSON object of a response, redacted. Raises ProtocolError."""
        try:
            value = _mapped(json.loads(response.body), self._sender.redacted)
        except (ValueError, RecursionError) as exc:
            hint = "base_url should end in /v1"
            raise ProtocolError("the response is not JSON", hint=hint) from exc
        if not isinstance(value, dict):
            raise ProtocolError("the response is not a JSON object")
        return value

    def _asked(
        self, ask: Callable[[], Value], *, is_probe: bool = False, is_repeatable: bool = True
    ) -> Value:
        """Return what `ask` returns, after retries.

        `is_probe`: an error means that the server has no batches.
        `is_repeatable`: may be sent again even if the server may have received it.
        """
        retries = 0
        while True:
            try:
                return ask()
            except (APIStatusError, APIConnectionError) as exc:
                wait = self._retry_after(exc, retries, is_repeatable=is_repeatable)
                if wait is None:
                    if is_probe and isinstance(exc, APIStatusError):
                        _hint_at_missing_batches(exc)
                    if isinstance(exc, APIStatusError):
                        self._explain(exc)
                    raise
                retries += 1
                self._on_wait(exc, wait)
                time.sleep(wait)

    def _retry_after(
        self, exc: APIStatusError | APIConnectionError, retries: int, *, is_repeatable: bool
    ) -> float | None:
        status = exc.status if isinstance(exc, APIStatusError) else None
        is_unreachable = isinstance(exc, APIConnectionError) and exc.is_unreachable
        if status == 500 or not (is_repeatable or is_unreachable or status == 429):
            return None
        chance = random.random()  # noqa: S311 - jitter, not a secret
        decision = self._policy.decide(retries, status, {}, now=time.time(), random=chance)
        return decision.wait


def _hint_at_missing_batches(exc: APIStatusError) -> None:
    if exc.status in _UNSUPPORTED_STATUSES:
        exc.message = f"this server has no batches: {exc.message}"
        exc.hint = "use srchat batch run"
    elif exc.status in _AMBIGUOUS_STATUSES:
        exc.hint = "if this server has no batches, use srchat batch run"


def _part(text: str) -> str:
    """Return `text` quoted as one segment of a path."""
    return quote(text, safe="")


def _mapped(value: object, change: Callable[[str], str]) -> object:
    """Return a JSON value with `change` applied to every string in it."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, list):
        return [_mapped(each, change) for each in value]
    if isinstance(value, dict):
        return {change(key): _mapped(each, change) for key, each in value.items()}
    return value


def _id(value: Mapping[str, Any]) -> str:
    if not isinstance(id_ := value.get("id"), str) or not id_:
        raise ProtocolError("the response has no id")
    return id_


def _read(value: dict[str, Any]) -> Batch:
    counts = value.get("request_counts")
    counts = counts if isinstance(counts, dict) else {}
    errors = value.get("errors")
    data = errors.get("data") if isinstance(errors, dict) else None
    return Batch(
        _id(value),
        str(value.get("status") or "unknown"),
        _count(counts.get("completed")),
        _count(counts.get("failed")),
        _count(counts.get("total")),
        str(value.get("output_file_id") or ""),
        str(value.get("error_file_id") or ""),
        tuple(_error(each) for each in data or () if isinstance(each, dict)),
        value,
    )


def _error(value: Mapping[str, Any]) -> str:
    line = value.get("line")
    where = f"line {line}: " if isinstance(line, int) else ""
    return f"{where}{value.get('message') or value.get('code') or 'no reason given'}"


def _count(value: object) -> int:
    return value if isinstance(value, int) else 0
