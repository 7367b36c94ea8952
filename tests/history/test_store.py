"""The conversation store, on real files."""

from pathlib import Path

import pytest

from srchat.api.models import Usage
from srchat.conversation import Conversation, TurnRecord
from srchat.errors import StoreError, UsageError
from srchat.history.database import Parameters, Row
from srchat.history.store import ConversationStore
from tests.support.conversations import pending_turn, save

# --- turns ---------------------------------------------------------------------------------


def test_a_new_turn_is_stored_and_becomes_the_head(store: ConversationStore) -> None:
    turn = TurnRecord(
        "t1", "prompt", parent=None, reply="reply", complete=True, finish_reason="stop",
        base_url="http://x/v1", model="asked", served_model="served", usage=Usage(1, 2, 3),
        estimated_tokens=4, asked_at=5.5, first_at=6.5, ended_at=7.5,
    )  # fmt: skip
    conversation = Conversation("c1", title="T", system="S", created_at=1.0, used_at=2.0)
    store.add_turn(conversation, turn)
    loaded = store.load("c1")
    assert loaded == conversation._replace(turns=(turn,), head="t1", used_at=5.5)


def test_a_prompt_without_an_answer_is_incomplete_with_a_reason(store: ConversationStore) -> None:
    store.add_turn(Conversation("c1"), pending_turn("t1"))
    (turn,) = store.load("c1").turns
    assert (turn.complete, turn.reason, turn.reply) == (False, "still coming", "")


def test_update_turn_replaces_the_reply(store: ConversationStore) -> None:
    conversation, turn = Conversation("c1"), pending_turn("t1")
    store.add_turn(conversation, turn)
    for reply in ("a", "ab", "abc"):
        turn = turn._replace(reply=reply, usage=Usage(1, len(reply), 9))
        store.update_turn(conversation, turn)
    assert store.load("c1").turns == (turn,)


def test_ten_megabytes_are_stored(store: ConversationStore) -> None:
    text = "0123456789" * 1_000_000
    assert save(store, "c1", text, text).turns[0].reply == text
    assert store.search("nothing", 1) == []


def test_update_turn_does_not_restore_a_deleted_conversation(
    store: ConversationStore,
) -> None:
    conversation, turn = Conversation("c1"), pending_turn("t1")
    store.add_turn(conversation, turn)
    store.delete(["c1"])
    store.update_turn(conversation, turn)
    assert list(store.summaries()) == []


def test_two_processes_that_continue_a_conversation_create_two_branches(path: Path) -> None:
    here, there = ConversationStore(path), ConversationStore(path)
    save(here, "c1")
    mine, yours = here.load("c1"), there.load("c1")
    here.add_turn(mine, pending_turn("mine", parent=mine.head, at=2.0))
    there.add_turn(yours, pending_turn("yours", parent=yours.head, at=3.0))
    here.update_turn(mine, pending_turn("mine")._replace(reply="for me"))
    there.update_turn(yours, pending_turn("yours")._replace(reply="for you"))
    loaded = here.load("c1")
    assert [turn.id for turn in loaded.branch] == ["c1t", "yours"]
    assert [(turn.id, turn.parent, turn.reply) for turn in loaded.turns] == [
        ("c1t", None, "hi"), ("mine", "c1t", "for me"), ("yours", "c1t", "for you"),
    ]  # fmt: skip
    here.close()
    there.close()


def test_update_keeps_concurrent_turns(store: ConversationStore) -> None:
    save(store, "c1")
    store.add_turn(store.load("c1"), pending_turn("t2", parent="c1t", at=2.0))
    store.update("c1", title="Another \ud800")
    loaded = store.load("c1")
    assert (loaded.title, loaded.head) == ("Another \ud800", "t2")
    store.update("c1", head=None, system="Be brief.")
    loaded = store.load("c1")
    assert (loaded.title, loaded.system, loaded.head) == ("Another \ud800", "Be brief.", None)


# --- lists ---------------------------------------------------------------------------------


def test_last_used_is_right_after_the_clock_is_set_back(
    store: ConversationStore,
) -> None:
    for id_, at in (("ahead", 9000.0), ("back", 5000.0), ("further", 4000.0)):
        save(store, id_, at=at)
        assert store.last_used() == id_
    store.add_turn(store.load("ahead"), pending_turn("more", parent="aheadt", at=4001.0))
    assert store.last_used() == "ahead"
    save(store, "later", at=9500.0)
    assert [(item.id, item.used_at) for item in store.summaries(1)] == [("later", 9500.0)]


def test_find_accepts_a_unique_prefix_of_an_id(
    store: ConversationStore,
) -> None:
    for id_ in ("abc1", "abd2", "abd", "x'; --"):
        save(store, id_)
    assert store.find("abc") == "abc1"
    assert store.find("abd") == "abd"
    assert store.find("x'") == "x'; --"
    with pytest.raises(UsageError, match=r"several conversations: abc1, abd, abd2"):
        store.find("ab")
    for unknown in ("zz", "", "%", "a_c", "../../etc/passwd", "\udcff"):
        with pytest.raises(UsageError, match="no conversation"):
            store.find(unknown)


def test_an_empty_store_has_no_conversations(store: ConversationStore) -> None:
    assert store.last_used() is None
    assert list(store.summaries()) == []
    assert store.search("anything", 5) == []
    assert store.delete([]) == 0
    with pytest.raises(StoreError, match="does not exist"):
        store.load("nope")


def test_a_conversation_deleted_while_loading_is_not_loaded_partially(
    store: ConversationStore, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save(store, "c1", "the needle")
    other, rows = ConversationStore(path), store.database.query

    def query_and_delete(sql: str, parameters: Parameters = ()) -> list[Row]:
        found = rows(sql, parameters)
        other.delete(["c1"])
        return found

    monkeypatch.setattr(store.database, "query", query_and_delete)
    assert store.load_or_none("c1") is None
    other.close()


def test_ids_unused_since(store: ConversationStore) -> None:
    for number in range(5):
        save(store, f"c{number}", at=float(number))
    assert store.ids(2.0) == ["c0", "c1"]
    assert len(store.ids()) == 5


# --- import --------------------------------------------------------------------------------


def test_importing_a_conversation_twice_changes_nothing(store: ConversationStore) -> None:
    first, second = pending_turn("t1"), pending_turn("t2", parent="t1")
    conversation = Conversation("c1", title="T", created_at=1.0, used_at=2.0, head="t2",
                                turns=(first, second))  # fmt: skip
    assert store.add_conversation(conversation) == 2
    assert store.load("c1") == conversation
    assert store.add_conversation(conversation) == 0
    assert store.load("c1") == conversation


def test_new_turns_of_an_existing_conversation_are_imported(store: ConversationStore) -> None:
    kept = save(store, "c1")
    more = kept._replace(turns=(*kept.turns, pending_turn("t9", parent="c1t")), head="t9")
    assert store.add_conversation(more) == 1
    assert [turn.id for turn in store.load("c1").turns] == ["c1t", "t9"]


def test_importing_a_continuation_moves_the_head(store: ConversationStore) -> None:
    kept = save(store, "c1")
    save(store, "c2", at=2.0)
    more = kept._replace(used_at=3.0)
    for id_, parent in (("t8", "c1t"), ("t9", "t8")):
        more = more.with_turn(pending_turn(id_, parent=parent))
    store.add_conversation(more)
    assert store.load("c1") == more
    assert store.last_used() == "c1"


def test_importing_another_branch_keeps_the_current_one(
    store: ConversationStore,
) -> None:
    kept = save(store, "c1")
    there = kept.with_turn(pending_turn("there", parent="c1t"))
    here = pending_turn("here", parent="c1t")
    store.add_turn(kept, here)
    store.add_conversation(there)
    assert store.load("c1").head == "here"
    store.update("c1", head="c1t")  # /undo
    store.add_conversation(there)
    assert store.load("c1").head == "c1t"


def test_imported_cycles_do_not_become_the_head(store: ConversationStore) -> None:
    kept = save(store, "c1")
    circle = (pending_turn("t8", parent="t9"), pending_turn("t9", parent="t8"))
    store.add_conversation(kept._replace(turns=circle, head="t9"))
    assert store.load("c1").head == "c1t"


# --- context windows -----------------------------------------------------------------------


def test_context_windows_are_saved_for_a_month(store: ConversationStore) -> None:
    day = 86400.0
    store.save_windows("http://a/v1", {"m": 4096, "n": 8192}, now=0.0)
    store.save_windows("http://b/v1", {"m": 1024}, now=0.0)
    assert store.context_window("http://a/v1", "m", 29 * day) == 4096
    assert store.context_window("http://a/v1", "n", 29 * day) == 8192
    assert store.context_window("http://b/v1", "m", 29 * day) == 1024
    assert store.context_window("http://b/v1", "n", 29 * day) is None
    assert store.context_window("http://a/v1", "m", 31 * day) is None
    store.save_windows("http://a/v1", {"\ud800": 1, "m": 2048}, now=30 * day)
    assert store.context_window("http://a/v1", "m", 31 * day) == 2048
    assert store.context_window("http://a/v1", "\ud800", 31 * day) == 1
