"""Reads lines without a line editor: from a pipe, or from a dumb terminal."""

import signal
from collections.abc import Callable, Sequence
from typing import Final, Protocol

from srchat.errors import Interrupted
from srchat.terminal.sanitize import sanitized
from srchat.terminal.streams import Output
from srchat.text_input import LineReader, decoded
from srchat.theme import PROMPT_SIGN, TYPED

PROMPT: Final = "> "
MORE: Final = "  "  # before each line of a message except the first


def show_prompt(screen: Output, text: str) -> None:
    """Show a whole prompt as the line editor shows what is typed."""
    words = sanitized(text).rstrip().replace("\n", f"\n{MORE}")
    sign = screen.styled(PROMPT.strip(), PROMPT_SIGN)
    screen.write(f"{sign} {screen.styled(words, TYPED)}\n")


class Lines(Protocol):
    """The source of lines.

    `interactive`: a user types them and can answer questions.
    """

    interactive: bool

    def read(self, default: str = "") -> str:
        """Return the next line without its newline. `default`: initial text to edit.

        Raises EOFError at the end, KeyboardInterrupt on Ctrl-C, Interrupted on other signals, and
        UsageError if the input is not text.
        """

    def settle(self, line: str, *, refused: bool) -> None:
        """Record whether a line was refused; a refused one is not suggested again."""

    def ask(self, question: str) -> str:
        """Return the answer to a question. Raises the same errors as `read`."""

    def choose(self, rows: Sequence[str], preview: Callable[[int], str]) -> int | None:
        """Return the index of the chosen row, None if there is none. Raises as `read` does.

        `preview`: returns a few lines about a row.
        """


class PlainLines:
    """Lines read from a file descriptor. The terminal driver provides the editing."""

    def __init__(self, fd: int, screen: Output | None) -> None:
        self.interactive = screen is not None
        self._reader = LineReader(fd)
        self._screen = screen

    def read(self, default: str = "") -> str:
        """Return the next line; on a terminal, a trailing backslash continues it."""
        if default and self._screen:
            self._screen.write_foreign(f"{default}\n")
        text = self._line(PROMPT)
        while self.interactive and text.endswith("\\"):
            text = f"{text[:-1]}\n{self._line(MORE)}"
        return text

    def settle(self, line: str, *, refused: bool) -> None:
        """Do nothing: no line is suggested."""

    def ask(self, question: str) -> str:
        """Return the answer to a question."""
        return self._line(f"{question} ")

    def choose(self, rows: Sequence[str], _preview: Callable[[int], str]) -> int | None:
        """Number the rows and ask for a number."""
        if not self._screen:  # pragma: no cover - called only on a terminal
            return None
        for number, row in enumerate(rows, 1):
            self._screen.write_foreign(f"{number:>2}  {row}\n")
        answer = self.ask("number:").strip()
        chosen = int(answer) if answer.isascii() and answer.isdecimal() and len(answer) < 5 else 0
        return chosen - 1 if 0 < chosen <= len(rows) else None

    def _line(self, prompt: str) -> str:
        if self._screen:
            self._screen.write(prompt)
        try:
            line = self._reader.read()
        except Interrupted as exc:
            if self.interactive and exc.signum == signal.SIGINT:
                self._reader.forget()
                self._end_row()  # after the ^C that the driver echoes
                raise KeyboardInterrupt from exc
            raise
        if line is None:
            self._end_row()
            raise EOFError
        return decoded(line.removesuffix(b"\r"), "the line")

    def _end_row(self) -> None:
        if self._screen:
            self._screen.write("\n")
