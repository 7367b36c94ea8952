"""Reads another history file: a copy, a backup, or a damaged one that was set aside.

Each row is read by a separate query, so that a damaged page loses only its own rows. The content
is checked like an imported export.
"""

import contextlib
import shutil
import tempfile
from collections.abc import Container, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from srchat.conversation import Conversation, TurnRecord, title_of
from srchat.errors import StoreError
from srchat.history import LOCK_TIMEOUT
from srchat.history.database import Database, Row
from srchat.history.rows import TURN_COLUMNS, turn_from_row
from srchat.history.schema import ADDED_COLUMNS, SCHEMA
from srchat.history.transcript import checked

_MAX_ID_GAP: Final = 2**40  # ids to skip in search of the next readable row
_CONVERSATIONS: Final = """
    SELECT id, uid, title, system, created_at, used_at, head
    FROM conversation NOT INDEXED WHERE id > ? ORDER BY id LIMIT 1
"""
_REPLY_PARTS: Final = """
    SELECT id, turn, position, text
    FROM reply_part NOT INDEXED WHERE id > ? ORDER BY id LIMIT 1
"""
_LOST: Final = "the rest of the answer was lost: the history was damaged"
_COLUMN_NAMES: Final = "SELECT name FROM pragma_table_info('turn')"


class SalvagedHistory(NamedTuple):
    """The readable conversations; `is_complete` is False if any data was lost."""

    conversations: list[Conversation]
    is_complete: bool


def salvage(path: Path) -> SalvagedHistory:
    """Return what can be read of a history file, which is not modified.

    Raises OSError, and StoreError if it is not a history.
    """
    with tempfile.TemporaryDirectory(prefix="srchat-") as folder:
        copy = Path(folder, "history.db")
        shutil.copyfile(path, copy)
        with contextlib.suppress(FileNotFoundError):
            shutil.copyfile(f"{path}-wal", f"{copy}-wal")
        try:
            database = Database(copy, SCHEMA, LOCK_TIMEOUT, may_replace=False, tolerate_damage=True)
        except StoreError as exc:
            raise StoreError(exc.message.replace(str(copy), str(path))) from exc
        with contextlib.closing(database):
            return _read(database)


def _read(database: Database) -> SalvagedHistory:
    columns = {name for (name,) in database.query(_COLUMN_NAMES)}
    rows = _ReadableRows(database, _CONVERSATIONS)
    turn_rows = _ReadableRows(database, _turns_sql(columns))
    known = {row[0]: Conversation(*row[1:]) for row in rows}
    parts = _ReplyParts(_ReadableRows(database, _REPLY_PARTS) if "reply_parts" in columns else ())
    turns: dict[int, list[TurnRecord]] = {}
    for id_, conversation, count, *row in turn_rows:
        turn = parts.add_to(turn_from_row(tuple(row)), id_, count)
        turns.setdefault(conversation, []).append(turn)
    keys = dict.fromkeys([*known, *turns])
    read = [_conversation(known.get(key), turns.get(key, [])) for key in keys]
    found = [conversation for conversation in read if conversation]
    stored = [(known[key].id, len(turns.get(key, []))) for key in known]
    all_valid = stored == [(conversation.id, len(conversation.turns)) for conversation in found]
    all_read = rows.is_complete and turn_rows.is_complete and parts.is_complete
    return SalvagedHistory(found, all_read and all_valid)


def _turns_sql(columns: Container[str]) -> str:
    """Return the query for one turn of a file that has `columns`."""
    wanted = ("reply_parts", *TURN_COLUMNS)
    names = [name if name in columns else ADDED_COLUMNS[name] for name in wanted]
    return (
        f"SELECT id, conversation, {', '.join(names)} "  # noqa: S608 - constants
        "FROM turn NOT INDEXED WHERE id > ? ORDER BY id LIMIT 1"
    )


def _conversation(
    conversation: Conversation | None, turns: Sequence[TurnRecord]
) -> Conversation | None:
    """Return a conversation with its valid turns, None if it and all its turns are lost."""
    if conversation:
        with contextlib.suppress(ValueError):
            return checked(conversation._replace(turns=tuple(turns)))
    return _conversation_of(checked(Conversation("lost", turns=tuple(turns))).turns)


def _conversation_of(turns: Sequence[TurnRecord]) -> Conversation | None:
    """Return a conversation for turns without one; its ID depends only on the turns."""
    if not turns:
        return None
    first, last = turns[0], turns[-1]
    return Conversation(
        first.id, title_of(first.prompt), None, first.asked_at, last.asked_at, last.id, tuple(turns)
    )


class _ReplyParts:
    """The readable parts of long replies; `is_complete` is False after a lost one."""

    def __init__(self, rows: Iterable[Row]) -> None:
        self.is_complete = True
        self._texts = {(turn, position): text for _, turn, position, text in rows}

    def add_to(self, turn: TurnRecord, id: int, count: object) -> TurnRecord:
        """Return a turn with its reply up to the first lost part.

        `id`, `count`: the turn's number, and that of its parts after the first.
        """
        if not isinstance(turn.reply, str):
            return turn  # pragma: no cover - a row of a damaged page; it is skipped later
        numbers = range(1, count + 1) if isinstance(count, int) else ()
        texts = [turn.reply]
        for text in (self._texts.get((id, number)) for number in numbers):
            if not isinstance(text, str):
                break
            texts.append(text)
        whole = turn._replace(reply="".join(texts))
        if len(texts) - 1 == count:
            return whole
        self.is_complete = False
        return whole._replace(complete=False, reason=_LOST)


class _ReadableRows:
    """The readable rows in order of id; `is_complete` is False after an unreadable one."""

    def __init__(self, database: Database, sql: str) -> None:
        self.is_complete = True
        self._database = database
        self._sql = sql

    def __iter__(self) -> Iterator[Row]:
        last, step = 0, 1
        while step < _MAX_ID_GAP:
            try:
                rows = self._database.query(self._sql, (last,))
            except StoreError:
                self.is_complete = False
                last, step = last + step, 2 * step
                continue
            if not rows:
                return
            yield rows[0]
            last, step = max(last + 1, rows[0][0]), 1  # a damaged page may return a smaller id
