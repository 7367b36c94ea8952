"""ConversationStore: saves, lists, loads, searches and deletes conversations.

Texts are stored exactly, including lone surrogates and NUL. External data is never part of a
path or an SQL statement.
"""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from srchat.conversation import Conversation, TurnRecord
from srchat.errors import StoreError, UsageError
from srchat.history import LOCK_TIMEOUT
from srchat.history.database import Database, Execute
from srchat.history.reply_parts import PART_SIZE, read_turns, write_turn
from srchat.history.rows import (
    INSERT_CONVERSATION,
    INSERT_TURN,
    SELECT_TURNS,
    UPDATE_TURN,
    conversation_parameters,
)
from srchat.history.schema import SCHEMA
from srchat.history.sql_text import sql_text

if TYPE_CHECKING:
    from srchat.history.search import Hit
    from srchat.history.summaries import Summary

_WINDOW_MAX_AGE: Final = 30 * 86400.0  # seconds; the model behind a name may change

_LAST_USED: Final = "SELECT uid FROM conversation ORDER BY used_at DESC, id DESC LIMIT 1"
_LAST_ANSWERED: Final = """
    SELECT uid FROM conversation
    WHERE EXISTS (SELECT 1 FROM turn WHERE turn.conversation = conversation.id AND reply != '')
    ORDER BY used_at DESC, id DESC LIMIT 1
"""

# The current conversation sorts last even if the clock was set back.
_SET_HEAD: Final = """
    UPDATE conversation SET head = :head, system = CAST(:system AS TEXT), used_at =
        max(:now, ifnull((SELECT max(used_at) + 0.001 FROM conversation WHERE uid != :uid), 0))
    WHERE uid = :uid
"""
_CHANGES: Final = {
    "title": "UPDATE conversation SET title = CAST(? AS TEXT) WHERE uid = ?",
    "system": "UPDATE conversation SET system = CAST(? AS TEXT) WHERE uid = ?",
    "head": "UPDATE conversation SET head = CAST(? AS TEXT) WHERE uid = ?",
}
# Only if the new head descends from the current one: the branch chosen by the user is kept.
_FAST_FORWARD: Final = """
    UPDATE conversation SET head = :head, used_at = max(used_at, :used_at)
    WHERE uid = :uid AND head IN (
        WITH RECURSIVE
            turns AS (SELECT uid, parent FROM turn
                WHERE conversation = (SELECT id FROM conversation WHERE uid = :uid)),
            above (uid) AS (SELECT parent FROM turns WHERE uid = :head
                UNION SELECT parent FROM turns JOIN above USING (uid))
        SELECT uid FROM above
    )
"""
_RECENT_ANSWER: Final = """
    SELECT turn.id, conversation.uid
    FROM turn JOIN conversation ON conversation.id = turn.conversation
    WHERE reply <> '' ORDER BY asked_at DESC, turn.id DESC LIMIT 1 OFFSET ?
"""
_TURNS_OF_CONVERSATION: Final = f"{SELECT_TURNS} WHERE conversation = ? ORDER BY id"
_TURN: Final = f"{SELECT_TURNS} WHERE id = ?"


class ConversationStore:
    """The conversations in one file. All methods raise StoreError and its subclasses.

    `lock_timeout`: seconds to wait for other processes. `may_replace`: set a damaged file aside.
    `part_size`: characters of a reply in one row.
    """

    def __init__(
        self,
        path: Path,
        lock_timeout: float = LOCK_TIMEOUT,
        *,
        may_replace: bool = True,
        part_size: int = PART_SIZE,
    ) -> None:
        self.database = Database(path, SCHEMA, lock_timeout, may_replace=may_replace)
        self._warned_of: Path | None = None
        self._part_size = part_size

    def take_warning(self) -> StoreError | None:
        """Return, once, the warning about a damaged file that was set aside."""
        kept = self.database.set_aside_as
        if kept == self._warned_of:
            return None
        self._warned_of = kept
        return StoreError(
            f"the history was damaged; it was moved to {kept}, and a new one was started",
            hint=f"recover what can be read of it: srchat history import {kept}",
        )

    def close(self) -> None:
        """Close the file."""
        self.database.close()

    def add_turn(
        self,
        conversation: Conversation,
        turn: TurnRecord,
        missing: Iterable[TurnRecord] = (),
        pieces: Sequence[str] = (),
    ) -> None:
        """Add a new turn and make it the head of its conversation.

        `missing`: earlier turns that could not be saved, or not completely.
        `pieces`: the reply, if it is not in `turn`.
        """
        system = sql_text(conversation.system)
        with self.database.transaction() as execute:
            execute(INSERT_CONVERSATION, conversation_parameters(conversation, turn))
            for earlier in missing:
                if not self._write(execute, INSERT_TURN, conversation, earlier):
                    self._write(execute, UPDATE_TURN, conversation, earlier)
            self._write(execute, INSERT_TURN, conversation, turn, pieces)
            execute(
                _SET_HEAD,
                {"uid": conversation.id, "head": turn.id, "system": system, "now": turn.asked_at},
            )

    def update_turn(
        self, conversation: Conversation, turn: TurnRecord, pieces: Sequence[str] = ()
    ) -> None:
        """Save the current state of a turn. A turn deleted in the meantime is not restored.

        `pieces`: see `add_turn`.
        """
        with self.database.transaction() as execute:
            self._write(execute, UPDATE_TURN, conversation, turn, pieces)

    def update(self, id: str, **changes: str | None) -> None:
        """Change the `title`, `system` prompt or `head` of an existing conversation.

        Other fields stay unchanged: another process may have written them.
        """
        with self.database.transaction() as execute:
            for name, value in changes.items():
                execute(_CHANGES[name], (sql_text(value), id))

    def add_conversation(self, conversation: Conversation) -> int:
        """Import a conversation and return the number of new turns.

        Existing turns stay unchanged. If the new turns continue the current branch, the imported
        head becomes the head.
        """
        values = conversation_parameters(conversation, None)
        with self.database.transaction() as execute:
            execute(INSERT_CONVERSATION, values)
            new = [
                turn.id
                for turn in conversation.turns
                if self._write(execute, INSERT_TURN, conversation, turn)
            ]
            if conversation.head in new:
                execute(_FAST_FORWARD, values)
        return len(new)

    def last_used(self, *, answered: bool = False) -> str | None:
        """Return the id of the conversation used last, None if the store is empty.

        `answered`: prefer conversations with an answer.
        """
        rows = self.database.query(_LAST_ANSWERED) if answered else []
        rows = rows or self.database.query(_LAST_USED)
        return str(rows[0][0]) if rows else None

    def recent_answer(self, number: int) -> tuple[str, TurnRecord] | None:
        """Return a turn with a reply and the id of its conversation; 1 is the newest."""
        for id_, uid in self.database.query(_RECENT_ANSWER, (number - 1,)):
            if turns := read_turns(  # pragma: no branch - race: just deleted
                self.database, _TURN, (id_,)
            ):
                return str(uid), turns[0]
        return None

    def find_by_title(self, title: str) -> str | None:
        """Return the id of the conversation with exactly this title, the one used last."""
        rows = self.database.query(
            "SELECT uid FROM conversation WHERE title = CAST(? AS TEXT)"
            " ORDER BY used_at DESC, id DESC LIMIT 1",
            (sql_text(title),),
        )
        return str(rows[0][0]) if rows else None

    def find(self, prefix: str) -> str:
        """Return the only ID that begins with `prefix`. Raises UsageError otherwise."""
        end = prefix + "\U0010ffff"
        rows = self.database.query(
            "SELECT uid FROM conversation WHERE uid >= CAST(? AS TEXT) AND uid < CAST(? AS TEXT)"
            " ORDER BY uid LIMIT 4",
            (sql_text(prefix), sql_text(end)),
        )
        found = [str(uid) for (uid,) in rows]
        if prefix in found:
            return prefix
        if not found or not prefix:
            raise UsageError(f"no conversation {prefix!r}", hint="srchat history list shows them")
        if len(found) > 1:
            some = ", ".join(found[:3]) + (" and more" if len(found) > 3 else "")
            raise UsageError(f"{prefix!r} matches several conversations: {some}")
        return found[0]

    def load(self, id: str) -> Conversation:
        """Return a conversation with all its turns. Raises StoreError if it does not exist."""
        if found := self.load_or_none(id):
            return found
        raise StoreError(f"the conversation {id} does not exist")

    def load_or_none(self, id: str) -> Conversation | None:
        """Return a conversation with all its turns, None if it does not exist."""
        rows = self.database.query(
            "SELECT id, uid, title, system, created_at, used_at, head"
            " FROM conversation WHERE uid = ?",
            (id,),
        )
        if not rows:
            return None
        row_id, uid, title, system, created_at, used_at, head = rows[0]
        turns = tuple(read_turns(self.database, _TURNS_OF_CONVERSATION, (row_id,)))
        if head and not turns:
            return None  # deleted between the two queries
        return Conversation(uid, title, system, created_at, used_at, head, turns)

    def summaries(self, limit: int | None = None) -> "Iterator[Summary]":
        """Return the conversations, most recently used first."""
        from srchat.history.summaries import summaries  # noqa: PLC0415 - not needed to save a turn

        return summaries(self.database, limit)

    def ids(self, unused_since: float | None = None) -> list[str]:
        """Return all ids, or those of conversations last used before `unused_since`."""
        rows = self.database.query(
            "SELECT uid FROM conversation WHERE used_at < ? ORDER BY used_at",
            (float("inf") if unused_since is None else unused_since,),
        )
        return [str(uid) for (uid,) in rows]

    def delete(self, ids: Iterable[str]) -> int:
        """Delete conversations, erase their text from the file, and return their number."""
        from srchat.history.deletion import delete  # noqa: PLC0415 - not needed to save a turn

        return delete(self.database, ids)

    def search(self, query: str, limit: int) -> "list[Hit]":
        """Return the turns that match a query, newest first. Raises UsageError."""
        from srchat.history.search import search  # noqa: PLC0415 - not needed to save a turn

        return search(self.database, query, limit)

    def context_window(self, base_url: str, model: str, now: float) -> int | None:
        """Return the saved context window of a server's model, in tokens, if not too old."""
        rows = self.database.query(
            "SELECT tokens FROM context_window"
            " WHERE base_url = ? AND model = CAST(? AS TEXT) AND learnt_at > ?",
            (base_url, sql_text(model), now - _WINDOW_MAX_AGE),
        )
        return int(rows[0][0]) if rows else None

    def save_windows(self, base_url: str, windows: dict[str, int], now: float) -> None:
        """Save context windows, in tokens by model."""
        with self.database.transaction() as execute:
            for model, tokens in windows.items():
                execute(
                    "INSERT OR REPLACE INTO context_window VALUES (?, CAST(? AS TEXT), ?, ?)",
                    (base_url, sql_text(model), tokens, now),
                )

    def _write(
        self,
        execute: Execute,
        sql: str,
        conversation: Conversation,
        turn: TurnRecord,
        pieces: Sequence[str] = (),
    ) -> bool:
        """Run INSERT_TURN or UPDATE_TURN; see `write_turn`."""
        return write_turn(
            execute, sql, conversation.id, turn, pieces or (turn.reply,), self._part_size
        )
