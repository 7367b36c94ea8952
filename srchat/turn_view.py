"""Displays a turn as it happens: the answer through a writer, everything else on stderr.

`ask` and `chat` share it. A signal ends the turn; the text so far is displayed and stored.
"""

import contextlib
import itertools
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Final, Protocol
from urllib.parse import urlsplit

from srchat.api.events import RequestSent, RetryWait
from srchat.api.models import Model
from srchat.errors import ClosedPipeError, Interrupted, OutputError
from srchat.session.reply_stream import Reasoning, ReplyEnded, Text, TurnEvent, TurnWarning
from srchat.session.session import Session
from srchat.session.turn import Events
from srchat.signals import on_resume, signals_to
from srchat.terminal.plain import PlainWriter
from srchat.terminal.status import StatusLine
from srchat.terminal.streams import Messages, Output

_LONG_ANSWER: Final = 10.0  # seconds after which the bell rings
_SHORT_WAIT: Final = 2.0  # seconds before a wait is displayed

if TYPE_CHECKING:
    from srchat.terminal.reasoning import ReasoningView


class AnswerWriter(Protocol):
    """Writes an answer. All methods raise OutputError or ClosedPipeError."""

    def write(self, text: str) -> None:
        """Write a piece of the answer. "" is a tick of the clock."""

    def redraw(self) -> None:
        """Redraw the rows that may still change, after other output on the terminal."""

    def show_status(self, text: str) -> bool:
        """Show a line below the answer until the next text. Return whether there is room for it."""

    def close(self) -> None:
        """End the answer, complete or not. May be called twice."""


def open_answer_writer(
    output: Output, code_theme: str, is_interrupted: Callable[[], bool] = bool
) -> AnswerWriter:
    """Return a writer that renders on a terminal and writes the exact bytes elsewhere.

    `is_interrupted`: tells whether the user is waiting for the end.
    """
    if not output.renders:
        return PlainWriter(output)
    from srchat.markdown.writer import MarkdownWriter  # noqa: PLC0415 - Rich, 120 ms

    return MarkdownWriter(output, code_theme=code_theme, is_interrupted=is_interrupted)


def write_answer(output: Output, text: str, code_theme: str) -> None:
    """Write a whole answer, rendered on a terminal. Raises OutputError, ClosedPipeError."""
    writer = open_answer_writer(output, code_theme)
    writer.write(text)
    writer.close()


def show_turn(
    session: Session,
    events: Events,
    messages: Messages,
    open_writer: Callable[[], AnswerWriter],
    take: Callable[[TurnEvent], None] | None = None,
) -> None:
    """Display the events of a turn of `session`.

    `open_writer`: called when the request was sent.
    `take`: called with each event; may raise the exceptions of a writer. Raises the exceptions of
    the events, OutputError or ClosedPipeError if the answer cannot be written, and Interrupted if
    that is because the terminal was closed.
    """
    view = _TurnView(session, messages, open_writer, take)
    started_at = time.monotonic()
    with (
        contextlib.closing(events),
        signals_to(session.interrupt),
        on_resume(view.redraw_soon),
    ):
        try:
            _show(events, view)
        except OutputError as exc:  # pragma: no cover - on Python 3.11 not seen after throw()
            if session.signum:
                raise Interrupted(session.signum) from exc
            raise
        finally:
            view.close()
            took = time.monotonic() - started_at
            if session.config.bell and took > _LONG_ANSWER and messages.output.is_terminal:
                messages.write_raw("\a")


def _show(events: Events, view: "_TurnView") -> None:
    try:
        for event in events:
            view.show(event)
    except (OutputError, ClosedPipeError, Interrupted) as exc:
        # If the view failed, the turn continues to its end, so that it is stored and its
        # warnings are displayed. If the turn failed, throw() raises the exception again.
        view.abandon()
        # On Python 3.11, coverage.py misses what follows a call of throw().
        for event in itertools.chain([events.throw(exc)], events):  # pragma: no branch - see above
            view.show(event)
        raise  # pragma: no cover - the iterator raises it, after its last event


class WaitView:
    """Displays waits for retries: a message for each, and a countdown on the status line."""

    def __init__(self, messages: Messages, status: StatusLine) -> None:
        self._messages = messages
        self._status = status
        self._retry = 0

    def show(self, wait: RetryWait) -> None:
        """Display one tick of a wait."""
        if wait.retry != self._retry:
            self._retry = wait.retry
            self._messages.info(str(wait))
        if not self._messages.quiet:
            self._status.show(f"retrying in {wait.left:.0f} s")


def list_models(session: Session, messages: Messages) -> list[Model]:
    """Return the models of the server, and display waits for retries. Raises APIError."""
    status = StatusLine(messages)
    try:
        return session.models.ask(session.config, WaitView(messages, status).show)
    finally:
        status.clear()


class _TurnView:
    def __init__(
        self,
        session: Session,
        messages: Messages,
        open_writer: Callable[[], AnswerWriter],
        take: Callable[[TurnEvent], None] | None,
    ) -> None:
        self._session = session
        self._take = take
        self._messages = messages
        self._open_writer = open_writer
        self._writer: AnswerWriter | None = None
        self._status = StatusLine(messages)
        self._reasoning: ReasoningView | None = None  # created with the first reasoning
        messages.make_room = self._make_room
        messages.is_before_answer = False
        self._warnings: list[TurnWarning] = []
        self._waits = WaitView(messages, self._status)
        self._started_at = time.monotonic()
        self._has_text = False
        self._last_text_at = 0.0
        self._is_abandoned = False
        self._must_redraw = False

    def redraw_soon(self) -> None:
        # Called by a signal handler, so the redraw waits for the next event.
        self._must_redraw = True

    def abandon(self) -> None:
        """Do not let the end of the answer raise, because it cannot be written."""
        self._is_abandoned = True

    def _make_room(self) -> None:
        self._status.clear()
        if self._reasoning:
            self._reasoning.clear()

    def show(self, event: TurnEvent) -> None:
        self._catch_up()
        if self._take and not self._is_abandoned:
            self._take(event)
        match event:
            case None:
                self._tick()
            case Text(text):
                self._show_text(text)
            case Reasoning(text):
                self._show_reasoning(text)
            case RequestSent():
                self._tick()
                self._opened()  # loads Rich while waiting for the server
            case RetryWait():
                self._waits.show(event)
            case TurnWarning():
                self._show_warning(event)
            case ReplyEnded():
                self._end_answer()

    def close(self) -> None:
        """Clear the status line, and end the answer if a failure has left it open."""
        if self._is_abandoned:
            with contextlib.suppress(OutputError, ClosedPipeError):
                self._end_answer()
        else:
            self._end_answer()

    def _show_text(self, text: str) -> None:
        self._has_text = True
        self._last_text_at = time.monotonic()
        self._status.clear()
        self._end_reasoning()
        self._messages.make_blank()
        self._opened().write(text)
        self._messages.is_after_answer = self._messages.shares_screen

    def _show_reasoning(self, text: str) -> None:
        if not self._has_text:  # never inside the answer
            self._status.clear()
            if self._reasoning is None:
                from srchat.terminal.reasoning import ReasoningView  # noqa: PLC0415 - few have it

                self._reasoning = ReasoningView(self._messages, self._session.config.reasoning)
            self._reasoning.write(text)

    def _end_reasoning(self) -> None:
        if self._reasoning:
            self._reasoning.close()

    def _show_warning(self, warning: TurnWarning) -> None:
        if self._has_text:
            self._warnings.append(warning)  # displayed after the answer
        else:
            self._messages.warning(*warning)

    def _end_answer(self) -> None:
        self._catch_up()
        self._status.clear()
        self._end_reasoning()
        self._has_text = False
        try:
            if self._writer:
                self._writer.close()
        finally:
            warnings, self._warnings = self._warnings, []
            for warning in warnings:
                self._messages.warning(*warning)

    def _catch_up(self) -> None:
        if self._must_redraw:
            self._must_redraw = False
            if self._reasoning:
                self._reasoning.forget()
            if self._writer:
                self._writer.redraw()

    def _opened(self) -> AnswerWriter:
        if self._writer is None:
            self._writer = self._open_writer()
        return self._writer

    def _tick(self) -> None:
        if self._has_text:
            self._opened().write("")
            self._show_silence()
        elif self._reasoning and self._reasoning.is_open:
            self._reasoning.write("")
        elif not self._messages.quiet:
            waited = time.monotonic() - self._started_at
            seconds = f" {waited:.0f} s" if waited >= _SHORT_WAIT else ""
            reply = self._session.reply
            self._status.show(f"{reply.model if reply else self._session.config.model}{seconds}")

    def _show_silence(self) -> None:
        silence = time.monotonic() - self._last_text_at
        if silence < _SHORT_WAIT or self._messages.quiet:
            return
        text = f"waiting for {urlsplit(self._session.config.base_url).netloc}, {silence:.0f} s"
        if not self._opened().show_status(text) and self._messages.has_own_screen:
            self._status.show(text)
