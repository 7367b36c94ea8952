"""What can be read of damaged and older histories."""

import contextlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from srchat.history.salvage import salvage
from srchat.history.store import ConversationStore
from tests.conftest import Srchat
from tests.support.damaged_files import (
    create_history,
    execute_sql,
    half,
    no_header,
    noise,
    overwrite,
    torn_pages,
    torn_schema,
)
from tests.support.reply_parts import SIZE, create_old, save


@pytest.fixture
def store(path: Path) -> Iterator[ConversationStore]:
    with contextlib.closing(ConversationStore(path, part_size=SIZE)) as opened:
        yield opened


def torn_page(path: Path) -> None:
    create_history(path)
    page = path.read_bytes().index(b"x" * 1500, path.stat().st_size // 2) & ~4095
    overwrite(path, page, os.urandom(4096))


def import_turns(srchat: Srchat, path: Path) -> int:
    """Set the history aside, import it, and return the number of turns recovered."""
    aside = path.rename(path.with_name("history.db.broken-1"))
    before = aside.read_bytes()
    result = srchat("history", "import", str(aside))
    assert result.code == 0, result.err
    assert aside.read_bytes() == before
    assert "is damaged; importing what can be read" in result.err
    store = ConversationStore(path)
    count = sum(len(store.load(id_).turns) for id_ in store.ids())
    store.close()
    return count


@pytest.mark.parametrize(("damage", "least"), [(half, 80), (torn_page, 190)])
def test_import_salvages_a_damaged_history_without_changing_it(
    path: Path, srchat: Srchat, damage: Callable[[Path], None], least: int
) -> None:
    damage(path)
    assert least <= import_turns(srchat, path) < 200


@pytest.mark.parametrize(
    "change",
    [
        "DELETE FROM conversation WHERE uid = 'old1'",
        "UPDATE conversation SET used_at = 'abc', title = x'ff' WHERE uid = 'old1'",
    ],
)
def test_import_salvages_turns_without_a_conversation(
    path: Path, srchat: Srchat, change: str
) -> None:
    create_history(path, 3)
    execute_sql(path, change)
    assert import_turns(srchat, path) == 3
    assert "an old prompt" in srchat("history", "show", "turn1").text


def test_import_skips_invalid_turns(path: Path, srchat: Srchat) -> None:
    create_history(path, 3)
    execute_sql(
        path, "UPDATE turn SET prompt = x'ff00', prompt_tokens = 'many' WHERE uid = 'turn1'"
    )
    assert import_turns(srchat, path) == 2


def newer(path: Path) -> None:
    create_history(path, 1)
    execute_sql(path, "PRAGMA user_version = 99")


def foreign(path: Path) -> None:
    execute_sql(path, "CREATE TABLE t (a)")


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (newer, "was written by a newer srchat"),
        (foreign, "is the database of another program"),
        (noise, "is damaged"),
        (no_header, "is damaged"),
        (torn_schema, "is damaged"),
        (torn_pages, "nothing in it can be read"),
    ],
)
def test_import_errors_have_a_reason(
    path: Path, srchat: Srchat, damage: Callable[[Path], None], reason: str
) -> None:
    damage(path)
    aside = path.rename(path.with_name("history.db.broken-1"))
    result = srchat("history", "import", str(aside))
    assert result.code == 2
    assert f"{aside}" in result.err
    assert reason in result.err
    assert not path.exists()


def test_a_file_without_parts_is_salvaged(path: Path) -> None:
    create_old(path, *["an old reply"] * 3)
    assert [len(kept.turns) for kept in salvage(path).conversations] == [3]
    assert salvage(path).is_complete
    create_old(old := path.with_name("damaged.db"), *["x" * 2000] * 40)
    tear(old, b"x" * 500)
    ((kept,), is_complete) = salvage(old)
    assert 30 <= len(kept.turns) < 40
    assert not is_complete


def tear(path: Path, text: bytes) -> None:
    """Overwrite the page with the end of a text."""
    data = path.read_bytes()
    page = data.rindex(text) & ~4095
    path.write_bytes(data[:page] + b"\xff" * 4096 + data[page + 4096 :])


@pytest.mark.parametrize(
    ("loss", "left"),
    [
        ("DELETE FROM reply_part WHERE position = 1", 1),
        ("DELETE FROM reply_part WHERE position = 2", 2),
        ("DELETE FROM reply_part WHERE position = 3", 3),
        ("UPDATE reply_part SET text = x'00' WHERE position = 2", 2),
        ("UPDATE turn SET reply_parts = 'many' WHERE reply_parts", 1),
        ("UPDATE turn SET reply_parts = 1 << 60 WHERE reply_parts", 4),
    ],
)
def test_a_reply_is_salvaged_up_to_a_lost_part(
    store: ConversationStore, path: Path, loss: str, left: int
) -> None:
    turn, other = save(store, "0123456789" * 3), save(store, "short", "talk2")
    assert salvage(path) == ([store.load("talk1"), store.load("talk2")], True)
    with store.database.transaction() as execute:
        execute(loss)
    (kept, intact), is_complete = salvage(path)
    reason = "the rest of the answer was lost: the history was damaged"
    assert kept.turns == (
        turn._replace(reply=turn.reply[: left * SIZE], complete=False, reason=reason),
    )
    assert intact.turns == (other,)
    assert not is_complete


def test_a_damaged_page_loses_one_part(path: Path) -> None:
    store = ConversationStore(path, part_size=10_000)
    turn = save(store, "".join(f"{number:9}." for number in range(5000)))
    store.close()
    tear(path, b"     4200.")
    ((kept,), is_complete) = salvage(path)
    assert kept.turns[0].reply == turn.reply[:40_000]
    assert not kept.turns[0].complete
    assert not is_complete
