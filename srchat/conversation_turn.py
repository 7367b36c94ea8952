"""One turn of a conversation: fitted to the context window, asked, and recorded.

A Turn is one request; this is one prompt. Where the server finds the messages too long, it asks
once more, with fewer of the old turns.
"""

import dataclasses
import os
import time
from collections.abc import Callable, Iterator
from typing import Final

from srchat.api.events import RequestSent
from srchat.api.models import ChatRequest, Message
from srchat.context_window import Refusal, read_refusal
from srchat.conversation import Conversation, Fitted, TurnRecord, calibrated
from srchat.errors import APIStatusError, Interrupted, RateLimitError, SrchatError
from srchat.history.recorder import Recorder
from srchat.turn import Notice, Reply, Text, Turn, TurnEvent

_STOPPED: Final = "srchat was stopped before its end"
_UNDER_WAY: Final = "it is still coming, or srchat was killed"


def new_id() -> str:
    """Return an id for a conversation or a turn."""
    return os.urandom(6).hex()


class ConversationTurn:
    """The events of one prompt in a conversation; iterate it once, then close it.

    `begin_turn` returns the Turn of a request, `request_for` the request of a messages array.
    `window`: the model's context window in tokens, None while it is not known.
    `conversation` is the one that was given, with this turn in it once it has been asked.
    Raises what a Turn raises.
    """

    def __init__(
        self,
        begin_turn: Callable[[ChatRequest], Turn],
        request_for: Callable[[tuple[Message, ...]], ChatRequest],
        conversation: Conversation,
        prompt: str,
        *,
        recorder: Recorder,
        base_url: str,
        window: int | None = None,
    ) -> None:
        self.conversation = conversation
        self._before = conversation
        self._begin_turn = begin_turn
        self._request_for = request_for
        self._prompt = prompt
        self._recorder = recorder
        self._window = window
        self._max_tokens = request_for(()).max_tokens
        self._fitted = conversation.fit(prompt, window, self._max_tokens)
        self._turn: Turn | None = None
        self._signum: int | None = None
        self._record = TurnRecord(
            id=new_id(), prompt=prompt, parent=conversation.head, base_url=base_url,
            reason=_UNDER_WAY,
        )  # fmt: skip
        self._is_begun = False
        self._failure: str | None = _STOPPED

    @property
    def request(self) -> ChatRequest:
        """The request as it is sent."""
        return self._request_for(self._fitted.messages)

    @property
    def reply(self) -> Reply:
        """What came so far."""
        return self._turn.reply if self._turn else Reply(model=self.request.model)

    @property
    def window(self) -> int | None:
        """The context window, as it was given or as the server told it meanwhile."""
        return self._window

    @property
    def signum(self) -> int | None:
        """The signal that asked for the end, None as long as none did."""
        return self._signum

    @property
    def stored_id(self) -> str | None:
        """The conversation's id, None as long as it is not in the store."""
        return self.conversation.id if self._recorder.is_kept else None

    @property
    def given_up(self) -> str:
        """What the user has to be told where a signal ended `close`, which waited for a lock."""
        what = "the end of this answer" if self.stored_id else "this answer"
        return f"{what} is not kept: the history was locked"

    def interrupt(self, signum: int) -> None:
        """End the iteration with Interrupted. Safe in a signal handler."""
        self._signum = signum
        if self._turn:
            self._turn.interrupt(signum)

    def __iter__(self) -> Iterator[TurnEvent]:
        try:
            yield from self._ask_fitted()
        except (SrchatError, Interrupted) as exc:
            self._failure = exc.message
            raise
        self._failure = None

    def close(self) -> list[str]:
        """Store how it ended, and return what the user has to be told about the store.

        Not part of the iteration: only when the answer has been shown may this wait for a lock.
        """
        if not self._is_begun:
            return []
        self._is_begun = False
        return self._recorder.end(self.conversation, self._updated(over=True))

    def _ask_fitted(self) -> Iterator[TurnEvent]:
        if self._fitted.left_out:
            yield _left_out(self._fitted, self._window)
        try:
            yield from self._ask()
        except APIStatusError as exc:
            refusal = _refusal(exc)
            if refusal is None:
                raise
            yield from self._ask_again(exc, refusal)

    def _ask_again(self, exc: APIStatusError, refusal: Refusal) -> Iterator[TurnEvent]:
        """Ask once more with fewer turns, if there are some to leave out."""
        if refusal.window:
            self._window = refusal.window
            self._recorder.learn(self._record.base_url, self.request.model, refusal.window)
        before = self._fitted
        if not refusal.by_answer:
            self._fitted = self._refitted(refusal)
        if self._fitted.left_out <= before.left_out:
            raise _too_long(exc, refusal, before)
        yield _left_out(self._fitted, refusal.window)
        try:
            yield from self._ask()
        except APIStatusError as again:
            if still := _refusal(again):
                raise _too_long(again, still, self._fitted) from exc
            raise

    def _refitted(self, refusal: Refusal) -> Fitted:
        sent = self._fitted.estimated_tokens
        factor = max(self._before.factor, calibrated(refusal.asked, sent) if refusal.asked else 0.0)
        # A server that does not name its window: try half of what was too long.
        window = refusal.window or int(sent * factor / 2)
        fitted = self._before.fit(self._prompt, window, self._max_tokens, factor)
        if fitted.left_out <= self._fitted.left_out:
            # By the estimate this fits already. The server knows better: estimate more.
            factor = max(1.0, window / sent) * 1.5
            fitted = self._before.fit(self._prompt, window, self._max_tokens, factor)
        return fitted

    def _ask(self) -> Iterator[TurnEvent]:
        self._turn = turn = self._begin_turn(self.request)
        if self._signum is not None:
            raise Interrupted(self._signum)
        for event in turn:
            if isinstance(event, RequestSent | Text) and not self._is_begun:
                self._begin()
            elif self._is_begun and self._recorder.is_due():
                self._recorder.keep(self.conversation, self._updated())
            yield event

    def _begin(self) -> None:
        self._is_begun = True
        now = _wall(self.reply.asked_at) or time.time()
        self._record = dataclasses.replace(
            self._record,
            asked_at=now,
            model=self.request.model,
            estimated_tokens=self._fitted.estimated_tokens,
        )
        self.conversation = dataclasses.replace(
            self._before.with_turn(self._record),
            created_at=self._before.created_at or now,
            used_at=now,
        )
        self._recorder.begin(self.conversation, self._record)

    def _updated(self, *, over: bool = False) -> TurnRecord:
        reply = self.reply
        complete = over and reply.complete
        self._record = dataclasses.replace(
            self._record,
            reply=reply.content,
            complete=complete,
            reason="" if complete else (self._failure or _STOPPED) if over else _UNDER_WAY,
            finish_reason=reply.finish_reason,
            served_model=reply.model if reply.text else "",
            usage=reply.usage,
            estimated_tokens=self._fitted.estimated_tokens,
            first_at=_wall(reply.first_at),
            ended_at=_wall(reply.ended_at) if over else None,
        )
        self.conversation = self.conversation.with_turn(self._record)
        return self._record


def _wall(then: float) -> float | None:
    """Return the Unix time of a moment on the monotonic clock, None for not yet."""
    return time.time() - (time.monotonic() - then) if then else None


def _refusal(exc: APIStatusError) -> Refusal | None:
    if isinstance(exc, RateLimitError):  # tokens a minute, in much the same words
        return None
    return read_refusal(exc.message, exc.type, exc.code)


def _left_out(fitted: Fitted, window: int | None) -> Notice:
    turns = (
        "the oldest turn is" if fitted.left_out == 1 else f"the {fitted.left_out} oldest turns are"
    )
    size = f" ({window} tokens)" if window else ""
    return Notice(f"{turns} left out of the request, so that it fits the context window{size}")


def _too_long(exc: APIStatusError, refusal: Refusal, sent: Fitted) -> APIStatusError:
    """Return the error with a hint: by how much the messages are too long, with no turn to drop."""
    window = refusal.window
    if refusal.by_answer:
        exc.hint = "a smaller --max-tokens fits"
    elif window is None:
        exc.hint = "shorten the prompt or the files; `srchat ask --dry-run` shows what is sent"
    elif refusal.asked is not None and refusal.asked <= window:
        exc.hint = (
            f"of {window} tokens the prompt takes {refusal.asked}; a smaller --max-tokens fits"
        )
    elif refusal.asked is None and sent.estimated_tokens <= window:
        exc.hint = (  # by the estimate it fits: no number of ours would be true
            f"the context window has {window} tokens for prompt and answer; shorten the prompt or "
            "its files, or give a smaller --max-tokens"
        )
    else:
        about = "" if refusal.asked else "about "
        asked = refusal.asked or sent.estimated_tokens
        exc.hint = (
            f"the prompt has {about}{asked} tokens, {about}{asked - window} more than the context "
            f"window of {window}; shorten it or its files"
        )
    return exc
