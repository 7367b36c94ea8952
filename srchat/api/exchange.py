"""One attempt: sends a request and receives the response, each step with its timeout."""

import time
from collections.abc import Callable, Generator, Iterator
from typing import Final, NamedTuple

from srchat.api.encoding import BodyDecoder
from srchat.api.error_body import MAX_ERROR_BYTES, status_error
from srchat.api.events import RequestSent, ResponseHead
from srchat.api.failures import redirect_error
from srchat.api.reader import Connected, End, Inbox, Item, ReadFailed, StreamReader
from srchat.errors import (
    APIConnectionError,
    APIStatusError,
    APITimeoutError,
    ProtocolError,
)

TICK: Final = 0.08  # seconds between two checks of the clock


class Limits(NamedTuple):
    """Timeouts of a request, in seconds, and the maximum size of its answer.

    `connect`: until the connection is established. `silence`: without data. `answer`: characters
    of text and reasoning. `error_body`: to read the body of an error. `after_finish`: to wait for
    token counts and `[DONE]` after the finish reason.
    """

    connect: float = 10.0
    silence: float = 60.0
    answer: int = 256 * 1024 * 1024
    error_body: float = 3.0
    after_finish: float = 3.0


class Exchange:
    """Receives the items of a reader. Yields None at each tick without one.

    `answered`: the head of the response has arrived.
    `headers`: of the response; names in lower case.
    `where`: host and port.
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
        """Send the request and return the head of a 2xx response.

        Raises APIConnectionError, APITimeoutError, or APIStatusError for any other status.
        """
        self.reader.start()
        for item in self._items():
            if isinstance(item, ResponseHead):
                self.answered, self.headers = True, item.headers
                self._log_step(f"the server answers {item.status}")
                for name, value in item.headers.items():
                    self._log(f"< {name}: {value}")
                if not 200 <= item.status < 300:
                    raise self._status_error(item)
                return item
            if isinstance(item, RequestSent):
                self._log_step("request sent")
                yield item
            elif item is None:  # pragma: no branch - no other item precedes the head
                yield None
        raise ProtocolError(  # pragma: no cover - ReadFailed comes first
            f"{self.where} closed the connection without an answer"
        )

    def body(self) -> Iterator[bytes | None]:
        """Yield the decoded body up to its regular end."""
        decoder = self._decoder()
        for item in self._items():
            if isinstance(item, bytes):
                try:
                    yield from decoder.feed(item)
                except ValueError as exc:
                    raise ProtocolError(str(exc)) from exc
            elif item is None:  # pragma: no branch - no other item follows the head
                yield None

    def _decoder(self) -> BodyDecoder:
        try:
            return BodyDecoder(self.headers.get("content-encoding", ""))
        except ValueError as exc:
            raise ProtocolError(str(exc)) from exc

    def _items(self) -> Iterator[Item | None]:
        heard = self.answered
        waited = 0.0  # by ticks, not by the clock: a stopped process does not time out
        while True:
            connecting = not (heard or self.reader.reused)
            limit = self.limits.connect if connecting else self.limits.silence
            frame = min(TICK, limit - waited)
            item = self._inbox.get(self.reader, frame)
            if item is None:
                waited += frame
                if waited >= limit:
                    raise self._timeout_error(limit, connecting=connecting)
                yield None
                continue
            if isinstance(item, ReadFailed):
                raise item.error
            if isinstance(item, End):
                return
            heard, waited = True, 0.0
            if isinstance(item, Connected):
                secured = f"TLS established with {self.where}"
                self._log_step(secured if item.encrypted else f"connected to {self.where}")
            else:
                yield item

    def _log_step(self, what: str) -> None:
        self._log(f"* {what} ({time.monotonic() - self._begin:.3f} s)")

    def _timeout_error(self, limit: float, *, connecting: bool) -> APITimeoutError:
        if connecting:
            return APITimeoutError(f"cannot connect to {self.where}: timed out after {limit:g} s")
        return APITimeoutError(
            f"timed out: no data from {self.where} for {limit:g} s",
            hint="raise --timeout to wait longer",
        )

    def _status_error(self, head: ResponseHead) -> APIStatusError:
        if 300 <= head.status < 400:
            target = head.headers.get("location") or "elsewhere"
            return redirect_error(self.where, target, head.status)
        return status_error(self.where, head.status, self._error_body())

    def _error_body(self) -> bytes:
        """Return the body of an error, up to MAX_ERROR_BYTES and `limits.error_body` seconds."""
        body, end = bytearray(), time.monotonic() + self.limits.error_body
        try:
            for part in self.body():
                body += part or b""
                if len(body) > MAX_ERROR_BYTES or time.monotonic() > end:
                    break
        except (ProtocolError, APIConnectionError):
            pass  # the status is enough
        return bytes(body[:MAX_ERROR_BYTES])
