"""OpenAI's batch file: one request per line, all checked before any is sent. Pure.

Source: https://platform.openai.com/docs/api-reference/batch/request-input. Engines are more
lenient in different ways; every engine accepts what is accepted here.
"""

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final, NamedTuple

from srchat.api.surrogates import utf8_bytes

URL: Final = "/v1/chat/completions"
MAX_LINE_BYTES: Final = 16 * 1024 * 1024
_KEYS: Final = ("custom_id", "method", "url", "body")
_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
_BOM: Final = b"\xef\xbb\xbf"


class BatchRequest(NamedTuple):
    """One line: its ID, the body to send, and a hash of both.

    `digest`: 16 hexadecimal digits, to detect a changed request.
    """

    custom_id: str
    body: bytes
    digest: str


class Defect(NamedTuple):
    """What is wrong with a line. Lines count from 1."""

    line: int
    reason: str


def request_line(custom_id: str, body: dict[str, Any]) -> str:
    """Return the line for a request in ASCII, with a newline."""
    value = {"custom_id": custom_id, "method": "POST", "url": URL, "body": body}
    return json.dumps(value) + "\n"


def is_valid_id(text: str) -> bool:
    """Tell whether every engine accepts the custom_id."""
    return bool(_ID.fullmatch(text))


def parse_line(line: bytes) -> tuple[BatchRequest, str]:
    """Return the request in a line, and its model. Raises ValueError with the reason."""
    if line.startswith(_BOM):
        raise ValueError("starts with a byte order mark")
    if len(line) > MAX_LINE_BYTES:
        raise ValueError(f"over {MAX_LINE_BYTES >> 20} MB")
    if not line.strip():
        raise ValueError("blank line")
    if line.endswith((b"\r\n", b"\r")):
        raise ValueError("ends with CR LF instead of LF")
    value = _parsed(line)
    if not isinstance(value, dict):
        raise ValueError("not a JSON object")
    _check_keys(value)
    body = value["body"]
    model = _checked_model(body)
    if body.get("stream"):
        raise ValueError('"stream" must not be set: a batch is not streamed')
    custom_id = value["custom_id"]
    content = utf8_bytes(json.dumps(body, ensure_ascii=False, separators=(",", ":")))
    digest = hashlib.blake2b(custom_id.encode() + b"\n" + content, digest_size=8).hexdigest()
    return BatchRequest(custom_id, content, digest), model


class FileCheck:
    """Checks the lines of a batch file one after the other.

    `digests`: of valid requests, by custom_id. `defects`: at most `limit`; after that many, no
    further lines need to be checked.
    """

    def __init__(self, limit: int = 20) -> None:
        self.digests: dict[bytes, int] = {}
        self.defects: list[Defect] = []
        self._limit = limit
        self._model = ""
        self._line = 0

    @property
    def is_over(self) -> bool:
        """Tell whether the maximum number of defects was found."""
        return len(self.defects) >= self._limit

    def feed(self, line: bytes) -> None:
        """Check the next line."""
        self._line += 1
        try:
            request, model = parse_line(line)
            key = request.custom_id.encode()
            if key in self.digests:
                raise ValueError(f"the custom_id {request.custom_id!r} occurs twice")
            if self._model and model != self._model:
                raise ValueError(
                    f"the model {model!r} is not that of the lines above, {self._model!r}"
                )
        except ValueError as exc:
            self.defects.append(Defect(self._line, str(exc)))
        else:
            self._model = model
            self.digests[key] = int(request.digest, 16)


def lines_of(read_line: Callable[[int], bytes]) -> Iterator[bytes]:
    """Yield the lines of a file. A line that is too long is truncated just above the limit.

    `read_line`: `readline` of a binary file.
    """
    while line := read_line(MAX_LINE_BYTES + 1):
        yield line
        while len(line) > MAX_LINE_BYTES and not line.endswith(b"\n"):
            line = read_line(MAX_LINE_BYTES + 1)


def requests_of(lines: Iterable[bytes]) -> Iterator[BatchRequest]:
    """Yield the requests in lines that were checked."""
    for line in lines:
        yield parse_line(line)[0]


def _parsed(line: bytes) -> object:
    try:
        text = line.decode("utf-8").removesuffix("\n")
        return json.loads(text, parse_constant=_refuse_constant)
    except UnicodeDecodeError as exc:
        raise ValueError(f"not UTF-8: byte 0x{line[exc.start]:02x} at offset {exc.start}") from exc
    except json.JSONDecodeError as exc:
        raise ValueError(f"not JSON: {exc.msg} at character {exc.pos + 1}") from exc
    except (ValueError, RecursionError) as exc:
        raise ValueError(f"not JSON: {exc}") from exc


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _check_keys(value: dict[str, Any]) -> None:
    for key in _KEYS:
        if key not in value:
            raise ValueError(f'no "{key}"')
    for key in value:
        if key not in _KEYS:
            raise ValueError(f"unknown key {json.dumps(key)}; allowed: {', '.join(_KEYS)}")
    custom_id = value["custom_id"]
    if not isinstance(custom_id, str) or not is_valid_id(custom_id):
        raise ValueError(
            f"the custom_id {json.dumps(custom_id)[:80]} must be 1 to 64 of A-Z a-z 0-9 _ -"
        )
    if value["method"] != "POST":
        raise ValueError(f'"method" must be "POST", not {json.dumps(value["method"])[:80]}')
    if value["url"] != URL:
        raise ValueError(f'"url" must be "{URL}", not {json.dumps(value["url"])[:80]}')


def _checked_model(body: object) -> str:
    if not isinstance(body, dict):
        raise ValueError('"body" must be an object')
    model, messages = body.get("model"), body.get("messages")
    if not isinstance(model, str) or not model:
        raise ValueError('"body" has no "model"')
    if not isinstance(messages, list) or not messages:
        raise ValueError('"body" has no "messages"')
    return model
