"""Random and broken exports and histories: imported or refused clearly; nothing is harmed."""

import contextlib
import copy
import json
import os
import random
import shutil
import sqlite3  # noqa: TID251 - to make what no srchat writes
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


# --- what is imported ------------------------------------------------------------------------


def _text(chance: random.Random) -> str:
    return "".join(chance.choices(_PIECES, k=chance.randrange(5)))


def _turn(chance: random.Random, id: str, before: list[TurnRecord]) -> TurnRecord:
    complete = chance.random() < 0.7
    return TurnRecord(
        id,
        _text(chance),
        parent=chance.choice([*(turn.id for turn in before), None]),
        reply=_text(chance),
        complete=complete,
        reason="" if complete else "lost",
        model=_text(chance),
        usage=chance.choice((None, Usage(1, 2, 3))),
        asked_at=chance.uniform(0, 1e9),
        ended_at=chance.choice((None, 5.0)),
    )


def _conversation(chance: random.Random, id: str) -> Conversation:
    turns: list[TurnRecord] = []
    for place in range(chance.randrange(5)):
        # Of the same conversation, so that two files of it have some of their turns in common.
        turns.append(_turn(chance, f"{id}{place}{chance.randrange(3)}", turns))
    return Conversation(
        id,
        (turns and title_of(turns[0].prompt)) or _text(chance),
        chance.choice((None, "Be brief.")),
        chance.uniform(0, 1e9),
        chance.uniform(0, 1e9),
        chance.choice([*(turn.id for turn in turns), None]),
        tuple(turns),
    )


def _document(conversations: list[Conversation]) -> dict[str, Any]:
    items = [conversation_to_json(conversation) for conversation in conversations]
    return {"srchat_history": 1, "conversations": items}


def _as_json(chance: random.Random, file: Path, conversations: list[Conversation]) -> None:
    document = _document(conversations)
    for _ in range(chance.choice((0, 1, 1, 3))):
        _change(chance, document)
    file.write_text(json.dumps(document))


def _change(chance: random.Random, document: dict[str, Any]) -> None:
    """Change one value somewhere in a document."""
    here: Any = document
    while True:
        keys = list(here) if isinstance(here, dict) else list(range(len(here)))
        if not keys:
            return
        key = chance.choice(keys)
        if isinstance(here[key], dict | list) and here[key] and chance.random() < 0.8:
            here = here[key]
            continue
        if chance.random() < 0.3:
            del here[key]
        else:
            here[key] = copy.deepcopy(chance.choice(_ODD))
        return


def _as_bytes(chance: random.Random, file: Path, conversations: list[Conversation]) -> None:
    _as_json(chance, file, conversations)
    _damage(chance, file)


def _as_database(chance: random.Random, file: Path, conversations: list[Conversation]) -> None:
    store = ConversationStore(file)
    for conversation in conversations:
        store.add_conversation(conversation)
    store.close()
    with sqlite3.connect(file) as connection:
        for _ in range(chance.choice((0, 1, 3))):
            _change_rows(chance, connection)
    connection.close()


def _change_rows(chance: random.Random, connection: sqlite3.Connection) -> None:
    table = chance.choice(("conversation", "turn"))
    columns = [row[1] for row in connection.execute(f"PRAGMA table_info ({table})")]
    column, value = chance.choice(columns), chance.choice(_ODD_SQL)
    with contextlib.suppress(sqlite3.IntegrityError):
        connection.execute(
            f"UPDATE OR IGNORE {table} SET {column} = {value} WHERE id % 2 = ?",
            (chance.randrange(2),),
        )


def _as_damaged_database(
    chance: random.Random, file: Path, conversations: list[Conversation]
) -> None:
    _as_database(chance, file, conversations)
    _damage(chance, file)


def _damage(chance: random.Random, file: Path) -> None:
    data = bytearray(file.read_bytes())
    for _ in range(chance.choice((1, 3, 30))):
        place, size = chance.randrange(len(data) + 1), chance.choice((1, 1, 16, 4096))
        match chance.randrange(4):
            case 0:
                data[place : place + size] = chance.randbytes(size)
            case 1:
                data[place : place + size] = bytes(min(size, len(data) - place))
            case 2:
                data[place:place] = data[:size]
            case _:
                del data[place : place + chance.choice((0, size, len(data)))]
    file.write_bytes(data)


_SOURCES: tuple[Callable[[random.Random, Path, list[Conversation]], None], ...] = (
    _as_json,
    _as_bytes,
    _as_database,
    _as_damaged_database,
)


# --- the commands ----------------------------------------------------------------------------


class _Home:
    """A folder with a history, and srchat run in this process on it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.history = folder / "history.db"
        folder.mkdir()

    def run(self, *words: str) -> str:
        """Return what a `srchat history` command prints. Raises SrchatError."""
        process = Process({"SRCHAT_DATA": str(self.folder)})
        out = self.folder / "out"
        with out.open("wb") as file, Path(os.devnull).open("wb") as nowhere:
            process.stdout = Output(file.fileno(), process.environ)
            process.messages = Messages(Output(nowhere.fileno(), process.environ))
            try:
                build_app()(["history", *words], standalone_mode=False, obj=process)
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


def _fresh(folder: Path) -> _Home:
    shutil.rmtree(folder, ignore_errors=True)
    return _Home(folder)


def _is_unharmed(before: Conversation, after: Conversation) -> bool:
    """Tell whether a conversation has at most new turns behind those that it had."""
    here = after.turns[: len(before.turns)]
    title = after.title if before.title else ""  # that of its first prompt, where it had none
    kept = after._replace(title=title, turns=here, head=before.head, used_at=before.used_at)
    return kept == before and (after.head == before.head or after.turns != here)


def _check(home: _Home, other: _Home, source: Path) -> None:
    before, exported, data = home.conversations(), home.exported(), source.read_bytes()
    if refused := _refused(home, source):
        assert refused.exit_code in (ExitCode.USAGE, ExitCode.STORE)
        assert home.exported() == exported
    after, exported = home.conversations(), home.exported()
    assert all(_is_unharmed(before[id_], after[id_]) for id_ in before)
    assert source.read_bytes() == data
    home.run("search", "a")
    (home.folder / "exported.json").write_text(exported)
    other.run("import", str(home.folder / "exported.json"))
    assert other.exported() == exported


def _refused(home: _Home, source: Path) -> SrchatError | None:
    try:
        home.run("import", str(source))
    except SrchatError as exc:
        return exc
    return None


def _existing(home: _Home) -> None:
    store = ConversationStore(home.history)
    for number, id_ in enumerate(_EXISTING):
        store.add_conversation(_conversation(random.Random(number), id_))
    store.close()


def test_an_import_takes_what_can_be_read_or_says_why_not(tmp_path: Path) -> None:
    template, source = _fresh(tmp_path / "template"), tmp_path / "source"
    _existing(template)
    for seed in seeds(30):
        chance = random.Random(seed)
        conversations = [_conversation(chance, id_) for id_ in chance.choices(_NAMES, k=3)]
        home, other = _fresh(tmp_path / "home"), _fresh(tmp_path / "other")
        shutil.copy(template.history, home.history)
        source.unlink(missing_ok=True)
        chance.choice(_SOURCES)(chance, source, conversations)
        try:
            _check(home, other, source)
        except Exception as exc:
            raise AssertionError(f"seed {seed}") from exc


def test_what_is_sound_is_imported_to_the_last_character(tmp_path: Path) -> None:
    """From the export and from the file it is the same, and a second time nothing is new."""
    for seed in seeds(8):
        chance = random.Random(seed)
        source = _fresh(tmp_path / "source")
        store = ConversationStore(source.history)
        for id_ in _NAMES:
            store.add_conversation(_conversation(chance, id_))
        store.close()
        exported = source.exported()
        (source.folder / "exported.json").write_text(exported)
        home = _fresh(tmp_path / "home")
        for file in chance.sample(("history.db", "exported.json"), 2):
            home.run("import", str(source.folder / file))
            assert home.exported() == exported, f"seed {seed}"
