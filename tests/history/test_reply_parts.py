"""Replies that are stored in parts, on real files and with real processes."""

import contextlib
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from srchat.conversation import Conversation, TurnRecord
from srchat.history.reply_parts import PART_SIZE, split
from srchat.history.store import ConversationStore
from tests.support.conversations import found
from tests.support.reply_parts import SIZE, check, save
from tests.support.waiting import WAIT_TIMEOUT, wait_until

TEXTS = st.text(st.characters(codec=None), max_size=5 * SIZE)  # lone surrogates and NUL, too
REPLIES = st.text("ab \ud800\0é", max_size=4 * SIZE) | TEXTS


@pytest.fixture
def store(path: Path) -> Iterator[ConversationStore]:
    with contextlib.closing(ConversationStore(path, part_size=SIZE)) as opened:
        yield opened


def replace(store: ConversationStore, turn: TurnRecord, reply: str) -> None:
    store.update_turn(Conversation("talk1"), turn._replace(reply=reply))


def lengths(store: ConversationStore) -> list[int]:
    """Return the lengths of the stored parts of all replies."""
    return [
        len(text)
        for (text,) in (
            *store.database.query("SELECT reply FROM turn ORDER BY id"),
            *store.database.query("SELECT text FROM reply_part ORDER BY turn, position"),
        )
    ]


# --- saving and loading --------------------------------------------------------------------


@given(pieces=st.lists(TEXTS, max_size=5), size=st.integers(1, 12))
def test_parts_do_not_depend_on_the_pieces(pieces: list[str], size: int) -> None:
    text, parts = "".join(pieces), list(split(pieces, size))
    assert "".join(parts) == text
    assert parts == [text[begin : begin + size] for begin in range(0, len(text), size)]


@pytest.mark.parametrize(
    ("reply", "sizes"),
    [
        ("", [0]), ("x" * (SIZE - 1), [SIZE - 1]), ("x" * SIZE, [SIZE]),
        ("x" * (SIZE + 1), [SIZE, 1]), ("é" * 2 * SIZE, [SIZE, SIZE]),
        ("\U0001f600" * (2 * SIZE + 1), [SIZE, SIZE, 1]),
    ],
)  # fmt: skip
def test_a_part_has_so_many_characters(
    store: ConversationStore, reply: str, sizes: list[int]
) -> None:
    turn = save(store, reply)
    assert lengths(store) == sizes
    assert store.load("talk1").turns == (turn,)
    check(store)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(replies=st.lists(REPLIES, min_size=1, max_size=5), pieces=st.lists(REPLIES, max_size=5))
def test_replies_round_trip_as_they_grow_and_shrink(
    store: ConversationStore, replies: list[str], pieces: list[str]
) -> None:
    turn = save(store, replies[0])
    for number, reply in enumerate(replies):
        replace(store, turn, reply)
        assert [kept.reply for kept in store.load("talk1").turns] == [reply]
        if number % 2:
            check(store)
    store.update_turn(Conversation("talk1"), turn, pieces)
    last = "".join(pieces) if pieces else turn.reply
    assert [kept.reply for kept in store.load("talk1").turns] == [last]
    recent = store.recent_answer(1)
    assert (recent[1].reply if recent else "") == last
    check(store)
    store.delete(["talk1"])
    check(store)


def test_parts_are_a_mebicharacter_by_default(path: Path) -> None:
    store = ConversationStore(path)
    turn = save(store, "0123456789" * 250_000)
    assert lengths(store) == [PART_SIZE, PART_SIZE, 2_500_000 - 2 * PART_SIZE]
    assert store.load("talk1").turns == (turn,)
    store.close()


def test_a_short_reply_costs_no_further_statement(store: ConversationStore) -> None:
    turn = save(store, "short")
    statements: list[str] = []
    connection = store.database._open()
    # Statements of triggers begin with "--".
    connection.set_trace_callback(lambda sql: statements.append(sql.split()[0]))
    replace(store, turn, "brief")
    store.load("talk1")
    connection.set_trace_callback(None)
    assert {name for name in statements if name != "--"} == {"BEGIN", "UPDATE", "COMMIT", "SELECT"}
    assert statements.count("SELECT") == 2


def test_each_turn_gets_its_own_parts(store: ConversationStore) -> None:
    turns = [save(store, letter * length, letter) for letter, length in (("a", 20), ("b", 3))]
    more = TurnRecord("more", "and?", parent="bt", reply="c" * 30, asked_at=3.0)
    store.add_turn(store.load("b"), more)
    assert store.load("a").turns == (turns[0],)
    assert store.load("b").turns == (turns[1], more)
    assert store.recent_answer(1) == ("b", more)
    assert store.recent_answer(2) == ("b", turns[1])


def test_an_import_stores_parts_only_of_new_turns(store: ConversationStore) -> None:
    kept = save(store, "kept " * 5)
    here = store.load("talk1")
    there = here._replace(turns=(kept._replace(reply="other " * 9),), head=kept.id)
    there = there.with_turn(TurnRecord("new", "?", parent=kept.id, reply="new " * 9))
    assert store.add_conversation(there) == 1
    assert [turn.reply for turn in store.load("talk1").turns] == ["kept " * 5, "new " * 9]
    check(store)


def test_turns_that_could_not_be_saved_get_their_parts_later(store: ConversationStore) -> None:
    first, lost = (TurnRecord(n, "?", reply=n * 20, asked_at=1.0) for n in ("one", "two"))
    lost = lost._replace(parent="one")
    store.add_turn(Conversation("talk1"), first._replace(reply="o" * 15))
    last = TurnRecord("six", "?", parent="two", reply="six" * 20, asked_at=2.0)
    store.add_turn(Conversation("talk1"), last._replace(reply=""), [first, lost], ["six"] * 20)
    assert {turn.id: turn.reply for turn in store.load("talk1").turns} == {
        "one": "one" * 20, "two": "two" * 20, "six": "six" * 20,
    }  # fmt: skip
    check(store)


def test_a_turn_deleted_while_it_is_answered_leaves_no_parts(store: ConversationStore) -> None:
    turn = save(store, "x" * 20)
    store.delete(["talk1"])
    replace(store, turn, "y" * 30)
    assert lengths(store) == []


# --- search and deletion -------------------------------------------------------------------


@pytest.mark.parametrize("is_indexed", [True, False])
@pytest.mark.parametrize(
    "query",
    ["first", "needles", "across", "a-b", "two words", '"two words"', "last*", "日本", "z+z"],
)
def test_the_whole_reply_is_searched(
    store: ConversationStore, query: str, is_indexed: bool
) -> None:
    reply = "first across needles: a-b two words s 今日本 very z+z lasting"
    for border, text in enumerate(("across", "needles", "a-b", "words", "日本", "z+z"), 1):
        assert reply.index(text) < border * SIZE < reply.index(text) + len(text)
    save(store, reply)
    save(store, "nothing of the kind, but very long indeed", "talk2")
    if not is_indexed:
        store.database.maintain("PRAGMA max_page_count = 1")  # a full disk
        store.database.maintain("PRAGMA query_only = ON")
    assert found(store, query) == ["talk1"]
    (hit,) = store.search(query, 1)
    assert hit.parts()[1] in query or (query, hit.parts()[1]) == ("last*", "lasting")


def test_a_replaced_reply_is_searched(store: ConversationStore) -> None:
    turn = save(store, "an old reply of many words")
    assert found(store, "words") == ["talk1"]
    replace(store, turn, "a new reply of many more letters")
    assert found(store, "words") == []
    assert found(store, "more letters") == ["talk1"]
    replace(store, turn, "brief")
    assert found(store, "letters") == []
    assert found(store, "brief") == ["talk1"]
    check(store)


def test_deletion_erases_the_parts_from_the_files(store: ConversationStore, path: Path) -> None:
    save(store, f"{'long ' * 20}xyzzyplug")
    save(store, "another one that is long", "talk2")
    assert found(store, "xyzzyplug") == ["talk1"]
    assert store.delete(["talk1"]) == 1
    assert found(store, "xyzzyplug") == []
    assert lengths(store) == [SIZE, SIZE, SIZE]
    check(store)
    for file in path.parent.iterdir():
        assert b"xyzzy" not in file.read_bytes(), file.name


# --- processes -----------------------------------------------------------------------------

SAVER = """
import itertools, sys
from pathlib import Path
from srchat.conversation import Conversation, TurnRecord
from srchat.history.store import ConversationStore
store = ConversationStore(Path(sys.argv[1]), 60.0, part_size=int(sys.argv[2]))
name, scale = sys.argv[3], int(sys.argv[4])
turn = TurnRecord(name + "t", "the prompt", reply="a", asked_at=1.0)
conversation = Conversation(name).with_turn(turn)
store.add_turn(conversation, turn)
for letter, count in itertools.cycle([("a", 30), ("b", 7), ("c", 1), ("d", 22)]):
    store.update_turn(conversation, turn._replace(reply=letter * (count * scale)))
"""
WHOLE = {("a", 30), ("b", 7), ("c", 1), ("d", 22)}


@contextlib.contextmanager
def saving(
    path: Path, name: str, size: int = 10, scale: int = 1
) -> "Iterator[subprocess.Popen[bytes]]":
    """Start a process that replaces a reply again and again."""
    args = [str(path), str(size), name, str(scale)]
    process = subprocess.Popen([sys.executable, "-c", SAVER, *args])
    try:
        yield process
    finally:
        process.kill()
        process.wait(WAIT_TIMEOUT)


def only_reply(store: ConversationStore, name: str, scale: int = 1) -> tuple[str, float]:
    """Return the letters of a reply and their number."""
    conversation = store.load_or_none(name)
    reply = conversation.turns[0].reply if conversation else ""
    return "".join(sorted(set(reply))), len(reply) / scale


def test_a_reply_is_read_whole_while_others_replace_it(path: Path) -> None:
    store = ConversationStore(path, 60.0, part_size=10)
    names = ("one", "two")
    with contextlib.ExitStack() as stack:
        processes = [stack.enter_context(saving(path, name)) for name in names]
        wait_until(lambda: set(store.ids()) == set(names))
        seen: set[tuple[str, float]] = set()
        reads = 0
        while not seen >= WHOLE or reads < 3000:
            for name in names:
                seen.add(only_reply(store, name))
                reads += 1
            assert all(process.poll() is None for process in processes)
            assert seen <= WHOLE | {("a", 1)}
    check(store)
    store.close()


def test_a_kill_leaves_a_whole_reply(path: Path) -> None:
    scale, chance = 20_000, random.Random(4)
    store = ConversationStore(path, 60.0)
    for number in range(12):
        name = f"killed{number}"
        with saving(path, name, 50_000, scale):
            wait_until(lambda name=name: only_reply(store, name, scale)[1] >= 1)  # type: ignore[misc]
            time.sleep(chance.uniform(0, 0.1))
        assert only_reply(store, name, scale) in WHOLE
        check(store)
    store.close()
