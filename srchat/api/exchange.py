"""One attempt: a request out, a head and a body back, each within its time."""

import time
from collections.abc import Callable, Generator, Iterator
from typing import Final, NamedTuple

from srchat.api.encoding import BodyDecoder
from srchat.api.error_body import MAX_ERROR_BYTES, status_error
from srchat.api.events import RequestSent, ResponseHead
from srchat.api.failures import redirection
from srchat.api.reader import Connected, End, Inbox, Item, ReadFailed, StreamReader
from srchat.errors import (
    APIConnectionError,
    APIStatusError,
    APITimeoutError,
    ProtocolError,
)

TICK: Final = 0.08  # seconds between two looks at the clock
_ERROR_BODY_TIME: Final = 3.0


class Limits(NamedTuple):
    """How long to wait for a connection, and how long without data, in seconds; how much to take.

    `answer`: characters of text and reasoning.
    """

    connect: float = 10.0
    silence: float = 60.0
    answer: int = 256 * 1024 * 1024


class Exchange:
    """Waits for what a reader posts; yields None for every frame in which nothing came.

    `answered`: the head of an answer has come; `headers` are its own, names in lower case.
    `where`: host and port. `limits`: how long it waits.
    """

    def __init__(
        self,
        reader: StreamReader,
        inbox: Inbox,
        limits: Limits,
        where: str,
        log: Callable[[str], None],
    ) -> None:
        self.reader = reader
        self.answered = False
        self.headers: dict[str, str] = {}
        self._inbox = inbox
        self.limits = limits
        self.where = where
        self._log = log
        self._begin = time.monotonic()

    def head(self) -> Generator[RequestSent | None, None, ResponseHead]:
        """Send the request and return the head of a 2xx.

        Raises APIConnectionError, APITimeoutError, and APIStatusError for any other status.
        """
        self.reader.start()
        for item in self._items():
            if isinstance(item, ResponseHead):
                self.answered, self.headers = True, item.headers
                self._say(f"the server answers {item.status}")
                for name, value in item.headers.items():
                    self._log(f"< {name}: {value}")
                if not 200 <= item.status < 300:
                    raise self._refusal(item)
                return item
            if isinstance(item, RequestSent):
                self._say("request sent")
                yield item
            elif item is None:  # pragma: no branch - the body comes behind the head
                yield None
        raise ProtocolError(  # pragma: no cover - a head comes, or what was ReadFailed
            f"{self.where} closed the connection without an answer"
        )

    def body(self) -> Iterator[bytes | None]:
        """Yield the body, unpacked, up to its end as HTTP says it."""
        decoder = self._decoder()
        for item in self._items():
            if isinstance(item, bytes):
                try:
                    yield from decoder.feed(item)
                except ValueError as exc:
                    raise ProtocolError(str(exc)) from exc
            elif item is None:  # pragma: no branch - the head comes once
                yield None

    def _decoder(self) -> BodyDecoder:
        try:
            return BodyDecoder(self.headers.get("content-encoding", ""))
        except ValueError as exc:
            raise ProtocolError(str(exc)) from exc

    def _items(self) -> Iterator[Item | None]:
        heard = self.answered
        waited = 0.0  # in frames, not by the clock: a process that was stopped has not waited
        while True:
            connecting = not (heard or self.reader.reused)
            limit = self.limits.connect if connecting else self.limits.silence
            frame = min(TICK, limit - waited)
            item = self._inbox.get(self.reader, frame)
            if item is None:
                waited += frame
                if waited >= limit:
                    raise self._silence(limit, connecting=connecting)
                yield None
                continue
            if isinstance(item, ReadFailed):
                raise item.error
            if isinstance(item, End):
                return
            heard, waited = True, 0.0
            if isinstance(item, Connected):
                secured = f"TLS established with {self.where}"
                self._say(secured if item.encrypted else f"connected to {self.where}")
            else:
                yield item

    def _say(self, what: str) -> None:
        self._log(f"* {what} ({time.monotonic() - self._begin:.3f} s)")

    def _silence(self, limit: float, *, connecting: bool) -> APITimeoutError:
        if connecting:
            return APITimeoutError(f"cannot connect to {self.where}: timed out after {limit:g} s")
        return APITimeoutError(
            f"timed out: no data from {self.where} for {limit:g} s",
            hint="raise --timeout to wait longer",
        )

    def _refusal(self, head: ResponseHead) -> APIStatusError:
        if 300 <= head.status < 400:
            target = head.headers.get("location") or "elsewhere"
            return redirection(self.where, target, head.status)
        return status_error(self.where, head.status, self._error_body())

    def _error_body(self) -> bytes:
        """Return an error's body, at most 64 KiB of it and what comes within a few seconds."""
        body, end = bytearray(), time.monotonic() + _ERROR_BODY_TIME
        try:
            for part in self.body():
                body += part or b""
                if len(body) > MAX_ERROR_BYTES or time.monotonic() > end:
                    break
        except (ProtocolError, APIConnectionError):
            pass  # the status says it all the same
        return bytes(body[:MAX_ERROR_BYTES])
