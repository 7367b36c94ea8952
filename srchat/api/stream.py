"""One answer as it comes.

`ChatStream` is iterated by the main thread. It yields what happened, and None for every
frame in which nothing did, so that whoever iterates can repaint and look at the clock.
"""

from collections.abc import Callable, Iterator
from typing import Final

from srchat.api.answer import AnswerDecoder
from srchat.api.attempts import Attempts
from srchat.api.events import Event
from srchat.api.exchange import Exchange
from srchat.api.models import ChatCompletionChunk
from srchat.api.reader import Inbox
from srchat.errors import APIConnectionError, APIError, IncompleteAnswerError, ProtocolError

_AFTER_FINISH: Final = 3.0  # seconds to wait for usage and [DONE] once the answer is finished


class ChatStream:
    """The events of one answer. Iterate it once.

    `unreadable`: one line for each chunk that could not be read and was left out.
    Raises APIError and its kin; IncompleteAnswerError once there was text.
    """

    def __init__(
        self, attempts: Attempts, inbox: Inbox, redact: Callable[[APIError], APIError]
    ) -> None:
        self.unreadable: list[str] = []
        self._attempts = attempts
        self._inbox = inbox
        self._redact = redact

    def __iter__(self) -> Iterator[Event]:
        try:
            yield from self._attempts.run(self._read)
        except APIError as exc:
            raise self._redact(exc) from exc.__cause__

    def interrupt(self, signum: int) -> None:
        """End the iteration with Interrupted. Safe in a signal handler."""
        self._inbox.interrupt(signum)

    def _read(self, exchange: Exchange) -> Iterator[Event]:
        decoder = AnswerDecoder()
        self.unreadable = decoder.unreadable
        yield (yield from exchange.head())
        try:
            yield from self._chunks(exchange, decoder)
        except APIConnectionError as exc:
            if decoder.finish_reason:
                return  # all of it had come
            if not exchange.started:
                raise
            raise IncompleteAnswerError(f"the answer broke off: {exc.message}") from exc
        _check_end(exchange, decoder)

    def _chunks(self, exchange: Exchange, decoder: AnswerDecoder) -> Iterator[Event]:
        for part in exchange.body():
            chunk = decoder.feed(part) if part else None
            yield self._seen(chunk, exchange, decoder)
            if decoder.done or decoder.error:
                exchange.detach()
                return
        exchange.finished = True
        yield self._seen(decoder.flush(), exchange, decoder)

    def _seen(
        self, chunk: ChatCompletionChunk | None, exchange: Exchange, decoder: AnswerDecoder
    ) -> ChatCompletionChunk | None:
        if chunk and (chunk.content or chunk.reasoning):
            exchange.started = True
        if decoder.finish_reason:
            exchange.silence = min(exchange.silence, _AFTER_FINISH)
        return chunk


def _check_end(exchange: Exchange, decoder: AnswerDecoder) -> None:
    if decoder.error:
        said = decoder.error.message or "no reason given"
        raise IncompleteAnswerError(f"the server broke the answer off: {said}")
    if decoder.done or decoder.finish_reason:
        return
    if exchange.started:
        raise IncompleteAnswerError("the answer broke off: the server ended it without finishing")
    raise ProtocolError("the server ended the stream without an answer")
