"""Files of older versions get the tables of this one."""

import contextlib
import sqlite3  # noqa: TID251 - to inspect the file
from pathlib import Path

import pytest

from srchat.conversation import Conversation
from srchat.history.database import Database, Row
from srchat.history.reply_parts import PART_SIZE
from srchat.history.schema import ADDED_COLUMNS, SCHEMA
from srchat.history.store import ConversationStore
from tests.support.conversations import found
from tests.support.reply_parts import SIZE, check, create_old


def columns_of(path: Path) -> set[Row]:
    """Open a file, which migrates it, and return its tables, their columns and the triggers."""
    with contextlib.closing(Database(path, SCHEMA, 1.0)) as database:
        return set(
            database.query(
                "SELECT entry.type, entry.name, field.name, field.type, field.dflt_value"
                " FROM sqlite_schema AS entry LEFT JOIN pragma_table_info(entry.name) AS field"
            )
        )


def test_a_file_without_parts_is_migrated(path: Path) -> None:
    replies = ["a long old reply, indexed", "another old reply", "x" * (2 * PART_SIZE)]
    create_old(path, *replies)
    store = ConversationStore(path, part_size=SIZE)
    assert [turn.reply for turn in store.load("talk1").turns] == replies
    check(store)
    assert found(store, "indexed") == found(store, "another") == ["talk1"]
    store.update_turn(
        Conversation("talk1"), store.load("talk1").turns[0]._replace(reply="new " * 9)
    )
    assert found(store, "indexed") == []
    assert found(store, '"new new new"') == ["talk1"]
    check(store)
    store.close()
    is_on_one_page = path.read_bytes()[100] == 13  # a leaf
    assert is_on_one_page, "damage to another page would lose the names of the tables"


@pytest.mark.parametrize("version", range(1, len(SCHEMA.migrations)))
def test_a_file_of_each_older_version_gets_the_tables_of_a_new_one(
    path: Path, version: int
) -> None:
    tables = {name: since for name, since in SCHEMA.tables.items() if since <= version}
    old = SCHEMA._replace(tables=tables, migrations=SCHEMA.migrations[:version])
    Database(path, old, 1.0).close()
    new = path.with_name("new.db")
    assert columns_of(path) == columns_of(new)


def test_columns_that_older_files_lack_have_the_same_values_when_salvaged(path: Path) -> None:
    Database(path, SCHEMA._replace(tables={}, migrations=SCHEMA.migrations[:1]), 1.0).close()
    with contextlib.closing(sqlite3.connect(path)) as connection:
        before = {
            row[0] for row in connection.execute("SELECT name FROM pragma_table_info('turn')")
        }
    after = {column: value for _, table, column, _, value in columns_of(path) if table == "turn"}
    added = {column: value for column, value in after.items() if column not in before}
    assert added == ADDED_COLUMNS
