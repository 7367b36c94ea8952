"""Displays the last rows of a growing text in place, for text that is not kept."""

import time
from collections import deque
from typing import Final

from srchat.terminal.sanitize import Sanitizer
from srchat.terminal.streams import Messages
from srchat.terminal.word_wrap import WordWrap, width_of
from srchat.theme import REASONING

_ROWS: Final = 3
_FRAME: Final = 0.1  # seconds between redraws
_UP: Final = "\x1b[A"
_CLEAR_BELOW: Final = "\r\x1b[J"


class LiveTail:
    """Displays the last rows of the text so far on stderr, sanitized."""

    def __init__(self, messages: Messages) -> None:
        self._messages = messages
        self._output = messages.output
        self._sanitizer = Sanitizer()
        self._wrap = WordWrap()
        self._rows: deque[str] = deque([""], maxlen=_ROWS)
        self._drawn: list[str] = []
        self._is_due_at = 0.0

    def write(self, text: str) -> None:
        """Add a piece of the text. "" is a tick of the clock."""
        shown = self._wrap.feed(self._sanitizer.feed(text), self._output.size().columns - 1)
        first, *others = shown.split("\n")
        self._rows[-1] += first
        self._rows.extend(others)
        now = time.monotonic()
        if now >= self._is_due_at:
            self._is_due_at = now + _FRAME
            self._draw()

    def clear(self) -> None:
        """Clear the rows. The next write displays them again."""
        if self._drawn:
            self._messages.write_raw(self._erase())
            self._drawn = []

    def forget(self) -> None:
        """Keep the displayed rows, after other output on the terminal."""
        self._drawn = []

    def _draw(self) -> None:
        rows = [*self._rows]
        rows[-1] += self._wrap.held
        rows = [row for row in rows if row.strip()]
        if not rows or rows == self._drawn:
            return
        text = self._erase() + self._output.styled("\n".join(rows), REASONING)
        self._drawn = rows
        self._messages.write_raw(text)

    def _erase(self) -> str:
        """Return the sequence that clears the rows, which a narrower terminal has wrapped."""
        if not self._drawn:
            return "\r"
        columns = max(1, self._output.size().columns)
        height = sum(max(1, -(-width_of(row) // columns)) for row in self._drawn)
        return _UP * (height - 1) + _CLEAR_BELOW
