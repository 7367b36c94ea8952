"""Displays the reasoning of the model on stderr."""

import sys
import time

from srchat.terminal.live_tail import LiveTail
from srchat.terminal.sanitize import Sanitizer
from srchat.terminal.streams import Messages
from srchat.terminal.word_wrap import WordWrap
from srchat.theme import REASONING


class ReasoningView:
    """Displays reasoning, dim: its last rows in place and then one line, or all of it.

    `mode`: summary, show or hide. If the answer is not on the same terminal, summary shows nothing.
    """

    def __init__(self, messages: Messages, mode: str) -> None:
        self.is_open = False
        self._messages = messages
        self._output = messages.output
        self._shows_all = mode == "show" and not messages.quiet
        self._summarizes = mode == "summary" and messages.shares_screen and not messages.quiet
        self._tail = LiveTail(messages)
        self._sanitizer = Sanitizer()
        self._wrap = WordWrap()
        self._last = ""
        self._started_at = 0.0

    def write(self, text: str) -> None:
        """Add a piece of the reasoning. "" is a tick of the clock."""
        if self._shows_all:
            self.is_open = True
            self._write_all(text)
        elif self._summarizes:
            if not self.is_open:
                self.is_open = True
                self._started_at = time.monotonic()
            if self._output.can_move:
                self._tail.write(text)

    def clear(self) -> None:
        """Clear the rows for a message."""
        self._tail.clear()

    def forget(self) -> None:
        """Keep the displayed rows, after other output on the terminal."""
        self._tail.forget()

    def close(self) -> None:
        """End the reasoning, before the answer or at the end of the turn."""
        if not self.is_open:
            return
        self.is_open = False
        self._messages.is_before_answer = False  # a blank line comes below
        if self._shows_all:
            self._draw(self._wrap.flush(self._columns()))
            self._messages.write_raw("\n" if self._last == "\n" else "\n\n")
        else:
            self._tail.clear()
            seconds = max(1, round(time.monotonic() - self._started_at))
            self._draw(f"thought for {seconds} s")
            self._messages.write_raw("\n\n")

    def _write_all(self, text: str) -> None:
        inert = self._sanitizer.feed(text)
        if inert:  # pragma: no branch - empty only for a CR, which is held back
            self._last = inert[-1]
            self._draw(self._wrap.feed(inert, self._columns()))

    def _columns(self) -> int:
        return self._output.size().columns if self._output.is_terminal else sys.maxsize

    def _draw(self, text: str) -> None:
        if text:
            self._messages.write_raw(self._output.styled(text, REASONING))
