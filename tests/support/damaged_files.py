"""Files in place of a history: damaged, truncated, or something else."""

import os
import sqlite3  # noqa: TID251 - to inspect the file
from pathlib import Path

from srchat.conversation import Conversation, TurnRecord
from srchat.history.store import ConversationStore


def create_history(path: Path, turns: int = 200) -> None:
    store = ConversationStore(path)
    turn = TurnRecord("old", "an old prompt", reply="x" * 2000, asked_at=1.0)
    for number in range(turns):
        record = turn._replace(id=f"turn{number}")
        store.add_turn(Conversation(f"old{number}").with_turn(record), record)
    store.close()


def overwrite(path: Path, offset: int, data: bytes) -> None:
    with path.open("r+b") as file:
        file.seek(offset)
        file.write(data)


def text(path: Path) -> None:
    path.write_text("this is no database\n" * 100)


def noise(path: Path) -> None:
    path.write_bytes(os.urandom(20_000))


def truncated(path: Path) -> None:
    create_history(path)
    path.write_bytes(path.read_bytes()[:700])


def half(path: Path) -> None:
    create_history(path)
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])


def no_header(path: Path) -> None:
    create_history(path)
    overwrite(path, 0, b"\0" * 100)


def torn_schema(path: Path) -> None:
    create_history(path)
    overwrite(path, 100, os.urandom(3996))


def torn_pages(path: Path) -> None:
    create_history(path)
    overwrite(path, 4096, os.urandom(path.stat().st_size - 4096))


def no_table(path: Path) -> None:
    create_history(path)
    with sqlite3.connect(path) as connection:
        connection.execute("DROP TABLE turn")
    connection.close()


def zeros(path: Path) -> None:
    path.write_bytes(b"\0" * 8192)


def delete(path: Path) -> None:
    for file in path.parent.glob(f"{path.name}*"):
        file.unlink()


def execute_sql(path: Path, sql: str) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute(sql)
    connection.close()


DAMAGE = [text, noise, truncated, half, no_header, torn_schema, torn_pages, no_table, zeros]
