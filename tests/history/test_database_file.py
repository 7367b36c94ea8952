"""The database file: private, never overwritten, readable where nothing can be written."""

import contextlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from srchat.errors import StoreError
from srchat.history.database_file import rename_damaged
from srchat.history.store import ConversationStore
from tests.conftest import Serve, Srchat
from tests.support.conversations import found, save
from tests.support.server import answer


@contextlib.contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """Drop privileges and write permission, so that a directory can only be read."""
    is_root = os.geteuid() == 0
    for path in (*folder.iterdir(), folder):
        path.chmod(0o500)
        if is_root:
            os.chown(path, 65534, -1)
    if is_root:
        os.seteuid(65534)
    try:
        yield
    finally:
        folder.chmod(0o700)
        if is_root:
            os.seteuid(0)


def test_new_files_are_private(tmp_path: Path) -> None:
    path = tmp_path / "data" / "srchat" / "history.db"
    old = os.umask(0)
    try:
        store = ConversationStore(path)
        save(store, "c1")
    finally:
        os.umask(old)
    modes = {file.name: file.stat().st_mode & 0o777 for file in path.parent.iterdir()}
    assert modes == {"history.db": 0o600, "history.db-wal": 0o600, "history.db-shm": 0o600}
    assert path.parent.stat().st_mode & 0o777 == 0o700
    store.close()


def test_opening_makes_an_exposed_file_private(path: Path) -> None:
    ConversationStore(path).close()
    path.chmod(0o644)
    ConversationStore(path).close()
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("is_clean", [True, False], ids=["closed", "with its log"])
def test_a_read_only_history_can_be_read(is_clean: bool) -> None:
    with tempfile.TemporaryDirectory() as name:  # tmp_path may be accessible only to root
        folder = Path(name)
        store = ConversationStore(folder / "a %41?.db")
        kept = save(store, "c1", "the needle")
        if is_clean:
            store.close()
        with read_only(folder):
            reading = ConversationStore(folder / "a %41?.db")
            assert [summary.id for summary in reading.summaries()] == ["c1"]
            assert reading.load("c1") == kept
            assert found(reading, "needle") == ["c1"]
            with pytest.raises(StoreError, match="it cannot be written"):
                save(reading, "c2")
            reading.close()
        store.close()


def test_a_read_only_history_with_an_unreadable_log_has_a_hint() -> None:
    with tempfile.TemporaryDirectory() as name, tempfile.TemporaryDirectory() as copy:
        store = ConversationStore(Path(name, "history.db"))
        save(store, "c1", "the needle")
        for file in ("history.db", "history.db-wal"):
            shutil.copy(Path(name, file), copy)
        store.close()
        with (
            read_only(Path(copy)),
            pytest.raises(StoreError, match="it cannot be opened") as caught,
        ):
            ConversationStore(Path(copy, "history.db"))
        assert caught.value.hint.startswith("copy it and history.db-wal to a writable folder")


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


def test_files_set_aside_are_never_overwritten(path: Path) -> None:
    for number in range(3):
        path.write_text(f"{number}")
        path.with_name(f"{path.name}-wal").write_text(f"log {number}")
        aside = rename_damaged(path)
        assert aside.read_text() == f"{number}"
        assert aside.with_name(f"{aside.name}-wal").read_text() == f"log {number}"
    assert len(list(path.parent.iterdir())) == 6


def test_a_directory_in_place_of_the_database_is_an_error(path: Path, srchat: Srchat) -> None:
    path.mkdir()
    result = srchat("history", "list")
    assert result.code == 9
    assert "it is not a file" in result.err
    with pytest.raises(StoreError):
        ConversationStore(path)
