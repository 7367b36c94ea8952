"""The events of one answer.

`ChatStream` is iterated by the main thread. It yields None at each tick without an event, so that
the caller can redraw and check the clock.
"""

import math
import time
from collections.abc import Iterator
from typing import Final

from srchat.api.answer import AnswerDecoder
from srchat.api.attempts import Attempts
from srchat.api.events import Event
from srchat.api.exchange import TICK, Exchange
from srchat.api.reader import Inbox
from srchat.errors import (
    APIConnectionError,
    IncompleteAnswerError,
    ProtocolError,
    TextTimeoutError,
)

_TEXT_TIMEOUTS: Final = 10  # read timeouts without text, despite keep-alives


class ChatStream:
    """The events of one answer. Iterate it once.

    `frame_time`: seconds between two events with text, from the first one on; see `Inbox`.
    `unreadable`: one line for each chunk that was skipped because it could not be parsed.
    Raises APIError and its subclasses; IncompleteAnswerError after the first text.
    """

    def __init__(self, attempts: Attempts, inbox: Inbox, frame_time: float = 0.0) -> None:
        self._frame_time = frame_time
        self.unreadable: list[str] = []
        self._attempts = attempts
        self._inbox = inbox

    def __iter__(self) -> Iterator[Event]:
        return self._attempts.run(self._read)

    def interrupt(self, signum: int) -> None:
        """End the iteration with Interrupted. Safe in a signal handler."""
        self._inbox.interrupt(signum)

    def _read(self, exchange: Exchange) -> Iterator[Event]:
        decoder = AnswerDecoder()
        self.unreadable = decoder.unreadable
        yield (yield from exchange.head())
        try:
            yield from self._chunks(exchange, decoder)
        except (APIConnectionError, ProtocolError) as exc:
            if decoder.is_finished:
                return  # the text was complete
            if document := decoder.whole_document():
                yield document
                return
            if not decoder.started:
                raise
            raise IncompleteAnswerError(f"incomplete answer: {exc.message}") from exc
        _check_end(decoder)

    def _chunks(self, exchange: Exchange, decoder: AnswerDecoder) -> Iterator[Event]:
        end, after_finish = math.inf, exchange.limits.after_finish
        size, waited = 0, 0.0  # by ticks: a stopped process does not time out
        for part in exchange.body():
            chunk = decoder.feed(part) if part else None
            yield chunk
            if decoder.done or decoder.error or time.monotonic() > end:
                exchange.reader.drain()
                return
            end = min(end, time.monotonic() + after_finish) if decoder.is_over else math.inf
            grown = len(chunk.content) + len(chunk.reasoning) if chunk else 0
            if grown:
                self._inbox.frame_time = self._frame_time
            size, waited = size + grown, 0.0 if grown else waited + (TICK if part is None else 0)
            self._check(exchange, size, waited)
        yield decoder.flush()

    def _check(self, exchange: Exchange, size: int, waited: float) -> None:
        if size > exchange.limits.answer:
            megabytes = exchange.limits.answer >> 20
            raise IncompleteAnswerError(f"incomplete answer: over {megabytes} MB")
        limit = _TEXT_TIMEOUTS * exchange.limits.silence
        if waited >= limit:
            raise TextTimeoutError(
                f"timed out: no text from {exchange.where} for {limit:g} s",
                hint="raise --timeout; text may take ten times as long",
            )


def _check_end(decoder: AnswerDecoder) -> None:
    if decoder.error:
        said = decoder.error.message or "no reason given"
        raise IncompleteAnswerError(
            f"the server aborted the answer: {said}",
            status=decoder.error.status,
            type=decoder.error.kind,
        )
    if decoder.done or decoder.finish_reason:
        return
    if decoder.started:
        raise IncompleteAnswerError("incomplete answer: the server closed the stream early")
    raise ProtocolError("the server closed the stream without an answer")
