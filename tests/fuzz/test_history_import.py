"""Random and damaged exports and databases are imported or rejected, without losing data."""

import contextlib
import copy
import json
import os
import random
import shutil
import sqlite3  # noqa: TID251 - to write what srchat never does
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from srchat.api.models import Usage
from srchat.cli.app import build_app
from srchat.cli.process import Process
from srchat.conversation import Conversation, TurnRecord, title_of
from srchat.errors import ExitCode, SrchatError
from srchat.history.store import ConversationStore
from srchat.history.transcript import conversation_to_json
from srchat.terminal.streams import Messages, Output
from tests.fuzz.seeds import seeds

pytestmark = pytest.mark.slow

_PIECES = (
    "a", " ", "\n", "\0", "é", "日本", "\udc00", "\ud83d", "\ufdd0", "\x1b[31m", '"', "\\", "```\n",
    "\u2028", "x" * 5000, "'; DROP TABLE turn", "%", "\ufeff",
)  # fmt: skip
_ODD: tuple[Any, ...] = (
    None, True, 0, -1, 1.5, 1e300, 2**53, 2**63, 10**30, float("nan"), float("inf"), "", "0",
    "aaaa", "../../x", "\udc00", [], {}, [[]], {"id": "aaaa"},
)  # fmt: skip
_ODD_SQL = (
    "NULL", "0", "-1", "1e300", "9e999", "9223372036854775807", "''", "'../x'", "x'ff00'",
    "zeroblob(9)", "x'edb080'", "'complete'", "char(0)", "printf('%.9000c', 'x')",
)  # fmt: skip
_EXISTING = ("aaaa1111", "bbbb2222")
_NAMES = (*_EXISTING, "cccc3333", "dddd4444")


# --- random files ----------------------------------------------------------------------------


def _text(rng: random.Random) -> str:
    return "".join(rng.choices(_PIECES, k=rng.randrange(5)))


def _turn(rng: random.Random, id: str, before: list[TurnRecord]) -> TurnRecord:
    complete = rng.random() < 0.7
    return TurnRecord(
        id,
        _text(rng),
        parent=rng.choice([*(turn.id for turn in before), None]),
        reply=_text(rng),
        complete=complete,
        reason="" if complete else "lost",
        model=_text(rng),
        usage=rng.choice((None, Usage(1, 2, 3))),
        asked_at=rng.uniform(0, 1e9),
        ended_at=rng.choice((None, 5.0)),
    )


def _conversation(rng: random.Random, id: str) -> Conversation:
    turns: list[TurnRecord] = []
    for index in range(rng.randrange(5)):
        # Few ids, so that two versions of a conversation have some turns in common.
        turns.append(_turn(rng, f"{id}{index}{rng.randrange(3)}", turns))
    return Conversation(
        id,
        (turns and title_of(turns[0].prompt)) or _text(rng),
        rng.choice((None, "Be brief.")),
        rng.uniform(0, 1e9),
        rng.uniform(0, 1e9),
        rng.choice([*(turn.id for turn in turns), None]),
        tuple(turns),
    )


def _document(conversations: list[Conversation]) -> dict[str, Any]:
    items = [conversation_to_json(conversation) for conversation in conversations]
    return {"srchat_history": 1, "conversations": items}


def _as_json(rng: random.Random, file: Path, conversations: list[Conversation]) -> None:
    document = _document(conversations)
    for _ in range(rng.choice((0, 1, 1, 3))):
        _change(rng, document)
    file.write_text(json.dumps(document))


def _change(rng: random.Random, document: dict[str, Any]) -> None:
    """Change one value somewhere in a document."""
    node: Any = document
    while True:
        keys = list(node) if isinstance(node, dict) else list(range(len(node)))
        if not keys:
            return
        key = rng.choice(keys)
        if isinstance(node[key], dict | list) and node[key] and rng.random() < 0.8:
            node = node[key]
            continue
        if rng.random() < 0.3:
            del node[key]
        else:
            node[key] = copy.deepcopy(rng.choice(_ODD))
        return


def _as_bytes(rng: random.Random, file: Path, conversations: list[Conversation]) -> None:
    _as_json(rng, file, conversations)
    _damage(rng, file)


def _as_database(rng: random.Random, file: Path, conversations: list[Conversation]) -> None:
    store = ConversationStore(file)
    for conversation in conversations:
        store.add_conversation(conversation)
    store.close()
    with sqlite3.connect(file) as connection:
        for _ in range(rng.choice((0, 1, 3))):
            _change_rows(rng, connection)
    connection.close()


def _change_rows(rng: random.Random, connection: sqlite3.Connection) -> None:
    table = rng.choice(("conversation", "turn"))
    columns = [row[1] for row in connection.execute(f"PRAGMA table_info ({table})")]
    column, value = rng.choice(columns), rng.choice(_ODD_SQL)
    with contextlib.suppress(sqlite3.IntegrityError):
        connection.execute(
            f"UPDATE OR IGNORE {table} SET {column} = {value} WHERE id % 2 = ?",
            (rng.randrange(2),),
        )


def _as_damaged_database(rng: random.Random, file: Path, conversations: list[Conversation]) -> None:
    _as_database(rng, file, conversations)
    _damage(rng, file)


def _damage(rng: random.Random, file: Path) -> None:
    data = bytearray(file.read_bytes())
    for _ in range(rng.choice((1, 3, 30))):
        start, size = rng.randrange(len(data) + 1), rng.choice((1, 1, 16, 4096))
        match rng.randrange(4):
            case 0:
                data[start : start + size] = rng.randbytes(size)
            case 1:
                data[start : start + size] = bytes(min(size, len(data) - start))
            case 2:
                data[start:start] = data[:size]
            case _:
                del data[start : start + rng.choice((0, size, len(data)))]
    file.write_bytes(data)


_SOURCES: tuple[Callable[[random.Random, Path, list[Conversation]], None], ...] = (
    _as_json,
    _as_bytes,
    _as_database,
    _as_damaged_database,
)


# --- the commands ----------------------------------------------------------------------------


class _Home:
    """A directory with a history, and `srchat history` run on it in this process."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.history = folder / "history.db"
        folder.mkdir()

    def run(self, *args: str) -> str:
        """Return the output of a `srchat history` command. Raises SrchatError."""
        process = Process({"SRCHAT_DATA": str(self.folder)})
        out = self.folder / "out"
        with out.open("wb") as file, Path(os.devnull).open("wb") as null:
            process.stdout = Output(file.fileno(), process.environ)
            process.messages = Messages(Output(null.fileno(), process.environ))
            try:
                build_app()(["history", *args], standalone_mode=False, obj=process)
            finally:
                process.close()
        return out.read_bytes().decode()

    def exported(self) -> str:
        return self.run("export", "--all", "--format", "json")

    def conversations(self) -> dict[str, Conversation]:
        store = ConversationStore(self.history)
        found = {id_: store.load(id_) for id_ in store.ids()}
        store.close()
        return found


def _new_home(folder: Path) -> _Home:
    shutil.rmtree(folder, ignore_errors=True)
    return _Home(folder)


def _is_unharmed(before: Conversation, after: Conversation) -> bool:
    """Tell whether an import only appended turns to a conversation."""
    turns = after.turns[: len(before.turns)]
    title = after.title if before.title else ""  # it may have got a title if it had none
    kept = after._replace(title=title, turns=turns, head=before.head, used_at=before.used_at)
    return kept == before and (after.head == before.head or after.turns != turns)


def _check_import(home: _Home, other: _Home, source: Path) -> None:
    before, exported, data = home.conversations(), home.exported(), source.read_bytes()
    if error := _import_error(home, source):
        assert error.exit_code in (ExitCode.USAGE, ExitCode.STORE)
        assert home.exported() == exported
    after, exported = home.conversations(), home.exported()
    assert all(_is_unharmed(before[id_], after[id_]) for id_ in before)
    assert source.read_bytes() == data
    home.run("search", "a")
    (home.folder / "exported.json").write_text(exported)
    other.run("import", str(home.folder / "exported.json"))
    assert other.exported() == exported


def _import_error(home: _Home, source: Path) -> SrchatError | None:
    try:
        home.run("import", str(source))
    except SrchatError as exc:
        return exc
    return None


def _add_existing(home: _Home) -> None:
    store = ConversationStore(home.history)
    for number, id_ in enumerate(_EXISTING):
        store.add_conversation(_conversation(random.Random(number), id_))
    store.close()


def test_any_file_is_imported_or_rejected(tmp_path: Path) -> None:
    template, source = _new_home(tmp_path / "template"), tmp_path / "source"
    _add_existing(template)
    for seed in seeds(30):
        rng = random.Random(seed)
        conversations = [_conversation(rng, id_) for id_ in rng.choices(_NAMES, k=3)]
        home, other = _new_home(tmp_path / "home"), _new_home(tmp_path / "other")
        shutil.copy(template.history, home.history)
        source.unlink(missing_ok=True)
        rng.choice(_SOURCES)(rng, source, conversations)
        try:
            _check_import(home, other, source)
        except Exception as exc:
            raise AssertionError(f"seed {seed}") from exc


def test_a_valid_file_is_imported_exactly(tmp_path: Path) -> None:
    """Database and JSON give the same result, and a second import changes nothing."""
    for seed in seeds(8):
        rng = random.Random(seed)
        source = _new_home(tmp_path / "source")
        store = ConversationStore(source.history)
        for id_ in _NAMES:
            store.add_conversation(_conversation(rng, id_))
        store.close()
        exported = source.exported()
        (source.folder / "exported.json").write_text(exported)
        home = _new_home(tmp_path / "home")
        for file in rng.sample(("history.db", "exported.json"), 2):
            home.run("import", str(source.folder / file))
            assert home.exported() == exported, f"seed {seed}"
