"""Shows a turn as it happens: the answer through a writer, everything else on stderr.

The one place where an answer meets the terminal, the same for `ask` and `chat`. Runs in the
main thread; a signal that comes meanwhile ends the turn, and what came is kept and shown.
"""

import time
from collections.abc import Callable, Iterator
from typing import Final, Protocol

from srchat.api.events import RequestSent, RetryWait
from srchat.interrupts import delivered_to, told_to_go_on
from srchat.output.sanitize import Sanitizer
from srchat.output.status import StatusLine
from srchat.output.streams import Messages
from srchat.output.word_wrap import WordWrap
from srchat.turn import Reasoning, Reply, Text, TurnEvent

_DIM: Final = "\x1b[2m"
_PLAIN: Final = "\x1b[0m"
_SHORT_WAIT: Final = 2.0  # seconds until the spinner tells how long it has been turning


class AnswerWriter(Protocol):
    """Where the answer goes. Raises OutputError or ClosedPipeError."""

    def write(self, text: str) -> None:
        """Take a piece of the answer; "" is a tick of the clock."""

    def redraw(self) -> None:
        """Show again what may still change: others have used the terminal meanwhile."""

    def close(self) -> None:
        """End the answer, whole or not. May be called twice."""


class PaintedTurn(Protocol):
    """What is shown: its events, and what came so far."""

    @property
    def reply(self) -> Reply:
        """What came so far."""

    def interrupt(self, signum: int) -> None:
        """End the iteration with Interrupted. Safe in a signal handler."""

    def __iter__(self) -> Iterator[TurnEvent]:
        """Yield the events."""


def paint(turn: PaintedTurn, messages: Messages, open_writer: Callable[[], AnswerWriter]) -> None:
    """Show a whole turn. `open_writer` is called once the request is on its way.

    Raises what the turn raises, after showing what came of it.
    """
    painting = _Painting(turn, messages, open_writer)
    with delivered_to(turn.interrupt), told_to_go_on(painting.go_on):
        try:
            for event in turn:
                painting.show(event)
        finally:
            painting.close()  # a second Ctrl-C does not tear this, either


class WaitView:
    """Tells each wait for a retry once, and counts it down where a status line can be shown."""

    def __init__(self, messages: Messages, status: StatusLine) -> None:
        self._messages = messages
        self._status = status
        self._retry = 0

    def show(self, wait: RetryWait) -> None:
        """Show a frame of a wait."""
        if wait.retry != self._retry:
            self._retry = wait.retry
            self._messages.notice(str(wait))
        if not self._messages.quiet:
            self._status.show(f"trying again in {wait.left:.0f} s")


class _Painting:
    def __init__(
        self, turn: PaintedTurn, messages: Messages, open_writer: Callable[[], AnswerWriter]
    ) -> None:
        self._turn = turn
        self._messages = messages
        self._open_writer = open_writer
        self._writer: AnswerWriter | None = None
        self._status = StatusLine(messages)
        self._reasoning = _ReasoningView(messages)
        self._notices: list[str] = []
        self._waits = WaitView(messages, self._status)
        self._begun = time.monotonic()
        self._was_stopped = False

    def go_on(self) -> None:
        # Told in the middle of anything, perhaps of a frame: it is seen to between two events.
        self._was_stopped = True

    def show(self, event: TurnEvent) -> None:
        self._catch_up()
        if isinstance(event, Text):
            self._status.clear()
            self._reasoning.close()
            self._opened().write(event.text)
        elif event is None:
            self._tick()
        elif isinstance(event, Reasoning):
            if not self._turn.reply.text:  # not into the middle of the answer
                self._status.clear()
                self._reasoning.write(event.text)
        elif isinstance(event, RequestSent):
            self._tick()
            self._opened()  # loads Rich while the server thinks
        elif isinstance(event, RetryWait):
            self._waits.show(event)
        elif self._turn.reply.text:
            self._notices.append(event.text)  # not into the middle of the answer
        else:
            self._messages.notice(event.text)

    def close(self) -> None:
        self._catch_up()
        self._status.clear()
        self._reasoning.close()
        try:
            if self._writer:
                self._writer.close()
        finally:
            for notice in self._notices:
                self._messages.notice(notice)

    def _catch_up(self) -> None:
        if self._was_stopped:
            self._was_stopped = False
            if self._writer:
                self._writer.redraw()

    def _opened(self) -> AnswerWriter:
        if self._writer is None:
            self._writer = self._open_writer()
        return self._writer

    def _tick(self) -> None:
        if self._turn.reply.text:
            self._opened().write("")
        elif not self._reasoning.is_open and not self._messages.quiet:
            waited = time.monotonic() - self._begun
            seconds = f" {waited:.0f} s" if waited >= _SHORT_WAIT else ""
            self._status.show(f"{self._turn.reply.model}{seconds}")


class _ReasoningView:
    """What the model thinks, dim on a terminal's standard error, and nowhere else."""

    def __init__(self, messages: Messages) -> None:
        self.is_open = False
        self._messages = messages
        self._shown = messages.output.is_terminal and not messages.quiet
        self._sanitizer = Sanitizer()
        self._wrap = WordWrap()
        self._last = ""

    def write(self, text: str) -> None:
        if not self._shown:
            return
        self.is_open = True
        inert = self._sanitizer.feed(text)
        if inert:  # pragma: no branch - else all of it is a CR that is held back
            self._last = inert[-1]
            self._draw(self._wrap.feed(inert, self._columns()))

    def close(self) -> None:
        if self.is_open:
            self.is_open = False
            self._draw(self._wrap.flush(self._columns()))
            self._messages.draw("\n" if self._last == "\n" else "\n\n")

    def _columns(self) -> int:
        return self._messages.output.size().columns

    def _draw(self, text: str) -> None:
        if text:
            dim = self._messages.output.has_color
            self._messages.draw(f"{_DIM}{text}{_PLAIN}" if dim else text)
