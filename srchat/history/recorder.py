"""Keeps turns in the store while they happen. A store that fails costs a word, never an answer.

The prompt is written when the request is on its way, the reply about once a second and at
its end. As long as an answer is coming nobody waits for a lock; what could not be written is
written later: when the answer has been shown, or else with the next turn.
"""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from srchat.conversation import Conversation, TurnRecord
from srchat.errors import BrokenStoreError, StoreBusyError, StoreError
from srchat.history import PATIENCE

if TYPE_CHECKING:
    from srchat.history.database_file import Identity
    from srchat.history.store import ConversationStore

_EVERY: Final = 1.0  # seconds
_WHEN_BUSY: Final = 0.05
_SHARE: Final = 20  # writing a long reply takes at most a twentieth of the time
_AT_BEGIN: Final = 0.2  # seconds to wait for a lock while the server thinks


class Recorder:
    """Writes turns, one after the other. `open_store` None: nothing is kept.

    `open_store` is called once the first request is on its way, with the seconds that it may
    wait for others.
    """

    def __init__(self, open_store: "Callable[[float], ConversationStore] | None") -> None:
        self.windows: dict[tuple[str, str], int] = {}
        self._open_store = open_store
        self._warnings: list[StoreError] = []
        self._kept_in: Identity | None = None  # the file in which the turn has its row
        self._failure: StoreError | None = None
        self._missed: set[str] = set()  # turns of which not all could be written
        self._next_at = 0.0

    @property
    def is_kept(self) -> bool:
        """Tell whether the turn that was begun last is in the store."""
        return self._kept_in is not None

    def begin(self, conversation: Conversation, turn: TurnRecord) -> None:
        """Store a turn's prompt."""
        self._kept_in = None
        self._save(conversation, turn, _AT_BEGIN)

    def is_due(self) -> bool:
        """Tell whether it is time for `keep`."""
        return self._open_store is not None and time.monotonic() >= self._next_at

    def postpone(self) -> None:
        """Let `keep` be due a second from now."""
        self._next_at = time.monotonic() + _EVERY

    def keep(self, conversation: Conversation, turn: TurnRecord) -> None:
        """Store what has come of the reply."""
        self._save(conversation, turn, 0.0)

    def end(self, conversation: Conversation, turn: TurnRecord) -> list[StoreError]:
        """Store the end of a turn; return what the user has to be told about the store."""
        self._missed.add(turn.id)  # until it is written: a signal may end the wait for a lock
        self._save(conversation, turn, PATIENCE)
        if not self._failure:
            self._missed.discard(turn.id)
        warnings, self._warnings = self._warnings, []
        if self._failure:
            warnings.append(self._lost(self._failure))
        return warnings

    def learn(self, base_url: str, model: str, window: int) -> None:
        """Remember the context window that a model of a server has."""
        self.windows[base_url, model] = window

    def _save(self, conversation: Conversation, turn: TurnRecord, patience: float) -> None:
        if self._open_store is None:
            return
        begin = time.thread_time()
        try:
            self._write(self._open_store(patience), conversation, turn)
        except StoreError as exc:
            # Not for good: a disk that is full now may have room when the answer is over.
            self._failure = exc
            pause = _WHEN_BUSY if isinstance(exc, StoreBusyError) else _EVERY
        else:
            self._failure = None
            # Of the CPU: a disk that is slow for a moment is no reason to keep less.
            pause = max(_EVERY, _SHARE * (time.thread_time() - begin))
        self._next_at = time.monotonic() + pause

    def _write(
        self, store: "ConversationStore", conversation: Conversation, turn: TurnRecord
    ) -> None:
        try:
            self._write_once(store, conversation, turn)
        except BrokenStoreError:
            if store.database.set_aside():
                self._kept_in = None  # the new file has nothing of it
            self._write_once(store, conversation, turn)
        if warning := store.take_warning():
            self._warnings.append(warning)

    def _write_once(
        self, store: "ConversationStore", conversation: Conversation, turn: TurnRecord
    ) -> None:
        file = store.database.file_identity()
        if self._kept_in and file == self._kept_in:
            store.update_turn(conversation, turn)
        else:
            # Without its parent a turn would be a branch of its own, and all before it aside.
            missed = [each for each in conversation.turns if each.id in self._missed - {turn.id}]
            store.add_turn(conversation, turn, missed)
            self._missed.difference_update(each.id for each in missed)
        self._kept_in = file
        for (base_url, model), tokens in self.windows.items():
            store.learn_windows(base_url, {model: tokens}, time.time())
        self.windows.clear()

    def _lost(self, exc: StoreError) -> StoreError:
        how = (
            "this answer was stored only in part" if self._kept_in else "this answer was not stored"
        )
        return StoreError(f"{how}: {exc.message}", hint=exc.hint)
