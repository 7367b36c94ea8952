"""Texts come back from SQLite exactly."""

import contextlib
import sqlite3  # noqa: TID251 - to inspect the file
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from srchat.history.sql_text import decoded_text, sql_text
from srchat.history.store import ConversationStore
from tests.support.conversations import save


def test_invalid_utf8_is_read_with_replacement_characters(
    store: ConversationStore, path: Path
) -> None:
    save(store, "c1", "hello")
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE conversation SET title = CAST(x'ff41' AS TEXT)")
    assert store.load("c1").title == "\ufffdA"


@given(st.text(st.characters(codec=None)))
def test_every_text_comes_back(text: str) -> None:
    with contextlib.closing(sqlite3.connect(":memory:")) as connection:
        connection.text_factory = decoded_text
        stored = connection.execute("SELECT CAST(? AS TEXT)", (sql_text(text),)).fetchone()
    assert stored == (text,)


def test_no_text_is_null() -> None:
    assert sql_text(None) is None
