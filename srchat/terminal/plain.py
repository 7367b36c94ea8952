"""Writes the text of an answer without rendering."""

from srchat.api.surrogates import utf8_bytes
from srchat.terminal.sanitize import Sanitizer
from srchat.terminal.streams import Output


class NullWriter:
    """Writes nothing. Base class of writers that need only a part of the protocol."""

    def write(self, text: str) -> None:
        """Ignore the text."""

    def redraw(self) -> None:
        """Do nothing: written text does not change."""

    def show_status(self, text: str) -> bool:  # noqa: ARG002 - of the protocol
        """Display nothing: only the answer is written."""
        return False

    def close(self) -> None:
        """Do nothing."""


class PlainWriter(NullWriter):
    """Writes the exact bytes of the answer to a pipe or file, sanitized text to a terminal.

    Each piece is written at once. `close` adds a missing newline at the end, except to an empty
    answer.
    """

    def __init__(self, output: Output) -> None:
        self._output = output
        self._sanitizer = Sanitizer() if output.is_terminal else None
        self._last = ""
        self._closed = False

    def write(self, text: str) -> None:
        """Write a piece; "" writes nothing. Raises OutputError or ClosedPipeError."""
        self._put(self._sanitizer.feed(text) if self._sanitizer else text)

    def close(self) -> None:
        """End the answer, complete or not."""
        if self._closed:
            return
        if self._sanitizer:
            self._put(self._sanitizer.flush())
        if self._last and self._last != "\n":
            self._put("\n")
        self._closed = True

    def _put(self, text: str) -> None:
        if not text:
            return
        self._last = text[-1]
        try:
            if self._sanitizer:
                self._output.write(text)
            else:
                self._output.write_bytes(utf8_bytes(text))
        except BaseException:
            self._closed = True  # full, closed or blocked: do not write again
            raise
