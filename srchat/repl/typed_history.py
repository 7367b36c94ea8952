"""The history of typed prompts, in prompt_toolkit's file format."""

from collections.abc import Callable
from pathlib import Path
from typing import Final

from prompt_toolkit.history import FileHistory

from srchat import private_files
from srchat.repl.slash_syntax import message_of

_MAX_STORED: Final = 64 * 1024  # characters of a prompt; each chat reads the whole file


class TypedHistory(FileHistory):
    """The prompts of this chat and of earlier ones, in a file with mode 0600.

    A slash command is not written before it is settled.

    `path`: None to keep the prompts in memory. `warn`: called once if they cannot be saved.
    """

    def __init__(self, path: Path | None, warn: Callable[[str], None]) -> None:
        super().__init__(path or "")
        self._path = path
        self._warn: Callable[[str], None] | None = warn
        self._pending = ""
        self._refused: set[str] = set()

    def settle(self, line: str, *, refused: bool) -> None:
        """Record whether a line was refused. A refused one is only kept for Up, to correct it."""
        if refused:
            self._refused.add(line)
        else:
            self._refused.discard(line)
            if line == self._pending:
                self._write(line)
        self._pending = ""

    def get_strings(self) -> list[str]:
        """Return the prompts to suggest: all except those that were refused."""
        return [each for each in super().get_strings() if each not in self._refused]

    def load_history_strings(self) -> list[str]:
        """Return the prompts, newest first; an empty list if the file cannot be read."""
        try:
            return list(super().load_history_strings())
        except OSError:
            return []

    def store_string(self, string: str) -> None:
        """Append a prompt, or hold a slash command back until it is settled."""
        if message_of(string) is None:
            self._pending = string
        else:
            self._write(string)

    def _write(self, string: str) -> None:
        """Append a prompt to the file unless it is too long."""
        if self._path is None or len(string) > _MAX_STORED:
            return
        try:
            private_files.make_directory(self._path.parent)
            self._path.touch(mode=0o600)
            super().store_string(string)
        except OSError as exc:
            if self._warn:
                self._warn(f"typed prompts are not saved: {exc.strerror}")
                self._warn = None
