"""A recorder saves turns while they happen, whatever happens to the file."""

import os
import sqlite3  # noqa: TID251 - to inspect the file
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from srchat.conversation import Conversation, TurnRecord
from srchat.errors import BrokenStoreError
from srchat.history.database import Database
from srchat.history.recorder import Recorder
from srchat.history.schema import SCHEMA
from srchat.history.store import ConversationStore
from tests.conftest import Serve, Srchat
from tests.support.conversations import only_turn, stored_ids
from tests.support.damaged_files import DAMAGE, create_history, delete, overwrite
from tests.support.reply_parts import SIZE
from tests.support.server import HOLD, answer, chunk, head
from tests.support.waiting import wait_until

TURN = TurnRecord("t1", "a new prompt", asked_at=1.0)


CONVERSATION = Conversation("c1").with_turn(TURN)


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


def test_a_recorder_saves_the_pieces(path: Path) -> None:
    store = ConversationStore(path, part_size=SIZE)
    recorder = Recorder(lambda _: store)
    turn = TurnRecord("t", "the prompt", asked_at=1.0)
    conversation = Conversation("talk1").with_turn(turn)
    recorder.begin(conversation, turn)
    pieces = []
    for number in range(10):
        pieces.append(f"piece {number}, ")
        recorder.update(conversation, turn, pieces)
        assert store.load("talk1").turns[0].reply == "".join(pieces)
    path.unlink()
    assert recorder.end(conversation, turn, pieces) == []
    assert store.load("talk1").turns[0].reply == "".join(pieces)
    store.close()


def test_the_prompt_is_saved_before_the_answer_begins(srchat: Srchat, serve: Serve) -> None:
    server = serve([HOLD])
    process = srchat.start("ask", "think!", "--base-url", server.url)
    wait_until(lambda: server.requests and stored_ids(srchat))
    process.kill()
    process.wait_for_result()
    turn = only_turn(srchat)
    assert (turn.prompt, turn.reply, turn.complete) == ("think!", "", False)
    assert "killed" in turn.reason


def test_the_prompt_is_saved_before_the_first_token_is_shown(srchat: Srchat, serve: Serve) -> None:
    server = serve([head(), chunk("x"), HOLD])
    for number in range(3):
        process = srchat.start("ask", f"prompt {number}", "--base-url", server.url)
        assert process.stdout.read(1) == b"x"
        process.kill()
        process.wait_for_result()
    store = ConversationStore(srchat.history)
    assert {summary.title for summary in store.summaries()} == {"prompt 0", "prompt 1", "prompt 2"}
    store.close()
