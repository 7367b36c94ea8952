"""The database: migrations, locks, logs of other processes, and damage."""

import shutil
import sqlite3  # noqa: TID251 - to inspect the file
import subprocess
import sys
from pathlib import Path

import pytest

from srchat.conversation import Conversation, TurnRecord
from srchat.errors import StoreBusyError, StoreError
from srchat.history.database import Database
from srchat.history.schema import SCHEMA
from srchat.history.store import ConversationStore
from tests.conftest import Serve, Srchat
from tests.support.conversations import save
from tests.support.damaged_files import noise, torn_pages
from tests.support.server import answer
from tests.support.waiting import WAIT_TIMEOUT


def test_the_log_of_a_killed_process_is_read(path: Path) -> None:
    code = (
        "import os, sys; from pathlib import Path; from srchat.history.store import *; "
        "from srchat.conversation import *; s = ConversationStore(Path(sys.argv[1])); "
        "s.add_turn(Conversation('c1'), TurnRecord('t1', 'hi')); os._exit(1)"
    )
    subprocess.run([sys.executable, "-c", code, str(path)], check=False)
    assert path.with_name("history.db-wal").stat().st_size > 0
    store = ConversationStore(path)
    assert store.load("c1").turns[0].prompt == "hi"
    store.close()
    assert not path.with_name("history.db-wal").exists()


def test_close_checkpoints_while_another_process_has_the_file_open(path: Path) -> None:
    staying, leaving = ConversationStore(path), ConversationStore(path)
    leaving.add_turn(Conversation("c1"), TurnRecord("t1", "hi"))
    leaving.close()
    copy = path.with_name("copy.db")
    shutil.copyfile(path, copy)
    copied = ConversationStore(copy)
    assert copied.load("c1").turns[0].prompt == "hi"
    copied.close()
    staying.close()


def test_a_file_of_a_newer_version_is_not_changed(path: Path) -> None:
    ConversationStore(path).close()
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(StoreError, match="newer srchat"):
        ConversationStore(path)
    assert path.read_bytes() == before


def test_a_file_of_an_older_version_is_migrated(path: Path) -> None:
    store = ConversationStore(path)
    save(store, "c1")
    store.close()
    newer = SCHEMA._replace(
        migrations=(*SCHEMA.migrations, ("ALTER TABLE turn ADD COLUMN stars INTEGER",))
    )
    for _ in range(2):
        database = Database(path, newer, lock_timeout=1.0)
        assert database.query("PRAGMA user_version") == [(len(newer.migrations),)]
        assert database.query("SELECT uid, stars FROM turn") == [("c1t", None)]
        database.close()


def test_a_failed_migration_changes_nothing(path: Path) -> None:
    store = ConversationStore(path)
    save(store, "c1")
    store.close()
    statements = ("ALTER TABLE turn ADD COLUMN stars INTEGER", "ALTER TABLE gone ADD COLUMN x")
    broken = SCHEMA._replace(migrations=(*SCHEMA.migrations, statements))
    with pytest.raises(StoreError, match="no such table: gone"):
        Database(path, broken, lock_timeout=1.0)
    store = ConversationStore(path)
    assert store.load("c1").turns[0].reply == "hi"
    store.close()


def test_the_database_of_another_program_is_not_changed(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE theirs (x)")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(StoreError, match="another program"):
        ConversationStore(path)
    assert path.read_bytes() == before


def test_waiting_for_a_lock_times_out(path: Path) -> None:
    store = ConversationStore(path, lock_timeout=0.05)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(StoreBusyError, match="locked by another process"):
        save(store, "c1")
    assert list(store.summaries()) == []  # reading needs no lock
    other.execute("COMMIT")
    save(store, "c1")
    other.close()
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


def test_damage_found_after_opening_has_a_hint(path: Path, srchat: Srchat) -> None:
    torn_pages(path)
    result = srchat("history", "list")
    assert (result.code, result.out) == (9, b"")
    assert "is damaged" in result.err
    assert "the next answer starts a new one" in result.err


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
