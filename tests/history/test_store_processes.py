"""Concurrent and killed processes lose and mix up nothing."""

import contextlib
import random
import select
import sqlite3  # noqa: TID251 - to inspect the file
import subprocess
import sys
import threading
import time
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import pytest

from srchat.conversation import Conversation, TurnRecord
from srchat.history.store import ConversationStore
from tests.conftest import Serve, Srchat
from tests.support.conversations import only_turn
from tests.support.server import Pause, Step, answer, chunk, head
from tests.support.waiting import WAIT_TIMEOUT, wait_until

WRITERS, TURNS = 20, 10
KILLS, PROCESSES = 200, 50
MAX_LOST_SECONDS = 1.5  # of text

WRITER = """
import sys
from pathlib import Path
from srchat.conversation import Conversation, TurnRecord
from srchat.history import recorder as recorder_module
from srchat.history.recorder import Recorder
from srchat.history.store import ConversationStore
recorder_module.LOCK_TIMEOUT = 120.0  # slow machines must not cause timeouts
path, name = Path(sys.argv[1]), sys.argv[2]
stores = []
def open_store(timeout):
    if not stores:
        stores.append(ConversationStore(path, timeout))
    stores[0].database.lock_timeout = timeout
    return stores[0]
recorder = Recorder(open_store)
conversation = Conversation(name)
def ask(conversation, id):
    turn = TurnRecord(id, f"prompt {id}", parent=conversation.head, asked_at=1.0)
    conversation = conversation.with_turn(turn)
    recorder.begin(conversation, turn)
    for n in range(3):
        turn = turn._replace(reply=turn.reply + f"{id}.{n} ")
        recorder.update(conversation, turn)
    turn = turn._replace(complete=True)
    assert recorder.end(conversation, turn) == []
    return conversation.with_turn(turn)
for index in range(int(sys.argv[3])):
    conversation = ask(conversation, f"{name}-{index}")
    ask(open_store(120).load("shared"), f"shared-{name}-{index}")
stores[0].close()
"""

STREAMER = """
import os, sys, time
from pathlib import Path
from srchat.conversation import Conversation, TurnRecord
from srchat.history.recorder import Recorder
from srchat.history.store import ConversationStore
path, name = Path(sys.argv[1]), sys.argv[2]
store = ConversationStore(path, 60.0)
def open_store(timeout):
    store.database.lock_timeout = timeout
    return store
recorder = Recorder(open_store)
turn = TurnRecord(name + "t", "the prompt", reason="still coming", asked_at=time.time())
conversation = Conversation(name).with_turn(turn)
recorder.begin(conversation, turn)
reply = []
while True:
    reply.append(f"{len(reply)} ")
    if recorder.is_due():
        recorder.update(conversation, turn._replace(reply="".join(reply)))
    os.write(1, f"{time.monotonic()} {recorder._failure or ''}\\n".encode())
    time.sleep(0.03)
"""


def start(code: str, *args: str) -> "subprocess.Popen[bytes]":
    return subprocess.Popen([sys.executable, "-c", code, *args], stdout=subprocess.PIPE)


def is_intact(path: Path) -> bool:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        return connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def test_twenty_concurrent_writers_lose_nothing(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    store = ConversationStore(path)
    store.add_turn(Conversation("shared"), TurnRecord("first", "first"))
    names = [f"w{number}" for number in range(WRITERS)]
    processes = [start(WRITER, str(path), name, str(TURNS)) for name in names]
    for process in processes:
        process.communicate(timeout=5 * WAIT_TIMEOUT)
    assert [process.returncode for process in processes] == [0] * WRITERS
    for name in names:
        branch = store.load(name).branch
        assert [turn.id for turn in branch] == [f"{name}-{index}" for index in range(TURNS)]
        for turn in branch:
            assert (turn.prompt, turn.complete) == (f"prompt {turn.id}", True)
            assert turn.reply == "".join(f"{turn.id}.{n} " for n in range(3))
    shared = store.load("shared")
    assert {turn.id for turn in shared.turns} == {"first"} | {
        f"shared-{name}-{index}" for name in names for index in range(TURNS)
    }
    # Every parent precedes its children.
    known: set[str | None] = {None}
    for turn in shared.turns:
        assert turn.parent in known
        known.add(turn.id)
    assert len(store.search("prompt", 1000)) == 2 * WRITERS * TURNS
    store.close()
    assert is_intact(path)


class Sample(NamedTuple):
    """When a chunk was shown, and whether another process had the lock at that time."""

    at: float
    is_locked_out: bool

    @classmethod
    def read(cls, line: str) -> "Sample":
        at, _, failure = line.partition(" ")
        return cls(float(at), "locked" in failure)


def seconds_of(samples: list[Sample]) -> float:
    """Return the duration of chunks, without stalls and lock waits of a slow machine."""
    return sum(
        min(after.at - before.at, 0.1)
        for before, after in pairwise(samples)
        if not after.is_locked_out
    )


@pytest.mark.slow
def test_a_kill_loses_at_most_a_second_of_text(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    ConversationStore(path).close()
    rng = random.Random(6)
    shown: dict[str, list[Sample]] = {}
    for batch in range(KILLS // PROCESSES):
        names = [f"k{batch}x{number}" for number in range(PROCESSES)]
        processes = {name: start(STREAMER, str(path), name) for name in names}
        for process in processes.values():
            assert process.stdout
            assert select.select([process.stdout], [], [], WAIT_TIMEOUT)[
                0
            ]  # waits for the first output
        begin = time.monotonic()
        for moment, name in sorted((rng.uniform(0, 2.0), name) for name in names):
            time.sleep(max(0.0, begin + moment - time.monotonic()))
            processes[name].kill()
        for name, process in processes.items():
            out, _ = process.communicate(timeout=WAIT_TIMEOUT)
            shown[name] = [Sample.read(line) for line in out.decode().split("\n")[:-1]]
    store = ConversationStore(path)
    assert len(shown) == KILLS
    samples = [sample for of_process in shown.values() for sample in of_process]
    assert sum(sample.is_locked_out for sample in samples) < len(samples) / 2
    for name, of_process in shown.items():
        (turn,) = store.load(name).turns
        assert (turn.prompt, turn.complete, turn.reason) == ("the prompt", False, "still coming")
        kept = turn.reply.split()
        assert kept == [str(number) for number in range(len(kept))]
        assert seconds_of(of_process[len(kept) :]) <= MAX_LOST_SECONDS, name
    store.close()
    assert is_intact(path)
    assert not list(tmp_path.glob("*.broken-*"))


@pytest.mark.slow
def test_a_killed_ask_loses_at_most_a_second_of_its_answer(srchat: Srchat, serve: Serve) -> None:
    steps: list[Step] = [head()]
    for number in range(200):
        steps += [chunk(f"{number} "), Pause(0.05)]
    server = serve(steps)
    process = srchat.start("ask", "count", "--base-url", server.url)
    out = b""
    while not out.endswith(b" 50 "):
        part = process.stdout.read(1)
        assert part
        out += part
    process.kill()
    out += process.wait_for_result().out
    turn = only_turn(srchat)
    assert (turn.complete, turn.served_model) == (False, "vllm-primary")
    assert len(out.split()) - len(turn.reply.split()) <= MAX_LOST_SECONDS / 0.05
    assert out.decode().startswith(turn.reply)
    # The incomplete answer is part of the continued conversation.
    again = serve(answer("ok"))
    assert srchat("ask", "-c", "and?", "--base-url", again.url).text == "ok\n"
    assert [m["content"] for m in again.requests[0].json["messages"]] == [
        "count", turn.reply, "and?",
    ]  # fmt: skip


def test_two_terminals_can_continue_one_conversation(srchat: Srchat, serve: Serve) -> None:
    answered = threading.Event()
    slow = serve(answer("one"), [head(), chunk("slow "), answered, *answer("answer")[1:]])
    fast = serve(answer("fast answer"))
    assert srchat("ask", "first", "--base-url", slow.url).code == 0
    process = srchat.start("ask", "-c", "here", "--base-url", slow.url)
    assert process.stdout.read(5) == b"slow "
    assert srchat("ask", "-c", "there", "--base-url", fast.url).code == 0
    answered.set()
    process.wait_for_result()
    store = ConversationStore(srchat.history)
    (id_,) = store.ids()
    conversation = store.load(id_)
    store.close()
    assert {(turn.prompt, turn.reply, turn.complete) for turn in conversation.turns} == {
        ("first", "one", True), ("here", "slow answer", True), ("there", "fast answer", True),
    }  # fmt: skip
    branch = [message.content for message in conversation.fit("?").messages]
    # The second request contained the first answer as far as it was saved.
    assert branch.pop(3) in ("slow ", "slow answer")
    assert branch == ["first", "one", "here", "there", "fast answer", "?"]


def test_a_chat_is_checkpointed_at_its_prompt(srchat: Srchat, serve: Serve) -> None:
    chat = srchat.start("chat", "--base-url", serve(answer("one")).url, stdin=subprocess.PIPE)
    chat.stdin.write(b"hello\n")
    chat.stdin.flush()
    assert chat.stdout.readline() == b"one\n"
    wait_until(lambda: not srchat.history.with_name("history.db-wal").exists())
    assert only_turn(srchat).reply == "one"
    assert chat.poll() is None
