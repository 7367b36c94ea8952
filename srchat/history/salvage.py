"""Read another history: a copy, a backup, or one that was set aside because it is damaged.

Every row is read by itself, so that a damaged page costs only what was in it. What a file of
unknown origin holds is checked as an export is.
"""

import contextlib
import dataclasses
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from srchat.conversation import Conversation, TurnRecord, title_of
from srchat.errors import StoreError
from srchat.history import PATIENCE
from srchat.history.database import Database, Row
from srchat.history.rows import turn_of
from srchat.history.schema import SCHEMA
from srchat.history.transcript import checked

_FARTHEST: Final = 2**40  # ids to skip in search of the next row that can be read
_CONVERSATIONS: Final = """
    SELECT id, uid, title, system, created_at, used_at, head
    FROM conversation NOT INDEXED WHERE id > ? ORDER BY id LIMIT 1
"""
_TURNS: Final = """
    SELECT id, conversation, uid, prompt, parent, reply, state, reason, finish_reason, base_url,
        model, served_model, prompt_tokens, completion_tokens, total_tokens, estimated_tokens,
        asked_at, first_at, ended_at, attachments, words_at
    FROM turn NOT INDEXED WHERE id > ? ORDER BY id LIMIT 1
"""
_TURNS_OF_VERSION_1: Final = _TURNS.replace("attachments, words_at", "'[]', 0")
_COLUMN_NAMES: Final = "SELECT name FROM pragma_table_info('turn')"


class Salvaged(NamedTuple):
    """What could be read of a history. `is_whole`: that is all of it."""

    conversations: list[Conversation]
    is_whole: bool


def salvaged(path: Path) -> Salvaged:
    """Return what can be read of a history; nothing is changed in it.

    Raises OSError, and StoreError where it is no history at all.
    """
    with tempfile.TemporaryDirectory(prefix="srchat-") as folder:
        copy = Path(folder, "history.db")
        shutil.copyfile(path, copy)
        with contextlib.suppress(FileNotFoundError):
            shutil.copyfile(f"{path}-wal", f"{copy}-wal")
        try:
            database = Database(copy, SCHEMA, PATIENCE, may_replace=False, takes_damage=True)
        except StoreError as exc:
            raise StoreError(exc.message.replace(str(copy), str(path))) from exc
        with contextlib.closing(database):
            return _read(database)


def _read(database: Database) -> Salvaged:
    columns = {name for (name,) in database.rows(_COLUMN_NAMES)}
    turns_sql = _TURNS if "words_at" in columns else _TURNS_OF_VERSION_1
    rows, turn_rows = _Rows(database, _CONVERSATIONS), _Rows(database, turns_sql)
    known = {row[0]: Conversation(*row[1:]) for row in rows}
    turns: dict[int, list[TurnRecord]] = {}
    for _, conversation, *row in turn_rows:
        turns.setdefault(conversation, []).append(turn_of(tuple(row)))
    keys = dict.fromkeys([*known, *turns])
    read = [_conversation(known.get(key), turns.get(key, [])) for key in keys]
    found = [conversation for conversation in read if conversation]
    stored = [(known[key].id, len(turns.get(key, []))) for key in known]
    is_whole = stored == [(conversation.id, len(conversation.turns)) for conversation in found]
    return Salvaged(found, rows.are_all and turn_rows.are_all and is_whole)


def _conversation(
    conversation: Conversation | None, turns: Sequence[TurnRecord]
) -> Conversation | None:
    """Return a conversation with those of its turns that are as they should be."""
    if conversation:
        with contextlib.suppress(ValueError):
            return checked(dataclasses.replace(conversation, turns=tuple(turns)))
    return _conversation_of(checked(Conversation("lost", turns=tuple(turns))).turns)


def _conversation_of(turns: Sequence[TurnRecord]) -> Conversation | None:
    """Return a conversation for turns that have lost theirs, the same one each time."""
    if not turns:
        return None
    first, last = turns[0], turns[-1]
    return Conversation(
        first.id, title_of(first.prompt), None, first.asked_at, last.asked_at, last.id, tuple(turns)
    )


class _Rows:
    """Iterate the rows that can be read, in the order of their ids. `are_all`: none was lost."""

    def __init__(self, database: Database, sql: str) -> None:
        self.are_all = True
        self._database = database
        self._sql = sql

    def __iter__(self) -> Iterator[Row]:
        last, step = 0, 1
        while step < _FARTHEST:
            try:
                rows = self._database.rows(self._sql, (last,))
            except StoreError:
                self.are_all = False
                last, step = last + step, 2 * step
                continue
            if not rows:
                return
            yield rows[0]
            last, step = max(last + 1, rows[0][0]), 1  # a damaged page may lead back
