"""The prompts typed in chats, in prompt_toolkit's own file format."""

from collections.abc import Callable
from pathlib import Path
from typing import Final

from prompt_toolkit.history import FileHistory

from srchat import private_files
from srchat.repl.slash_syntax import message_of

_MAX_STORED: Final = 64 * 1024  # characters: the whole file is read at every start of a chat


class TypedHistory(FileHistory):
    """Prompts of earlier chats and of this one, in a file that only its owner can read.

    Without a `path`, only in memory. A slash command is written once it is settled. `warn` is
    called once if they cannot be saved.
    """

    def __init__(self, path: Path | None, warn: Callable[[str], None]) -> None:
        super().__init__(path or "")
        self._path = path
        self._warn: Callable[[str], None] | None = warn
        self._pending = ""
        self._refused: set[str] = set()

    def settle(self, line: str, *, refused: bool) -> None:
        """Learn what became of a typed line. A refused one is only for Up, to be corrected."""
        if refused:
            self._refused.add(line)
        else:
            self._refused.discard(line)
            if line == self._pending:
                self._write(line)
        self._pending = ""

    def get_strings(self) -> list[str]:
        """Return the prompts that may be suggested: not those that were refused."""
        return [each for each in super().get_strings() if each not in self._refused]

    def load_history_strings(self) -> list[str]:
        """Return the prompts, newest first; none if the file cannot be read."""
        try:
            return list(super().load_history_strings())
        except OSError:
            return []

    def store_string(self, string: str) -> None:
        """Append a prompt, or keep a slash command until it is settled."""
        if message_of(string) is None:
            self._pending = string
        else:
            self._write(string)

    def _write(self, string: str) -> None:
        """Append a prompt unless it is very long."""
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
