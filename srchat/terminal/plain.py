"""The answer's text as it comes, without any dress."""

from srchat.api.surrogates import utf8_bytes
from srchat.terminal.sanitize import Sanitizer
from srchat.terminal.streams import Output


class NullWriter:
    """Writes nothing: the base of writers that need only some of the protocol."""

    def write(self, text: str) -> None:
        """Ignore a piece."""

    def redraw(self) -> None:
        """Do nothing: what has been written does not change."""

    def show_status(self, text: str) -> bool:  # noqa: ARG002 - of the protocol
        """Show nothing: only the answer is written."""
        return False

    def close(self) -> None:
        """Do nothing."""


class PlainWriter(NullWriter):
    """Writes the answer: its exact bytes into a pipe or file, inert text to a terminal.

    Every piece is written when it comes. `close` adds a newline only where the last one is
    missing; an answer of nothing stays nothing.
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
        """End the answer, whole or not."""
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
            self._closed = True  # full, gone, or stuck: nothing more goes there
            raise
