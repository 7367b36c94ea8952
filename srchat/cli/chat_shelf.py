"""What a chat asks for beside answers: models, stored conversations, the clipboard."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Final

from srchat.chat import clipboard
from srchat.chat.asked import last_typed, whole_answer
from srchat.chat.chat import Chat
from srchat.chat.saved_file import write_conversation
from srchat.cli.conversations import reconciled
from srchat.cli.history_rows import day_and_time, hit_row, incomplete_row, summary_row
from srchat.cli.offered_models import remember, remember_names, remembered_names, windows_of
from srchat.cli.runtime import Runtime
from srchat.conversation import Conversation
from srchat.errors import SrchatError, StoreError, UsageError
from srchat.output.sanitize import one_line, sanitized
from srchat.output.streams import Output
from srchat.prompt import split_message

_RECENT: Final = 50  # conversations that are offered
_FOUND: Final = 10  # hits that are shown
_MODELS_TIME: Final = 5.0  # seconds that a list of models for completion may take


class ChatShelf:
    """Gets things for one chat. `screen`: where they are shown.

    `models_came` is called, by a thread, when models can be completed that could not before.
    """

    def __init__(self, runtime: Runtime, chat: Chat, screen: Output) -> None:
        self._runtime = runtime
        self._chat = chat
        self._screen = screen
        self.models_came: Callable[[], None] = lambda: None
        self._asked = False

    # Models

    def models(self) -> list[str]:
        """Ask the server for its models."""
        self._asked = True
        found = self._runtime.models()
        self._chat.learn_windows(windows_of(found))
        remember(self._runtime, found)
        return [model.id for model in found]

    def known_models(self) -> list[str]:
        """Return the models as they were told last; the first time, ask in the background."""
        if not self._asked:
            self._asked = True
            threading.Thread(target=self._fetch, daemon=True).start()
        return remembered_names(self._runtime)

    def _fetch(self) -> None:
        runtime = self._runtime
        try:
            with runtime.client_for(runtime.settings, _MODELS_TIME, 0) as client:
                found = client.list_models()
        except SrchatError:
            return  # it is only for completion
        remember_names(runtime, found)
        self.models_came()

    # Conversations

    def find(self, words: str) -> list[tuple[str, str]]:
        """Return ids and rows of stored conversations whose id or title the words are about."""
        store = self._runtime.stored
        wanted = words.lower().split()
        found = []
        for item in store.summaries(None if words else _RECENT) if store else ():
            if item.id == words:
                return [(item.id, "")]
            title = item.title.lower()
            if all(word in title for word in wanted) or item.id.startswith(words):
                row = f"{day_and_time(item.used_at)}  {one_line(item.title, 100)}"
                found.append((item.id, f"{row} ({item.turns})"))
            if len(found) >= _RECENT:
                break
        return found

    def offered(self, words: str) -> list[tuple[str, str]]:
        """Return what `find` does, nothing where the history cannot be read: for completion."""
        try:
            return self.find(words)
        except StoreError:
            return []

    def load(self, id: str) -> Conversation:
        """Return a stored conversation; its model answers from now on."""
        store = self._runtime.stored
        if store is None:  # pragma: no cover - it was found in one
            raise UsageError("no conversation has been kept yet")
        conversation, config = reconciled(self._runtime, store.load(id))
        if config != self._chat.config:
            self._chat.config = config
        return conversation

    def show_history(self, words: str) -> None:
        """Show the conversations used last, or the turns in which words occur."""
        store = self._runtime.stored
        size = self._screen.size()
        if words:
            hits = store.search(words, _FOUND) if store else []
            rows = [hit_row(hit, self._screen) for hit in hits]
        else:
            most = max(3, size.lines - 4)
            rows = (
                [summary_row(item, size.columns) for item in store.summaries(most)] if store else []
            )
        if not rows:
            raise UsageError(f"nothing found for {words!r}" if words else "no conversation is kept")
        self._screen.write("".join(rows))

    def show_last(self, conversation: Conversation) -> None:
        """Show what a conversation is, and its last prompt and answer."""
        turns, kept = conversation.branch, len(conversation.turns)
        of_all = f" of {kept}" if kept > len(turns) else ""  # the list of conversations tells all
        count = f"{len(turns)}{of_all} turn{'s' if kept != 1 else ''}"
        title = one_line(conversation.title, 60) or "(no title)"
        self._screen.write(f"{title} ({one_line(conversation.id)}, {count})\n")
        if not (asked := last_typed(conversation)):
            return
        self._screen.write(f"\n> {sanitized(split_message(asked.message).brief).rstrip()}\n\n")
        if (answer := whole_answer(conversation)) and self._runtime.stdout.is_terminal:
            self._runtime.write_answer(answer)
        self._screen.write(incomplete_row(turns[-1]))

    # Ways out of the chat

    def copy(self, text: str) -> str:
        """Put a text on the clipboard; return how, "" where there is no way."""
        return clipboard.copy(text, self._runtime.environ, self._screen)

    def save(self, path: Path, conversation: Conversation, confirm: Callable[[str], bool]) -> None:
        """Write a conversation into a file. Raises UsageError."""
        write_conversation(path, conversation, confirm, day_and_time)

    def hint(self, exc: SrchatError) -> str:
        """Return the way out of a failure of the last prompt, or of a command."""
        return self._runtime.hint_for(exc, self._chat.model_once)
