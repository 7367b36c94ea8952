"""The prompts typed in chats, in prompt_toolkit's own file format."""

from collections.abc import Callable
from pathlib import Path
from typing import Final

from prompt_toolkit.history import FileHistory, History, InMemoryHistory

from srchat import private_files

_MAX_STORED: Final = 64 * 1024  # characters: the whole file is read at every start of a chat


def open_history(path: Path | None, warn: Callable[[str], None]) -> History:
    """Return the history in a file, None: only in memory."""
    return TypedHistory(path, warn) if path else InMemoryHistory()


class TypedHistory(FileHistory):
    """Prompts of earlier chats and of this one, in a file that only its owner can read.

    `warn` is called once if they cannot be saved.
    """

    def __init__(self, path: Path, warn: Callable[[str], None]) -> None:
        super().__init__(path)
        self._path = path
        self._warn: Callable[[str], None] | None = warn

    def load_history_strings(self) -> list[str]:
        """Return the prompts, newest first; none if the file cannot be read."""
        try:
            return list(super().load_history_strings())
        except OSError:
            return []

    def store_string(self, string: str) -> None:
        """Append a prompt unless it is very long."""
        if len(string) > _MAX_STORED:
            return
        try:
            private_files.make_directory(self._path.parent)
            self._path.touch(mode=0o600)
            super().store_string(string)
        except OSError as exc:
            if self._warn:
                self._warn(f"typed prompts are not saved: {exc.strerror}")
                self._warn = None
