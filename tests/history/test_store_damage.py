"""Damaged and special files are set aside or rejected, never overwritten."""

import os
import shutil
import sqlite3  # noqa: TID251 - to inspect the file
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from srchat.conversation import Conversation, TurnRecord
from srchat.errors import BrokenStoreError, StoreError
from srchat.history.database import Database
from srchat.history.database_file import rename_damaged
from srchat.history.recorder import Recorder
from srchat.history.schema import SCHEMA
from srchat.history.store import ConversationStore
from tests.conftest import Serve, Srchat
from tests.support.server import answer, chunk, head, json_response
from tests.support.waiting import WAIT_TIMEOUT

TURN = TurnRecord("t1", "a new prompt", asked_at=1.0)
CONVERSATION = Conversation("c1").with_turn(TURN)


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


DAMAGE = [text, noise, truncated, half, no_header, torn_schema, torn_pages, no_table, zeros]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    folder = tmp_path / ".local" / "share" / "srchat"
    folder.mkdir(parents=True)
    return folder / "history.db"


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_file_is_set_aside_and_the_turn_saved_in_a_new_one(
    path: Path, damage: Callable[[Path], None]
) -> None:
    damage(path)
    before = path.read_bytes()
    stores: list[ConversationStore] = []

    def open_store(timeout: float) -> ConversationStore:
        if not stores:
            stores.append(ConversationStore(path, timeout))
        return stores[0]

    recorder = Recorder(open_store)
    recorder.begin(CONVERSATION, TURN)
    done = TURN._replace(reply="an answer", complete=True)
    (warning,) = recorder.end(CONVERSATION.with_turn(done), done)
    (aside,) = [file for file in path.parent.iterdir() if ".broken-" in file.name]
    assert str(aside) in warning.message
    assert aside.read_bytes() == before
    stores[0].close()
    fresh = ConversationStore(path)
    assert fresh.load("c1").turns == (done,)
    fresh.close()


@pytest.mark.parametrize("damage", DAMAGE)
def test_ask_answers_with_a_damaged_history(
    path: Path, damage: Callable[[Path], None], srchat: Srchat, serve: Serve
) -> None:
    damage(path)
    server = serve(answer("All ", "of ", "it."))
    result = srchat("ask", "hi", "--base-url", server.url)
    assert (result.code, result.text) == (0, "All of it.\n")
    assert len(result.messages) == 1
    assert "the history was damaged; it was moved to" in result.err
    assert len([file for file in path.parent.iterdir() if ".broken-" in file.name]) == 1
    after = srchat("history", "list")
    assert after.text.endswith("\thi\n")
    assert after.err == ""


def make_folder(path: Path) -> None:
    path.mkdir()


def make_pipe(path: Path) -> None:
    os.mkfifo(path)


def make_dangling_link(path: Path) -> None:
    path.symlink_to(path.parent / "gone" / "history.db")


def make_device(path: Path) -> None:
    path.symlink_to("/dev/zero")


@pytest.mark.parametrize("make", [make_folder, make_pipe, make_dangling_link, make_device])
def test_special_files_are_not_changed(
    path: Path, make: Callable[[Path], None], srchat: Srchat, serve: Serve
) -> None:
    make(path)
    server = serve(answer("All of it."))
    result = srchat("ask", "hi", "--base-url", server.url)
    assert (result.code, result.text) == (0, "All of it.\n")
    assert result.err.startswith(
        "srchat: warning: this answer was not stored: cannot use the history"
    )
    assert len(result.messages) == 1
    assert [file.name for file in path.parent.iterdir()] == ["history.db"]


def test_a_directory_that_cannot_be_created_causes_a_warning(srchat: Srchat, serve: Serve) -> None:
    (srchat.home / "file").write_text("")
    server = serve(answer("All of it."))
    result = srchat(
        "ask", "hi", "--base-url", server.url, SRCHAT_DATA=str(srchat.home / "file" / "data")
    )
    assert (result.code, result.text) == (0, "All of it.\n")
    assert "this answer was not stored" in result.err
    assert len(result.messages) == 1


def test_a_full_disk_causes_a_warning(srchat: Srchat, serve: Serve) -> None:
    server = serve(answer(*["word " * 2000] * 50))
    command = [*srchat.command("ask", "hi", "--base-url", server.url)]
    # 60 KiB for each file: enough for the tables, not for the answer.
    limited = ["sh", "-c", 'ulimit -f 120; exec "$@"', "sh", *command]
    done = subprocess.run(
        limited, env=srchat.plain_env, cwd=srchat.home, capture_output=True, timeout=WAIT_TIMEOUT,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout == ("word " * 100_000).encode() + b"\n"
    assert done.stderr.count(b"\n") == 1
    assert b"this answer was not stored" in done.stderr
    after = srchat("history", "list")
    assert after.code == 0


def test_files_set_aside_are_never_overwritten(path: Path) -> None:
    for number in range(3):
        path.write_text(f"{number}")
        path.with_name(f"{path.name}-wal").write_text(f"log {number}")
        aside = rename_damaged(path)
        assert aside.read_text() == f"{number}"
        assert aside.with_name(f"{aside.name}-wal").read_text() == f"log {number}"
    assert len(list(path.parent.iterdir())) == 6


def test_damage_found_after_opening_is_set_aside(path: Path) -> None:
    create_history(path)
    store = ConversationStore(path)
    overwrite(path, 4096, os.urandom(path.stat().st_size - 4096))
    with pytest.raises(BrokenStoreError):
        store.load("old3")
    recorder = Recorder(lambda _: store)
    recorder.begin(CONVERSATION, TURN)
    assert "was moved to" in recorder.end(CONVERSATION, TURN)[0].message
    assert [summary.id for summary in store.summaries()] == ["c1"]
    store.close()


def delete(path: Path) -> None:
    for file in path.parent.glob(f"{path.name}*"):
        file.unlink()


def set_aside(path: Path) -> None:
    database = Database(path, SCHEMA, 1.0)
    database.set_aside()


@pytest.mark.parametrize("remove", [delete, set_aside])
def test_a_turn_is_saved_in_a_new_file_after_the_file_is_removed(
    path: Path, remove: Callable[[Path], None]
) -> None:
    store = ConversationStore(path)
    recorder = Recorder(lambda _: store)
    recorder.begin(CONVERSATION, TURN)
    remove(path)
    done = TURN._replace(reply="an answer", complete=True)
    assert recorder.end(CONVERSATION.with_turn(done), done) == []
    store.close()
    fresh = ConversationStore(path)
    assert fresh.load("c1").turns == (done,)
    fresh.close()


def test_a_streaming_answer_is_saved_after_the_file_is_deleted(
    path: Path, srchat: Srchat, serve: Serve
) -> None:
    deleted = threading.Event()
    server = serve([head(), chunk("slow "), deleted, *answer("answer")[1:]])
    process = srchat.start("ask", "hi", "--base-url", server.url)
    assert process.stdout.read(5) == b"slow "
    delete(path)
    deleted.set()
    process.wait_for_result()
    assert "slow answer" in srchat("history", "show").text


def test_an_error_at_the_beginning_of_a_turn_is_recovered(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.write_text("in the way")
    stores: list[ConversationStore] = []

    def open_store(timeout: float) -> ConversationStore:
        if not stores:
            stores.append(ConversationStore(folder / "history.db", timeout))
        return stores[0]

    recorder = Recorder(open_store)
    recorder.begin(CONVERSATION, TURN)
    assert not recorder.is_saved
    folder.unlink()
    done = TURN._replace(reply="an answer", complete=True)
    assert recorder.end(CONVERSATION.with_turn(done), done) == []
    assert stores[0].load("c1").turns == (done,)
    stores[0].close()


def test_unsaved_turns_are_saved_with_the_next_turn(path: Path) -> None:
    store = ConversationStore(path)
    lock = sqlite3.connect(path, isolation_level=None)

    def open_store(_timeout: float) -> ConversationStore:
        store.database.lock_timeout = 0.0
        return store

    recorder = Recorder(open_store)
    conversation = Conversation("c1")
    for number, locked_at in enumerate(("", "begin", "end", "")):
        turn = TurnRecord(f"t{number}", "a prompt", parent=conversation.head, asked_at=1.0)
        if locked_at == "begin":
            lock.execute("BEGIN IMMEDIATE")
        recorder.begin(conversation.with_turn(turn), turn)
        if locked_at == "end":
            lock.execute("BEGIN IMMEDIATE")
        turn = turn._replace(reply=f"answer {number}", complete=True)
        conversation = conversation.with_turn(turn)
        assert len(recorder.end(conversation, turn)) == bool(locked_at)
        if locked_at:
            lock.execute("ROLLBACK")
    lock.close()
    assert store.load("c1").branch == conversation.branch
    store.close()


def test_only_one_of_many_processes_sets_a_damaged_file_aside(path: Path) -> None:
    noise(path)
    code = (
        "import sys; from pathlib import Path; from srchat.history.store import *; "
        "from srchat.conversation import *; s = ConversationStore(Path(sys.argv[1])); "
        "s.add_turn(Conversation(sys.argv[2]), TurnRecord('t1', 'hi')); s.close()"
    )
    processes = [
        subprocess.Popen([sys.executable, "-c", code, str(path), f"c{n}"]) for n in range(8)
    ]
    assert [process.wait(WAIT_TIMEOUT) for process in processes] == [0] * 8
    assert len([file for file in path.parent.iterdir() if ".broken-" in file.name]) == 1
    store = ConversationStore(path)
    assert len(store.ids()) == 8
    store.close()


def test_every_command_that_sets_a_damaged_history_aside_warns(
    path: Path, srchat: Srchat, serve: Serve
) -> None:
    entry = {"id": "m", "object": "model", "max_model_len": 1024}
    server = serve(json_response({"object": "list", "data": [entry]}))
    (srchat.home / "in.json").write_text('{"srchat_history": 1, "conversations": []}')
    for command in (["models", "--base-url", server.url], ["history", "import", "in.json"]):
        delete(path)
        noise(path)
        result = srchat(*command)
        assert result.code == 0
        assert result.err.count("the history was damaged; it was moved to") == 1


def test_chat_warns_once_of_a_damaged_history(path: Path, srchat: Srchat, serve: Serve) -> None:
    noise(path)
    server = serve(answer("one"))
    result = srchat("chat", "--base-url", server.url, stdin=b"a\nb\nc\n")
    assert (result.code, result.text) == (0, "one\none\none\n")
    assert result.err.count("the history was damaged") == 1


def test_damage_found_after_opening_has_a_hint(path: Path, srchat: Srchat) -> None:
    torn_pages(path)
    result = srchat("history", "list")
    assert (result.code, result.out) == (9, b"")
    assert "is damaged" in result.err
    assert "the next answer starts a new one" in result.err


def test_continuing_from_a_damaged_history_is_an_error(
    path: Path, srchat: Srchat, serve: Serve
) -> None:
    noise(path)
    server = serve(answer("one"))
    for _ in range(2):
        result = srchat("ask", "-c", "and?", "--base-url", server.url)
        assert (result.code, server.requests) == (9, [])
        assert "is damaged" in result.err


@pytest.mark.parametrize(
    "words", [("list",), ("show",), ("search", "x"), ("export", "--all"), ("delete", "--all", "-y")]
)
def test_reading_commands_set_nothing_aside(
    path: Path, srchat: Srchat, words: tuple[str, ...]
) -> None:
    torn_schema(path)
    before = path.read_bytes()
    result = srchat("history", *words)
    assert result.code == 9
    assert "is damaged" in result.err
    assert "srchat history import" in result.err
    assert path.read_bytes() == before
    assert [file.name for file in path.parent.iterdir() if "broken" in file.name] == []


FAILING_READS = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>
static int reads;
ssize_t pread64(int fd, void *buffer, size_t size, off64_t offset) {
    ssize_t (*real)(int, void *, size_t, off64_t) = dlsym(RTLD_NEXT, "pread64");
    if (++reads == atoi(getenv("FAILING_READ"))) {
        errno = EIO;
        return -1;
    }
    return real(fd, buffer, size, offset);
}
"""


@pytest.fixture(scope="module")
def shim(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("shim")
    (folder / "shim.c").write_text(FAILING_READS)
    command = ["gcc", "-shared", "-fPIC", "-o", "shim.so", "shim.c", "-ldl"]
    if not shutil.which("gcc") or subprocess.run(command, cwd=folder, check=False).returncode:
        pytest.skip("no C compiler to make reads fail with")
    return str(folder / "shim.so")


@pytest.mark.slow
def test_a_single_failed_read_does_not_set_the_history_aside(
    path: Path, srchat: Srchat, serve: Serve, shim: str
) -> None:
    server = serve(answer("one"))
    assert srchat("ask", "first", "--base-url", server.url).code == 0
    for number in range(1, 31):
        result = srchat(
            "ask", "hi", "--base-url", server.url, LD_PRELOAD=shim, FAILING_READ=str(number)
        )
        assert (result.code, result.out) == (0, b"one\n"), result.err
        assert [file.name for file in path.parent.iterdir() if "broken" in file.name] == []
    assert "first" in srchat("history", "list").text


def test_import_restores_a_history_set_aside(path: Path, srchat: Srchat, serve: Serve) -> None:
    create_history(path)
    count = len(srchat("history", "list").text.splitlines())
    assert count
    path.rename(path.with_name("old.db"))
    result = srchat("history", "import", str(path.with_name("old.db")))
    assert (result.code, len(srchat("history", "list").text.splitlines())) == (0, count)


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


def execute_sql(path: Path, sql: str) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute(sql)
    connection.close()


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


def test_delete_all_deletes_files_set_aside_and_typed_lines(path: Path, srchat: Srchat) -> None:
    create_history(path)
    typed = path.with_name("typed_lines")
    typed.write_text('"secret"\n')
    aside = path.with_name("history.db.broken-20260101-000000-1")
    aside.write_bytes(b"secret")
    result = srchat("history", "delete", "--all", "--yes")
    assert result.code == 0
    assert "typed_lines, history.db.broken-20260101-000000-1 deleted" in result.err
    assert not typed.exists()
    assert not aside.exists()


def test_after_each_ask_the_database_is_checkpointed(
    path: Path, srchat: Srchat, serve: Serve, tmp_path: Path
) -> None:
    server = serve(answer("one"))
    for number in range(1, 4):
        srchat("ask", f"prompt {number}", "--base-url", server.url)
        (tmp_path / "copy").mkdir(exist_ok=True)
        shutil.copy(path, tmp_path / "copy/history.db")
        listed = srchat("history", "list", SRCHAT_DATA=str(tmp_path / "copy"))
        assert len(listed.text.splitlines()) == number
        assert [file.name for file in path.parent.iterdir()] == ["history.db"]


def test_a_backup_can_be_restored(path: Path, srchat: Srchat, serve: Serve, tmp_path: Path) -> None:
    server = serve(answer("one"))
    srchat("ask", "before", "--base-url", server.url)
    shutil.copy(path, tmp_path / "backup.db")
    srchat("ask", "after", "--base-url", server.url)
    shutil.copy(tmp_path / "backup.db", path)
    result = srchat("history", "list")
    assert (result.code, result.err) == (0, "")
    assert [line.split("\t")[-1] for line in result.text.splitlines()] == ["before"]


def test_a_directory_in_place_of_the_database_is_an_error(path: Path, srchat: Srchat) -> None:
    path.mkdir()
    result = srchat("history", "list")
    assert result.code == 9
    assert "it is not a file" in result.err
    with pytest.raises(StoreError):
        ConversationStore(path)
