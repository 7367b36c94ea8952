"""One line at the bottom of a terminal that tells what is waited for, and leaves no trace."""

import time
from typing import Final

from srchat.terminal.sanitize import one_line
from srchat.terminal.streams import Messages
from srchat.terminal.word_wrap import fitting

_CLEAR: Final = "\r\x1b[K"
_DOTS: Final = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
_ASCII: Final = "|/-\\"
_TURN: Final = 0.08  # seconds a picture of the spinner stands


class StatusLine:
    """A spinner and a text on standard error; silent where the cursor cannot be moved.

    A message that is told takes its place.
    """

    def __init__(self, messages: Messages) -> None:
        self._messages = messages
        messages.make_room = self.clear
        self._output = output = messages.output
        self._shown = ""
        self._pictures = _DOTS if output.is_utf8 else _ASCII

    def show(self, text: str) -> None:
        """Show `text`, which may come from outside, behind the spinner."""
        if not self._output.can_move:
            return
        picture = self._pictures[int(time.monotonic() / _TURN) % len(self._pictures)]
        line = fitting(f"{picture} {one_line(text)}", self._output.size().columns - 1)
        if line != self._shown:
            self._shown = line
            self._messages.write_raw(_CLEAR + line)

    def clear(self) -> None:
        """Take the line away."""
        if self._shown:
            self._shown = ""
            self._messages.write_raw(_CLEAR)
