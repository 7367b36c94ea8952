"""One prompt of a conversation: fitted to the context window, sent, and stored.

If the server rejects the request as too long, it is sent again with fewer old turns.
"""

import contextlib
import os
import time
from collections.abc import Callable, Generator, Iterator
from typing import TYPE_CHECKING, Final

from srchat.api.events import RequestSent
from srchat.api.models import ChatRequest
from srchat.attachments import UserMessage
from srchat.config.settings import Config
from srchat.conversation import Conversation, TurnRecord
from srchat.errors import APIStatusError, Interrupted, StoreError
from srchat.history.recorder import Recorder
from srchat.session.reply import Reply
from srchat.session.reply_stream import (
    ReplyEnded,
    ReplyStarted,
    ReplyStream,
    Text,
    TurnEvent,
    TurnWarning,
    caught,
    chat_request,
)
from srchat.session.windows import Windows
from srchat.tokens import calibrated, must_report

if TYPE_CHECKING:
    from srchat.api.client import ChatClient
    from srchat.session.overflow import ContextOverflow

_STOPPED: Final = "srchat was stopped"
_TRUNCATED_SIZES: Final = (4 << 20, 1 << 16)  # characters to store when memory is short
_OUT_OF_MEMORY: Final = "out of memory"
_IN_PROGRESS: Final = "still in progress, or srchat was killed"

Events = Generator[TurnEvent, None, None]


def new_id() -> str:
    """Return a random ID for a conversation or a turn."""
    return os.urandom(6).hex()


class Turn:
    """One prompt and its reply. Iterate `events` to the end.

    `connect`: returns the client of `config`; called when the request is about to be sent.
    `error`: why the reply is incomplete, None if it is complete.
    `reads_think`: see ReplyStream.
    """

    def __init__(
        self,
        connect: "Callable[[], ChatClient]",
        config: Config,
        conversation: Conversation,
        prompt: UserMessage,
        *,
        recorder: Recorder,
        windows: Windows,
    ) -> None:
        self.signum: int | None = None
        self.reads_think = True
        self._before = conversation
        self._conversation = conversation  # the reply of this turn is only in the stream
        self._connect = connect
        self.config = config
        self._prompt = prompt
        self._recorder = recorder
        self._windows = windows
        self._fitted = conversation.fit(
            prompt.text, windows.window(config), config.max_tokens, windows.factor(config)
        )
        self._stream: ReplyStream | None = None
        self._record = TurnRecord(
            id=new_id(),
            prompt=prompt.text,
            attachments=prompt.names,
            words_at=prompt.words_at,
            parent=conversation.head,
            base_url=config.base_url,
            reason=_IN_PROGRESS,
        )
        self._is_begun = False
        self._is_waiting_for_store = False
        self.error: str | None = _STOPPED

    @property
    def is_sent(self) -> bool:
        """Whether the request was sent, so that `conversation` contains this turn."""
        return self._conversation is not self._before

    @property
    def conversation(self) -> Conversation:
        """The conversation. It joins the reply, which is then in memory twice for a moment."""
        if not self.is_sent:
            return self._before  # pragma: no cover - nobody asks before
        with contextlib.suppress(MemoryError):
            return self._conversation.with_turn(self._record._replace(reply=self.reply.content))
        short = self.reply.text.prefix(_TRUNCATED_SIZES[-1])
        record = self._record._replace(reply=short, complete=False, reason=_OUT_OF_MEMORY)
        return self._conversation.with_turn(record)

    @property
    def request(self) -> ChatRequest:
        """The request to send."""
        return chat_request(self.config, self._fitted.messages)

    @property
    def reply(self) -> Reply:
        """The reply so far."""
        return self._stream.reply if self._stream else Reply(model=self.config.model)

    def interrupt(self, signum: int) -> None:
        """End the turn with Interrupted. Safe in a signal handler.

        During the wait for a locked history at the end of the turn, a first signal ends the wait. A
        signal that repeats an earlier one (a terminal and a parent process may both send it) does
        not.
        """
        is_first, self.signum = self.signum is None, signum
        if self._stream:
            self._stream.interrupt(signum)
        if is_first and self._is_waiting_for_store:
            raise Interrupted(signum)

    def events(self) -> Events:
        """Yield events: ReplyEnded after the text, then warnings about the history.

        An error thrown into the iterator, because the output failed, ends the turn like an error of
        the server. Raises what ReplyStream raises, after the last event.
        """
        try:
            failure = yield from caught(self._fitted_events())
            self.error = failure.message if failure else None
            failure = (yield from caught([ReplyEnded()])) or failure
        finally:
            warnings = self._store_end()
        yield from (TurnWarning(each.message, each.hint) for each in warnings)
        if failure is None and self.signum is not None:
            failure = Interrupted(self.signum)  # it arrived after the last text
        if failure:
            raise failure

    def _store_end(self) -> list[StoreError]:
        """Store the end of the turn. Return the warnings about the history."""
        if not self._is_begun:
            return []
        self._is_begun = False
        try:
            self._is_waiting_for_store = True
            record, pieces = self._updated(over=True), self.reply.text.pieces
            return self._recorder.end(self._conversation, record, pieces)
        except Interrupted:
            what = "the end of this answer" if self._recorder.is_saved else "this answer"
            return [StoreError(f"{what} was not stored: the history was locked")]
        except MemoryError:  # pragma: no cover - see _store_part
            pass  # inside this handler the traceback would still hold the memory
        finally:
            self._is_waiting_for_store = False
        return self._store_part()  # pragma: no cover - see there

    def _store_part(self) -> list[StoreError]:  # pragma: no cover - memory may run out earlier
        """Store the begin of a reply that is too large for the memory."""
        self.error = _OUT_OF_MEMORY
        for size in _TRUNCATED_SIZES:
            with contextlib.suppress(MemoryError):
                record, short = self._updated(over=True, is_cut=True), self.reply.text.prefix(size)
                self._recorder.end(self._conversation, record, [short])
                break
        return [StoreError("this answer was stored only in part: out of memory")]

    def _fitted_events(self) -> Iterator[TurnEvent]:
        """Send the request, again with fewer old turns if it is too long."""
        reported = 0
        while True:
            if left_out := self._fitted.left_out:
                reported = reported or self._before.reported_left_out
                if must_report(left_out, reported):
                    reported = left_out
                    yield _left_out_warning(left_out, self._windows.window(self.config))
            try:
                yield from self._sent()
            except APIStatusError as exc:
                from srchat.session import overflow as overflows  # noqa: PLC0415 - 1 ms of regexes

                overflow = overflows.overflow_of(exc)
                if overflow is None:
                    raise
                self._learn(overflow)
                sent = self._fitted
                if overflow.by_answer or not self._leave_out_more(overflow):
                    overflows.add_overflow_hint(exc, overflow, sent.estimated_tokens)
                    raise
            else:
                return

    def _learn(self, overflow: "ContextOverflow") -> None:
        base_url, model = self.config.base_url, self.config.model
        if overflow.window:
            self._windows.learn(base_url, model, overflow.window)
            self._recorder.learn_window(base_url, model, overflow.window)
        if overflow.asked:
            sent = self._fitted.estimated_tokens
            self._windows.learn_factor(self.config, calibrated(overflow.asked, sent, prior=0))

    def _leave_out_more(self, overflow: "ContextOverflow") -> bool:
        """Fit the messages to the server's limit. Return whether more turns are left out now."""
        sent = self._fitted
        factor = max(self._before.factor, self._windows.factor(self.config))
        # If the server does not name its window, try half of the rejected size.
        window = overflow.window or int(sent.estimated_tokens * factor / 2)
        # Estimates may be wrong, so each attempt leaves out at least one more turn, and from the
        # second attempt on half of the remaining ones.
        turns = sum(bool(turn.messages()) for turn in self._before.branch)
        least = sent.left_out + max(1, (turns - sent.left_out) // 2 if sent.left_out else 1)
        self._fitted = self._before.fit(
            self._prompt.text, window, self.config.max_tokens, factor, min(least, turns)
        )
        return self._fitted.left_out > sent.left_out

    def _sent(self) -> Iterator[TurnEvent]:
        request = self.request
        self._stream = ReplyStream(
            self._connect(),
            request,
            self.config.fallback_models,
            reads_think=self.reads_think,
        )
        if self.signum is not None:
            raise Interrupted(self.signum)
        for event in self._stream:
            if isinstance(event, RequestSent | ReplyStarted | Text) and not self._is_begun:
                self._begin()
            elif self._is_begun and self._recorder.is_due():
                self._store_so_far()
            yield event

    def _store_so_far(self) -> None:
        """Store the reply so far. If memory is short, the answer goes on unstored."""
        self._recorder.postpone()
        with contextlib.suppress(MemoryError):
            record, pieces = self._updated(), self.reply.text.pieces
            self._recorder.update(self._conversation, record, pieces)

    def _begin(self) -> None:
        self._is_begun = True
        now = _unix_time(self.reply.asked_at) or time.time()
        self._record = self._record._replace(
            asked_at=now,
            model=self.config.model,
            estimated_tokens=self._fitted.estimated_tokens,
            parameters=self.request.parameters,
        )
        self._conversation = self._before.with_turn(self._record)._replace(
            created_at=self._before.created_at or now,
            used_at=now,
        )
        self._recorder.begin(self._conversation, self._record)

    def _updated(self, *, over: bool = False, is_cut: bool = False) -> TurnRecord:
        """Return the current record, without the reply. `is_cut`: not all of it can be stored."""
        reply = self.reply
        complete = over and reply.complete and not is_cut
        self._record = self._record._replace(
            reasoning="" if is_cut else str(reply.reasoning),
            complete=complete,
            reason="" if complete else (self.error or _STOPPED) if over else _IN_PROGRESS,
            finish_reason=reply.finish_reason,
            served_model=reply.model if reply.text else "",
            usage=reply.usage,
            estimated_tokens=self._fitted.estimated_tokens,
            first_at=_unix_time(reply.first_at),
            ended_at=_unix_time(reply.ended_at) if over else None,
        )
        self._conversation = self._conversation.with_turn(self._record)
        return self._record


def _unix_time(then: float) -> float | None:
    """Return the Unix time of a time on the monotonic clock, None for 0."""
    return time.time() - (time.monotonic() - then) if then else None


def _left_out_warning(left_out: int, window: int | None) -> TurnWarning:
    turns = "the oldest turn is" if left_out == 1 else f"the {left_out} oldest turns are"
    size = f" ({window} tokens)" if window else ""
    return TurnWarning(f"{turns} left out to fit the context window{size}")
