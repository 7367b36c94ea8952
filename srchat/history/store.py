"""ConversationStore: conversations on disk; saved while they happen, listed, loaded, deleted.

A text is stored exactly, whatever is in it: lone surrogates, NUL, megabytes. Nothing that
comes from outside is ever a path or a piece of SQL.
"""

import itertools
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from srchat.conversation import Conversation, TurnRecord
from srchat.errors import StoreError, UsageError
from srchat.history import PATIENCE
from srchat.history.database import Database, sql_text
from srchat.history.rows import (
    INSERT_CONVERSATION,
    INSERT_TURN,
    TURNS,
    UPDATE_TURN,
    conversation_values,
    sql_text_or_none,
    turn_of,
    turn_values,
)
from srchat.history.schema import SCHEMA
from srchat.history.search import Hit, index, search

_PAGE: Final = 200
_BATCH: Final = 200  # conversations that are deleted at once, so that no other process waits long
_MEMORY: Final = 30 * 86400.0  # seconds a learnt window holds; models behind a name change

_SUMMARIES: Final = """
    SELECT conversation.id, conversation.uid, title, created_at, used_at,
        (SELECT count(*) FROM turn WHERE turn.conversation = conversation.id),
        last.served_model, last.model, last.state
    FROM conversation
    LEFT JOIN turn AS last
        ON last.conversation = conversation.id AND last.uid = conversation.head
    WHERE (used_at, conversation.id) < (?, ?)
    ORDER BY used_at DESC, conversation.id DESC LIMIT ?
"""

_LAST_USED: Final = "SELECT uid FROM conversation ORDER BY used_at DESC, id DESC LIMIT 1"
_LAST_ANSWERED: Final = """
    SELECT uid FROM conversation
    WHERE EXISTS (SELECT 1 FROM turn WHERE turn.conversation = conversation.id AND reply != '')
    ORDER BY used_at DESC, id DESC LIMIT 1
"""

# The one used last comes after all others, even when the clock has been put back meanwhile.
_USE: Final = """
    UPDATE conversation SET head = :head, system = CAST(:system AS TEXT), used_at =
        max(:now, ifnull((SELECT max(used_at) + 0.001 FROM conversation WHERE uid != :uid), 0))
    WHERE uid = :uid
"""
_CHANGES: Final = {
    "title": "UPDATE conversation SET title = CAST(? AS TEXT) WHERE uid = ?",
    "system": "UPDATE conversation SET system = CAST(? AS TEXT) WHERE uid = ?",
    "head": "UPDATE conversation SET head = CAST(? AS TEXT) WHERE uid = ?",
}
# Only where the branch in use goes on to the new head: nobody's choice of a branch is undone.
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
_DELETE_TURNS: Final = """
    DELETE FROM turn WHERE conversation = (SELECT id FROM conversation WHERE uid = ?)
"""
_DELETE_CONVERSATION: Final = "DELETE FROM conversation WHERE uid = ?"


class Summary(NamedTuple):
    """A conversation in a list. Times are Unix seconds; `turns` counts those of all branches.

    `model`: the one that answered last. `complete`: whether its last reply is.
    """

    id: str
    title: str
    created_at: float
    used_at: float
    turns: int
    model: str
    complete: bool


class ConversationStore:
    """The conversations in one file. Raises StoreError and its kin everywhere.

    `patience`: the seconds to wait for other processes. `may_replace`: set a damaged file aside.
    """

    def __init__(self, path: Path, patience: float = PATIENCE, *, may_replace: bool = True) -> None:
        self.database = Database(path, SCHEMA, patience, may_replace=may_replace)
        self._told: Path | None = None

    def take_warning(self) -> StoreError | None:
        """Return, once, the warning about a damaged file that was set aside."""
        kept = self.database.set_aside_as
        if kept == self._told:
            return None
        self._told = kept
        return StoreError(
            f"the history was damaged; it was moved to {kept}, and a new one was started",
            hint=f"recover what can be read of it: srchat history import {kept}",
        )

    def close(self) -> None:
        """Close the file."""
        self.database.close()

    def add_turn(
        self, conversation: Conversation, turn: TurnRecord, missed: Iterable[TurnRecord] = ()
    ) -> None:
        """Store a turn that has just been asked; it becomes the head of its conversation.

        `missed`: those before it that could not be stored in their time, or not to their end.
        """
        system = sql_text_or_none(conversation.system)
        with self.database.writing() as execute:
            execute(INSERT_CONVERSATION, conversation_values(conversation, turn))
            for each in missed:
                execute(INSERT_TURN, turn_values(conversation.id, each))
                execute(UPDATE_TURN, turn_values(conversation.id, each))
            execute(INSERT_TURN, turn_values(conversation.id, turn))
            execute(
                _USE,
                {"uid": conversation.id, "head": turn.id, "system": system, "now": turn.asked_at},
            )

    def update_turn(self, conversation: Conversation, turn: TurnRecord) -> None:
        """Store what came of a turn so far. One that has been deleted meanwhile stays so."""
        with self.database.writing() as execute:
            execute(UPDATE_TURN, turn_values(conversation.id, turn))

    def update(self, id: str, **changes: str | None) -> None:
        """Store another `title`, `system` prompt or `head` of a conversation that is there.

        What is not named stays as it is: another process may have changed it.
        """
        with self.database.writing() as execute:
            for name, value in changes.items():
                execute(_CHANGES[name], (sql_text_or_none(value), id))

    def add_conversation(self, conversation: Conversation) -> int:
        """Store a conversation that came from elsewhere; return how many of its turns are new.

        What is there already stays as it is; where it goes on with new turns, their end is its
        head now.
        """
        values = conversation_values(conversation, None)
        with self.database.writing() as execute:
            execute(INSERT_CONVERSATION, values)
            new = [
                turn.id
                for turn in conversation.turns
                if execute(INSERT_TURN, turn_values(conversation.id, turn)).rowcount
            ]
            if conversation.head in new:
                execute(_FAST_FORWARD, values)
        return len(new)

    def last_used(self, *, answered: bool = False) -> str | None:
        """Return the id of the conversation used last, None where there is none.

        `answered`: of those in which something was answered, if there are any.
        """
        rows = self.database.rows(_LAST_ANSWERED) if answered else []
        rows = rows or self.database.rows(_LAST_USED)
        return str(rows[0][0]) if rows else None

    def find(self, prefix: str) -> str:
        """Return the id that begins with `prefix`. Raises UsageError unless it is exactly one."""
        end = prefix + "\U0010ffff"
        rows = self.database.rows(
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
            raise UsageError(f"{prefix!r} begins several conversations: {some}")
        return found[0]

    def load(self, id: str) -> Conversation:
        """Return a conversation with all its turns. Raises StoreError where it is gone."""
        if found := self.load_if_there(id):
            return found
        raise StoreError(f"the conversation {id} is not there")

    def load_if_there(self, id: str) -> Conversation | None:
        """Return a conversation with all its turns, None where it was deleted."""
        rows = self.database.rows(
            "SELECT id, uid, title, system, created_at, used_at, head"
            " FROM conversation WHERE uid = ?",
            (id,),
        )
        if not rows:
            return None
        row_id, uid, title, system, created_at, used_at, head = rows[0]
        turns = tuple(turn_of(row) for row in self.database.rows(TURNS, (row_id,)))
        if head and not turns:
            return None  # it was deleted between the two reads
        return Conversation(uid, title, system, created_at, used_at, head, turns)

    def summaries(self, limit: int | None = None) -> Iterator[Summary]:
        """Yield the conversations, the one used last first."""
        place: tuple[float, int] = (float("inf"), 0)
        while limit is None or limit > 0:
            size = _PAGE if limit is None else min(limit, _PAGE)
            rows = self.database.rows(_SUMMARIES, (*place, size))
            for id_, uid, title, created_at, used_at, turns, served, model, state in rows:
                place = (used_at, id_)
                yield Summary(
                    uid, title, created_at, used_at, turns, served or model or "",
                    state == "complete",
                )  # fmt: skip
            if len(rows) < size:
                return
            limit = None if limit is None else limit - size

    def ids(self, unused_since: float | None = None) -> list[str]:
        """Return all ids, or those of conversations that were last used before a time."""
        rows = self.database.rows(
            "SELECT uid FROM conversation WHERE used_at < ? ORDER BY used_at",
            (float("inf") if unused_since is None else unused_since,),
        )
        return [str(uid) for (uid,) in rows]

    def delete(self, ids: Iterable[str]) -> int:
        """Delete conversations, so that their words are gone from the file, too.

        Returns how many there were.
        """
        count = 0
        self.database.maintain("PRAGMA secure_delete = ON")
        rest = iter(ids)
        while batch := list(itertools.islice(rest, _BATCH)):
            count += self._delete_batch(batch)
            self.database.give_way()
        with self.database.writing() as execute:
            # Until its segments are merged, the index of words remembers those that are gone.
            execute("INSERT INTO turn_words (turn_words) VALUES ('optimize')")
        self._shrink()
        return count

    def _delete_batch(self, ids: Sequence[str]) -> int:
        with self.database.writing() as execute:
            for uid in ids:
                execute(_DELETE_TURNS, (uid,))
            return sum(execute(_DELETE_CONVERSATION, (uid,)).rowcount for uid in ids)

    def _shrink(self) -> None:
        ((free,),) = self.database.rows("PRAGMA freelist_count")
        ((pages,),) = self.database.rows("PRAGMA page_count")
        if free * 2 > pages:
            self.database.maintain("VACUUM")
        self.database.maintain("PRAGMA wal_checkpoint(TRUNCATE)")  # the log has the texts, too

    def search(self, query: str, limit: int) -> list[Hit]:
        """Return the turns in which all of a query occurs, the newest first."""
        return search(self.database, query, limit)

    def index(self) -> None:
        """Have new turns ready for search, which otherwise the next search does."""
        index(self.database)

    def context_window(self, base_url: str, model: str, now: float) -> int | None:
        """Return the window that a server was learnt to have for a model, in tokens."""
        rows = self.database.rows(
            "SELECT tokens FROM context_window"
            " WHERE base_url = ? AND model = CAST(? AS TEXT) AND learnt_at > ?",
            (base_url, sql_text_or_none(model), now - _MEMORY),
        )
        return int(rows[0][0]) if rows else None

    def learn_windows(self, base_url: str, windows: dict[str, int], now: float) -> None:
        """Remember windows by model."""
        with self.database.writing() as execute:
            for model, tokens in windows.items():
                execute(
                    "INSERT OR REPLACE INTO context_window VALUES (?, CAST(? AS TEXT), ?, ?)",
                    (base_url, sql_text_or_none(model), tokens, now),
                )
