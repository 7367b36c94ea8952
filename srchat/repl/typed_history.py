"""The lines that were typed, as prompt_toolkit wants them, and suggestions from them."""

from collections.abc import Callable, Iterable

from prompt_toolkit.auto_suggest import AutoSuggest, Suggestion
from prompt_toolkit.buffer import Buffer
from prompt_toolkit.document import Document
from prompt_toolkit.history import History

from srchat.repl.typed_lines import TypedLines

_LONGEST = 2000  # characters of a line that is worth suggesting


class TypedHistory(History):
    """Lines of earlier chats and of this one. `failed` is told once that they are not kept."""

    def __init__(self, lines: TypedLines, failed: Callable[[str], None]) -> None:
        super().__init__()
        self._lines = lines
        self._failed: Callable[[str], None] | None = failed

    def load_history_strings(self) -> Iterable[str]:
        """Return the lines of earlier chats, the newest first."""
        return reversed(self._lines.load())

    def store_string(self, string: str) -> None:
        """Keep a line."""
        try:
            self._lines.append(string)
        except OSError as exc:
            if self._failed:
                self._failed(f"what is typed is not kept: {exc.strerror}")
                self._failed = None

    def newest_first(self) -> list[str]:
        """Return all lines that are known by now."""
        return self._loaded_strings


class Suggestions(AutoSuggest):
    """The newest line that begins as the one that is typed. Looks at 10,000 in a millisecond."""

    def __init__(self, history: TypedHistory) -> None:
        self._history = history

    def get_suggestion(self, _buffer: Buffer, document: Document) -> Suggestion | None:
        """Return the rest of the line."""
        text = document.text
        if not text.strip() or "\n" in text:
            return None
        for line in self._history.newest_first():
            if line.startswith(text) and len(line) < _LONGEST and "\n" not in line:
                return Suggestion(line[len(text) :])
        return None
