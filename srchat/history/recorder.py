"""Saves turns while they happen. A store error causes a warning, never a failed answer.

The prompt is saved once the request is on its way, the reply about once a second and at its
end. While the answer is streaming, the recorder does not wait for a lock. What could not be
saved is saved at the end of the answer or with the next turn. A reply is passed in pieces: joined,
it would be in memory twice.
"""

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

from srchat.conversation import Conversation, TurnRecord
from srchat.errors import BrokenStoreError, StoreBusyError, StoreError
from srchat.history import LOCK_TIMEOUT

if TYPE_CHECKING:
    from srchat.history.database_file import FileIdentity
    from srchat.history.store import ConversationStore

_SAVE_INTERVAL: Final = 1.0  # seconds
_BUSY_RETRY_INTERVAL: Final = 0.05  # seconds
_INTERVAL_FACTOR: Final = 20  # saving a long reply takes at most 1/20 of the time
_BEGIN_LOCK_TIMEOUT: Final = 0.2  # seconds; the server is computing in the meantime


class Recorder:
    """Saves one turn after the other; nothing if `open_store` is None.

    `open_store` takes the lock timeout in seconds. It is called once the first request is on
    its way.
    """

    def __init__(self, open_store: "Callable[[float], ConversationStore] | None") -> None:
        self.windows: dict[tuple[str, str], int] = {}
        self._open_store = open_store
        self._warnings: list[StoreError] = []
        self._saved_in: FileIdentity | None = None  # the file that contains the turn
        self._failure: StoreError | None = None
        self._incomplete: set[str] = set()  # ids of turns not completely saved
        self._next_save_at = 0.0

    @property
    def is_saved(self) -> bool:
        """Whether the store contains the current turn."""
        return self._saved_in is not None

    def begin(self, conversation: Conversation, turn: TurnRecord) -> None:
        """Save the prompt of a new turn."""
        self._saved_in = None
        self._save(conversation, turn, _BEGIN_LOCK_TIMEOUT)

    def is_due(self) -> bool:
        """Tell whether it is time for `update`."""
        return self._open_store is not None and time.monotonic() >= self._next_save_at

    def postpone(self) -> None:
        """Make `update` due a second from now."""
        self._next_save_at = time.monotonic() + _SAVE_INTERVAL

    def update(
        self, conversation: Conversation, turn: TurnRecord, pieces: Sequence[str] = ()
    ) -> None:
        """Save the reply so far, without waiting for a lock.

        `pieces`: the reply, if it is not in `turn`.
        """
        self._save(conversation, turn, 0.0, pieces)

    def end(
        self, conversation: Conversation, turn: TurnRecord, pieces: Sequence[str] = ()
    ) -> list[StoreError]:
        """Save the complete turn and return the warnings to show. `pieces`: see `update`."""
        self._incomplete.add(turn.id)  # a signal may interrupt the wait for the lock
        self._save(conversation, turn, LOCK_TIMEOUT, pieces)
        if not self._failure:
            self._incomplete.discard(turn.id)
        warnings, self._warnings = self._warnings, []
        if self._failure:
            warnings.append(self._failure_warning(self._failure))
        return warnings

    def learn_window(self, base_url: str, model: str, window: int) -> None:
        """Save the context window of a model, in tokens, with the next turn."""
        self.windows[base_url, model] = window

    def _save(
        self,
        conversation: Conversation,
        turn: TurnRecord,
        timeout: float,
        pieces: Sequence[str] = (),
    ) -> None:
        if self._open_store is None:
            return
        start = time.thread_time()
        try:
            self._write(self._open_store(timeout), conversation, turn, pieces)
        except StoreError as exc:
            # Not final: a full disk may have room again at the end of the answer.
            self._failure = exc
            interval = _BUSY_RETRY_INTERVAL if isinstance(exc, StoreBusyError) else _SAVE_INTERVAL
        else:
            self._failure = None
            # CPU time: a disk that is slow for a moment is no reason to save less often.
            interval = max(_SAVE_INTERVAL, _INTERVAL_FACTOR * (time.thread_time() - start))
        self._next_save_at = time.monotonic() + interval

    def _write(
        self,
        store: "ConversationStore",
        conversation: Conversation,
        turn: TurnRecord,
        pieces: Sequence[str],
    ) -> None:
        try:
            self._write_once(store, conversation, turn, pieces)
        except BrokenStoreError:
            if store.database.set_aside():  # pragma: no branch - race: another process did it
                self._saved_in = None  # the new file does not contain the turn
            self._write_once(store, conversation, turn, pieces)
        if warning := store.take_warning():
            self._warnings.append(warning)

    def _write_once(
        self,
        store: "ConversationStore",
        conversation: Conversation,
        turn: TurnRecord,
        pieces: Sequence[str],
    ) -> None:
        file = store.database.file_identity()
        if self._saved_in and file == self._saved_in:
            store.update_turn(conversation, turn, pieces)
        else:
            # Without its parent the turn would start a new branch.
            ids = self._incomplete - {turn.id}
            missing = [earlier for earlier in conversation.turns if earlier.id in ids]
            store.add_turn(conversation, turn, missing, pieces)
            self._incomplete.difference_update(earlier.id for earlier in missing)
        self._saved_in = file
        for (base_url, model), tokens in self.windows.items():
            store.save_windows(base_url, {model: tokens}, time.time())
        self.windows.clear()

    def _failure_warning(self, exc: StoreError) -> StoreError:
        how = (
            "this answer was stored only in part"
            if self._saved_in
            else "this answer was not stored"
        )
        return StoreError(f"{how}: {exc.message}", hint=exc.hint)
