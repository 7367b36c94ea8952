"""Asks questions on stderr; reads answers from the terminal or a pipe."""

import contextlib
from collections.abc import Iterator

from srchat.errors import Interrupted, UsageError
from srchat.terminal.sanitize import one_line
from srchat.terminal.streams import Messages, is_terminal
from srchat.text_input import read_part


class Questions:
    """Asks questions that are answered with one line each.

    `interactive`: a question can be repeated.
    """

    def __init__(self, fd: int, messages: Messages) -> None:
        self.interactive = is_terminal(fd)
        self._fd = fd
        self._messages = messages
        self._read = b""
        self._answered = False

    def ask(self, question: str, default: str = "") -> str:
        """Return the answer without surrounding whitespace, `default` if it is empty.

        Raises UsageError at the end of the input.
        """
        shown = one_line(self._messages.redact(f"{question} [{default}]" if default else question))
        self._messages.write_raw(f"{shown}: ")
        with _row_ended(self._messages):
            line = self._line()
        if line is None or not self.interactive:
            self._messages.write_raw("\n")
        if line is None and (self.interactive or not self._answered):
            raise UsageError(f"no answer to {question!r}; nothing was changed")
        self._answered = True
        return (line or "").strip() or default

    def ask_secret(self, question: str) -> str:
        """Return the answer, typed without echo."""
        if not self.interactive:
            return self.ask(question)
        return typed_secret(question, self._messages)

    def confirm(self, question: str, *, default: bool) -> bool:
        """Return whether the answer is yes."""
        answer = self.ask(f"{question} {'[Y/n]' if default else '[y/N]'}").lower()
        return answer in ("y", "yes") if answer else default

    def _line(self) -> str | None:
        """Return the next line, None at the end. Reads no byte beyond it."""
        while b"\n" not in self._read:
            try:
                part = read_part(self._fd)
            except OSError:  # pragma: no cover - a closed terminal sends a signal first
                part = b""
            if not part:
                break
            self._read += part
        line, found, self._read = self._read.partition(b"\n")
        return line.decode("utf-8", "replace") if line or found else None


@contextlib.contextmanager
def _row_ended(messages: Messages) -> Iterator[None]:
    """End the line of a question that was not ended with Enter."""
    try:
        yield
    except (EOFError, Interrupted):
        messages.write_raw("\n")
        raise


def typed_secret(question: str, messages: Messages) -> str:
    """Return a line typed on the terminal without echo. Raises UsageError."""
    import getpass  # noqa: PLC0415 - only a secret needs it

    try:
        with _row_ended(messages):
            return getpass.getpass(f"{one_line(question)}: ").strip()
    except (EOFError, OSError, ValueError) as exc:
        raise UsageError("nothing was typed; nothing was changed") from exc
