"""Server-sent events from bytes, by the grammar of the WHATWG HTML standard, section 9.2.6.

Our own, because the usual readers fail it: lines end at CR, LF or CR LF and nowhere else
(U+2028 inside JSON is text), the encoding is UTF-8 whatever the header says, a byte order
mark is dropped once, and an event is handed over as soon as its blank line has come.
"""

import re
from typing import Final, NamedTuple

_LINE_END: Final = re.compile(rb"\r\n|\r|\n")
_BOM: Final = b"\xef\xbb\xbf"
MAX_EVENT_BYTES: Final = 64 * 1024 * 1024


class ServerSentEvent(NamedTuple):
    """One event: its type ("message" unless the server names another) and its data."""

    type: str
    data: str


class SSEDecoder:
    """Turns the bytes of an event stream into events; however they are cut, the same ones.

    By the standard an event that never gets its blank line is dropped: there is no flush().
    `id` and `retry` fields are for reconnecting, which a chat completion cannot do: ignored.
    Raises ValueError if a line, or the data of an event, is longer than `max_event_bytes`.
    """

    def __init__(self, max_event_bytes: int = MAX_EVENT_BYTES) -> None:
        self._max_event_bytes = max_event_bytes
        self._partial: list[bytes] = []  # pieces of the line that has not ended yet
        self._partial_size = 0
        self._after_cr = False
        self._at_start = True
        self._data: list[str] = []
        self._data_size = 0
        self._type = ""

    @property
    def is_pending(self) -> bool:
        """Tell whether an event has begun and not ended."""
        return bool(self._partial or self._data)

    def feed(self, part: bytes) -> list[ServerSentEvent]:
        """Return the events that `part` completes."""
        if self._after_cr and part:
            # The CR ended its line when it came; the LF of a torn CR LF ends nothing more.
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
            self._check(self._partial_size)

    def _check(self, size: int) -> None:
        if size > self._max_event_bytes:
            raise ValueError(f"an event of the stream is over {self._max_event_bytes} bytes")

    def _read(self, lines: list[bytes]) -> list[ServerSentEvent]:
        events = []
        for raw in lines:
            line = raw
            if self._at_start:
                self._at_start = False
                line = line.removeprefix(_BOM)
            if line.startswith(b"data: "):  # nearly every line
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
        elif name == b"error":  # llama.cpp sends `error: {...}` for `data: {"error": ...}`
            self._type = "error"
            self._take(value)

    def _take(self, value: bytes) -> None:
        self._data_size += len(value) + 1
        self._check(self._data_size)
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
