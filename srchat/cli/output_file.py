"""The file of `ask --output`: the answer goes there as it comes, beside where it is shown."""

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
    """A file that is opened before the request and emptied when the first text comes.

    So a request that fails leaves an old file as it was, and no new one. Raises UsageError for
    a path that cannot be written.
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
        """Name the file in a failure."""
        try:
            yield
        except (OutputError, ClosedPipeError) as exc:  # a reader of a named pipe may leave
            raise OutputError(f"{self.path}: {exc.message}") from exc
        except OSError as exc:
            raise OutputError(f"{self.path}: cannot write the output: {exc.strerror}") from exc

    def beside(self, writer: AnswerWriter) -> "TeeWriter":
        """Return a writer that writes to `writer` and into this file."""
        return TeeWriter(writer, self)

    def close(self) -> None:
        """Close the file; delete it if it is new and no text came."""
        os.close(self._fd)
        if self._is_new and not self._has_text:
            Path(self.path).unlink(missing_ok=True)


class TeeWriter:
    """Writes an answer to another writer and into a file.

    Where the file fails, the other still gets the whole answer; `close` raises the failure.
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
        """Show again what may still change."""
        self._writer.redraw()

    def show_status(self, text: str) -> bool:
        """Show a status line, if the other writer can."""
        return self._writer.show_status(text)

    def close(self) -> None:
        """End the answer. Raises OutputError for either."""
        self._writer.close()
        if self._failure:
            failure, self._failure = self._failure, None
            raise failure
        self._file.finish()
