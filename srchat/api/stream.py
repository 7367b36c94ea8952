"""One answer as it comes.

`ChatStream` is iterated by the main thread. It yields what happened, and None for every
frame in which nothing did, so that whoever iterates can repaint and look at the clock.
"""

import math
import time
from collections.abc import Iterator
from typing import Final

from srchat.api.answer import AnswerDecoder
from srchat.api.attempts import Attempts
from srchat.api.events import Event
from srchat.api.exchange import Exchange
from srchat.api.reader import Inbox
from srchat.errors import APIConnectionError, IncompleteAnswerError, ProtocolError

_AFTER_FINISH: Final = 3.0  # seconds to wait for usage and [DONE] once the answer is finished


class ChatStream:
    """The events of one answer. Iterate it once.

    `unreadable`: one line for each chunk that could not be read and was left out.
    Raises APIError and its kin; IncompleteAnswerError once there was text.
    """

    def __init__(self, attempts: Attempts, inbox: Inbox) -> None:
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
            if decoder.finish_reason:
                return  # all of it had come
            if document := decoder.whole_document():
                yield document
                return
            if not decoder.started:
                raise
            raise IncompleteAnswerError(f"the answer broke off: {exc.message}") from exc
        _check_end(decoder)

    def _chunks(self, exchange: Exchange, decoder: AnswerDecoder) -> Iterator[Event]:
        end = math.inf
        for part in exchange.body():
            yield decoder.feed(part) if part else None
            if decoder.done or decoder.error or time.monotonic() > end:
                exchange.reader.detach()
                return
            if decoder.finish_reason and end == math.inf:
                end = time.monotonic() + _AFTER_FINISH
        yield decoder.flush()


def _check_end(decoder: AnswerDecoder) -> None:
    if decoder.error:
        said = decoder.error.message or "no reason given"
        raise IncompleteAnswerError(f"the server broke the answer off: {said}")
    if decoder.done or decoder.finish_reason:
        return
    if decoder.started:
        raise IncompleteAnswerError("the answer broke off: the server ended it without finishing")
    raise ProtocolError("the server ended the stream without an answer")
