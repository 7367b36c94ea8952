"""The file of `ask --output`, written while the answer is displayed."""

import contextlib
import os
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path

from srchat.errors import ClosedPipeError, OutputError, UsageError, reason_of
from srchat.terminal.plain import PlainWriter
from srchat.terminal.streams import Output
from srchat.turn_view import AnswerWriter


class OutputFile:
    """A file that is opened before the request and truncated at the first text.

    So a failed request neither changes an old file nor leaves a new one. Raises UsageError if the
    path cannot be written.
    """

    def __init__(self, path: str, environ: Mapping[str, str]) -> None:
        if path == "-":
            raise UsageError("--output -: the answer goes to standard output anyway")
        self.path = path
        self._is_new = not os.path.lexists(path)
        try:
            self._fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_NOCTTY, 0o666)
        except (OSError, ValueError) as exc:
            raise UsageError(f"cannot write {path}: {reason_of(exc)}") from exc
        self._writer = PlainWriter(Output(self._fd, environ))
        self._has_text = False

    def write(self, text: str) -> None:
        """Write a piece of the answer. Raises OutputError."""
        with self._named():
            if text and not self._has_text:
                self._has_text = True
                if stat.S_ISREG(os.fstat(self._fd).st_mode):
                    os.ftruncate(self._fd, 0)
            self._writer.write(text)

    def finish(self) -> None:
        """End the answer with a newline. Raises OutputError."""
        with self._named():
            self._writer.close()

    @contextlib.contextmanager
    def _named(self) -> Iterator[None]:
        """Add the name of the file to an error."""
        try:
            yield
        except (OutputError, ClosedPipeError) as exc:  # the reader of a named pipe
            raise OutputError(f"{self.path}: {exc.message}") from exc
        except OSError as exc:
            raise OutputError(f"{self.path}: cannot write the output: {exc.strerror}") from exc

    def beside(self, writer: AnswerWriter) -> "TeeWriter":
        """Return a writer that writes to `writer` and to this file."""
        return TeeWriter(writer, self)

    def close(self) -> None:
        """Close the file, and delete it if it is new and empty."""
        os.close(self._fd)
        if self._is_new and not self._has_text:
            Path(self.path).unlink(missing_ok=True)


class TeeWriter:
    """Writes an answer to another writer and to a file.

    If the file fails, the other writer still gets the whole answer; `close` raises the error.
    """

    def __init__(self, writer: AnswerWriter, file: OutputFile) -> None:
        self._writer = writer
        self._file = file
        self._failure: OutputError | None = None

    def write(self, text: str) -> None:
        """Write a piece."""
        self._writer.write(text)
        if self._failure is None:
            try:
                self._file.write(text)
            except OutputError as exc:
                self._failure = exc

    def redraw(self) -> None:
        """Redraw the other writer."""
        self._writer.redraw()

    def show_status(self, text: str) -> bool:
        """Show a status line in the other writer, if it can."""
        return self._writer.show_status(text)

    def close(self) -> None:
        """End the answer. Raises OutputError of either."""
        self._writer.close()
        if self._failure:
            failure, self._failure = self._failure, None
            raise failure
        self._file.finish()
