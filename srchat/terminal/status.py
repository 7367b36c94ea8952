"""A temporary status line at the bottom of a terminal."""

import time
from typing import Final

from srchat.terminal.sanitize import one_line
from srchat.terminal.streams import Messages
from srchat.terminal.word_wrap import fitting

_CLEAR: Final = "\r\x1b[K"
_DOTS: Final = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
_ASCII: Final = "|/-\\"
_TURN: Final = 0.08  # seconds per frame of the spinner


class StatusLine:
    """A spinner and a text on stderr, if the cursor can be moved. Messages replace it."""

    def __init__(self, messages: Messages) -> None:
        self._messages = messages
        messages.make_room = self.clear
        self._output = output = messages.output
        self._shown = ""
        self._pictures = _DOTS if output.is_utf8 else _ASCII

    def show(self, text: str) -> None:
        """Display `text`, which is sanitized, after the spinner."""
        if not self._output.can_move:
            return
        picture = self._pictures[int(time.monotonic() / _TURN) % len(self._pictures)]
        line = fitting(f"{picture} {one_line(text)}", self._output.size().columns - 1)
        if line != self._shown:
            self._shown = line
            self._messages.write_raw(_CLEAR + line)

    def clear(self) -> None:
        """Clear the line."""
        if self._shown:
            self._shown = ""
            self._messages.write_raw(_CLEAR)
