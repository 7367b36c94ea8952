"""Deletes conversations and erases their text from the file.

SQLite leaves deleted rows in free pages, in the full-text index and in the write-ahead log.
"""

import itertools
from collections.abc import Iterable, Sequence
from typing import Final

from srchat.history.database import Database

_BATCH_SIZE: Final = 200  # conversations; short transactions let other processes write
_DELETE_TURNS: Final = """
    DELETE FROM turn WHERE conversation = (SELECT id FROM conversation WHERE uid = ?)
"""
_DELETE_CONVERSATION: Final = "DELETE FROM conversation WHERE uid = ?"


def delete(database: Database, ids: Iterable[str]) -> int:
    """Delete conversations with all their turns, and return the number of those that existed."""
    count = 0
    database.maintain("PRAGMA secure_delete = ON")
    remaining = iter(ids)
    while batch := list(itertools.islice(remaining, _BATCH_SIZE)):
        count += _delete_batch(database, batch)
        database.let_others_write()
    with database.transaction() as execute:
        # The index contains deleted words until its segments are merged.
        execute("INSERT INTO turn_words (turn_words) VALUES ('optimize')")
    _shrink(database)
    return count


def _delete_batch(database: Database, ids: Sequence[str]) -> int:
    with database.transaction() as execute:
        for uid in ids:
            execute(_DELETE_TURNS, (uid,))
        return sum(execute(_DELETE_CONVERSATION, (uid,)).rowcount for uid in ids)


def _shrink(database: Database) -> None:
    ((free,),) = database.query("PRAGMA freelist_count")
    ((pages,),) = database.query("PRAGMA page_count")
    if free * 2 > pages:
        database.maintain("VACUUM")
    database.maintain("PRAGMA wal_checkpoint(TRUNCATE)")  # the log has deleted texts
