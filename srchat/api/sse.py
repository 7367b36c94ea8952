"""Parses server-sent events: WHATWG HTML standard, section 9.2.6. Pure.

Common parsers violate it. Lines end at CR, LF or CR LF and nowhere else (U+2028 inside JSON is
text), the encoding is always UTF-8, one byte order mark is dropped, and an event is complete at
its blank line.
"""

import re
from typing import Final, NamedTuple

_LINE_END: Final = re.compile(rb"\r\n|\r|\n")
_BOM: Final = b"\xef\xbb\xbf"
MAX_EVENT_BYTES: Final = 64 * 1024 * 1024


class ServerSentEvent(NamedTuple):
    """An event: its type ("message" by default) and its data."""

    type: str
    data: str


class SSEDecoder:
    """Decodes the bytes of an event stream into events, wherever they are cut.

    By the standard, an event without its blank line is dropped, so there is no flush(). The fields
    `id` and `retry` are ignored: a chat completion cannot be resumed.
    Raises ValueError if a line, or the data of an event, is longer than `max_event_bytes`.
    """

    def __init__(self, max_event_bytes: int = MAX_EVENT_BYTES) -> None:
        self._max_event_bytes = max_event_bytes
        self._partial: list[bytes] = []  # pieces of the incomplete line
        self._partial_size = 0
        self._after_cr = False
        self._at_start = True
        self._data: list[str] = []
        self._data_size = 0
        self._type = ""

    @property
    def is_pending(self) -> bool:
        """Tell whether an event is incomplete."""
        return bool(self._partial or self._data)

    def feed(self, part: bytes) -> list[ServerSentEvent]:
        """Return the events that `part` completes."""
        if self._after_cr and part:
            # The CR at the end of the previous part has already ended the line.
            self._after_cr = False
            part = part.removeprefix(b"\n")
        if b"\n" not in part and b"\r" not in part:
            self._hold(part)
            return []
        self._after_cr = part.endswith(b"\r")
        *lines, rest = _split(b"".join([*self._partial, part]))
        self._partial, self._partial_size = [], 0
        self._hold(rest)
        return self._read(lines)

    def _hold(self, piece: bytes) -> None:
        if piece:
            self._partial.append(piece)
            self._partial_size += len(piece)
            if self._partial_size > self._max_event_bytes:
                raise self._too_long()

    def _too_long(self) -> ValueError:
        return ValueError(f"an event of the stream is over {self._max_event_bytes} bytes")

    def _read(self, lines: list[bytes]) -> list[ServerSentEvent]:
        events = []
        for raw in lines:
            line = raw
            if self._at_start:
                self._at_start = False
                line = line.removeprefix(_BOM)
            if line.startswith(b"data: "):  # fast path
                self._take(line[6:])
            elif line:
                self._field(line)
            elif event := self._dispatch():
                events.append(event)
        return events

    def _field(self, line: bytes) -> None:
        name, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if name == b"data":
            self._take(value)
        elif name == b"event":
            self._type = value.decode("utf-8", "replace")
        elif name == b"error":  # llama.cpp sends `error: {...}` instead of `data: {"error": ...}`
            self._type = "error"
            self._take(value)

    def _take(self, value: bytes) -> None:
        self._data_size += len(value) + 1
        if self._data_size > self._max_event_bytes:
            raise self._too_long()
        self._data.append(value.decode("utf-8", "replace"))

    def _dispatch(self) -> ServerSentEvent | None:
        if not self._data:
            self._type = ""
            return None
        event = ServerSentEvent(self._type or "message", "\n".join(self._data))
        self._data, self._data_size, self._type = [], 0, ""
        return event


def _split(data: bytes) -> list[bytes]:
    return data.split(b"\n") if b"\r" not in data else _LINE_END.split(data)
