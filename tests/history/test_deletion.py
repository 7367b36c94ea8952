"""Deleted texts leave no trace in the files."""

from pathlib import Path

from srchat.history.store import ConversationStore
from tests.support.conversations import found, save


def test_delete_erases_the_text_from_the_files(store: ConversationStore, path: Path) -> None:
    secret = "xyzzyplugh"
    save(store, "c1", f"the word is {secret}", secret)
    save(store, "c2", "another")
    assert found(store, secret) == ["c1"]
    assert store.delete(["c1", "nope"]) == 1
    assert found(store, secret) == []
    assert [summary.id for summary in store.summaries()] == ["c2"]
    for file in path.parent.iterdir():
        assert secret.encode() not in file.read_bytes(), file.name


def test_deleting_everything_shrinks_the_file(store: ConversationStore, path: Path) -> None:
    for number in range(20):
        save(store, f"c{number}", "x" * 100_000)
    store.search("x", 1)
    store.delete(store.ids())
    assert path.stat().st_size < 200_000
