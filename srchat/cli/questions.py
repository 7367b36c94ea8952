"""Asks questions on stderr; reads answers from the terminal or a pipe."""

import contextlib
from collections.abc import Iterator, Sequence

from srchat.cli.process import Process
from srchat.errors import Interrupted, UsageError
from srchat.terminal.sanitize import one_line
from srchat.terminal.streams import Messages, is_terminal
from srchat.text_input import LineReader


class Questions:
    """Asks questions that are answered with one line each.

    `interactive`: a question can be repeated.
    """

    def __init__(self, process: Process) -> None:
        self.interactive = is_terminal(process.stdin_fd)
        self._process = process
        self._messages = process.messages
        self._reader = LineReader(process.stdin_fd)
        self._answered = False

    def ask(self, question: str, default: str = "", choices: Sequence[str] = ()) -> str:
        """Return the answer without surrounding whitespace, `default` if it is empty.

        `choices`: answers that Tab completes on a terminal; others may be typed, too. Raises
        UsageError at the end of the input.
        """
        shown = f"{question} [{default}]" if default else question
        shown = f"{one_line(self._messages.redact(shown))}:"
        if choices and self.interactive and self._messages.output.can_move:
            answer = self._completed(shown, choices)
        else:
            answer = self._typed(shown)
        if answer is None and (self.interactive or not self._answered):
            raise UsageError(f"no answer to {question!r}; nothing was changed")
        self._answered = True
        return (answer or "").strip() or default

    def ask_secret(self, question: str) -> str:
        """Return the answer, typed without echo."""
        if not self.interactive:
            return self.ask(question)
        return typed_secret(question, self._messages)

    def confirm(self, question: str, *, default: bool) -> bool:
        """Return whether the answer is yes."""
        answer = self.ask(f"{question} {'[Y/n]' if default else '[y/N]'}").lower()
        return answer in ("y", "yes") if answer else default

    def _typed(self, question: str) -> str | None:
        """Return the next line, None at the end."""
        self._messages.write_raw(f"{question} ")
        with _row_ended(self._messages):
            line = self._reader.read()
        if line is None or not self.interactive:
            self._messages.write_raw("\n")
        return None if line is None else line.decode("utf-8", "replace")

    def _completed(self, question: str, choices: Sequence[str]) -> str | None:
        """Return the next line, None at the end. Tab completes `choices`."""
        from srchat.repl.answers import completed_answer  # noqa: PLC0415 - prompt_toolkit, 100 ms

        # A name with invisible characters could look like another one.
        safe = [each for each in choices if one_line(self._messages.redact(each)) == each]
        try:
            return completed_answer(question, safe, self._messages.output, self._process.environ)
        except EOFError:
            return None


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
