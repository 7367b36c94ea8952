"""Search in prompts and answers."""

import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from srchat.conversation import Conversation
from srchat.errors import UsageError
from srchat.history.search import HIT_BEGIN, HIT_END, index_new_turns
from srchat.history.store import ConversationStore
from tests.support.conversations import found, pending_turn, save


def test_words_phrases_and_prefixes_are_found(store: ConversationStore) -> None:
    save(store, "c1", "how do I sort a list", "Use the sorted function.")
    save(store, "c2", "what is a linked list", "A chain of nodes; the function of each is simple.")
    assert found(store, "list") == ["c2", "c1"]
    assert found(store, "LIST sort") == ["c1"]
    assert found(store, '"sorted function"') == ["c1"]
    assert found(store, '"function sorted"') == []
    assert found(store, "func*") == ["c2", "c1"]
    assert found(store, "func") == []
    assert found(store, "function.") == ["c1"]  # as a substring
    assert found(store, "sort nodes") == []
    save(store, "c3", "this AND that")
    assert found(store, '"that" and thi* AND') == ["c3"]
    assert found(store, "this NOT that") == found(store, "prompt:this") == []


def test_many_turns_are_indexed_in_batches(store: ConversationStore) -> None:
    for number in range(5):
        save(store, f"c{number}", "the same words")
    index_new_turns(store.database, batch_size=2)
    assert not store.database.query("SELECT 1 FROM unindexed")
    assert found(store, "same words") == ["c4", "c3", "c2", "c1", "c0"]


def test_search_ignores_accents(store: ConversationStore) -> None:
    save(store, "c1", "Où est le café?")
    assert found(store, "ou cafe") == ["c1"]


@pytest.mark.parametrize("text", ["C++", "->", "!=", "100%", "_", "a\\b", "日", "'", "x''y"])
def test_other_characters_are_found_as_a_substring(store: ConversationStore, text: str) -> None:
    save(store, "c1", f"what does {text} mean in 毎日語")
    save(store, "c2", "nothing of the kind")
    assert found(store, text) == ["c1"]


@pytest.mark.parametrize("query", ["天气", "天气 北京", "北京* 很好", '"怎么样" 天气', "ASK 天气"])
def test_chinese_words_are_found_in_any_order(store: ConversationStore, query: str) -> None:
    save(store, "c1", "ask 今天北京的天气怎么样", "很好")
    save(store, "c2", "ask 北京", "天下")
    assert found(store, query) == ["c1"]


def test_search_works_on_a_full_disk(store: ConversationStore) -> None:
    save(store, "c1", "the needle")
    assert found(store, "needle") == ["c1"]
    save(store, "c2", "another needle " + os.urandom(400_000).hex(" ", 4))
    store.database.maintain("PRAGMA max_page_count = 1")  # the file cannot grow
    assert found(store, "needle") == ["c2", "c1"]
    assert found(store, "another needle") == ["c2"]
    assert found(store, "*") == []


def test_a_too_long_query_is_a_usage_error(store: ConversationStore) -> None:
    assert store.search("%-" * 5000, 5) == []
    with pytest.raises(UsageError, match="30000 characters is too long; give 10000 at most"):
        store.search("a-b" * 10_000, 5)


@pytest.mark.parametrize(
    "query",
    ['"', '"""', "AND", "OR NOT", "NEAR(", "a AND", "prompt:x", "^", "(", ")", "*", "**", "a*b*",
     '"a', 'a"', "-x", "{x}", "+", "\x01", "", "  ", "a" * 10_000, "x " * 3000],
)  # fmt: skip
def test_odd_queries_are_valid(store: ConversationStore, query: str) -> None:
    save(store, "c1", "some text with AND in it")
    assert isinstance(store.search(query, 5), list)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)
@given(query=st.text('ab"*()-:^ ', max_size=12) | st.text(max_size=12))
def test_every_query_is_valid(store: ConversationStore, query: str) -> None:
    save(store, "c1", "a b ab")
    assert isinstance(store.search(query, 5), list)


def test_the_snippet_marks_the_match(store: ConversationStore) -> None:
    save(store, "c1", "before needle after")
    (hit,) = store.search("needle", 1)
    assert hit.snippet == f"before {HIT_BEGIN}needle{HIT_END} after"
    assert hit.parts() == ["before ", "needle", " after"]
    assert hit.to_json()["snippet"] == "before needle after"
    save(store, "c2", "long before " * 9 + "n->m" + " long after" * 9)
    (hit,) = store.search("->", 1)
    assert hit.parts()[1] == "->"
    assert hit.snippet.startswith("…")
    assert hit.snippet.endswith("…")
    save(store, "c3", "İİİ, whose small letters are two: C++")
    (hit,) = store.search("c++", 1)
    assert hit.parts()[1] == "C++"


def test_private_use_characters_are_not_marks(store: ConversationStore) -> None:
    save(store, "c1", "icons \ue000 and \ue001 beside a needle")
    (hit,) = store.search("needle", 10)
    assert hit.parts() == ["icons \ue000 and \ue001 beside a ", "needle", ""]


def test_the_snippet_of_a_substring_has_an_ellipsis_only_where_truncated(
    store: ConversationStore,
) -> None:
    for number, reply in enumerate(("a ++ b", "x" * 100 + " ++ b", "a ++ " + "x" * 100)):
        save(store, f"c{number}", reply=reply)
    found = {hit.conversation: hit.to_json()["snippet"] for hit in store.search("++", 10)}
    assert found == {
        "c0": "a ++ b", "c1": "…" + "x" * 59 + " ++ b", "c2": "a ++ " + "x" * 59 + "…",
    }  # fmt: skip


def test_search_finds_the_current_text_of_a_growing_reply(store: ConversationStore) -> None:
    conversation, turn = Conversation("c1"), pending_turn("t1")
    store.add_turn(conversation, turn)
    for word in ("first", "second", "third"):
        turn = turn._replace(reply=f"{turn.reply} {word}".strip())
        store.update_turn(conversation, turn)
        assert found(store, f"{word} first") == ["c1"]
    store.update_turn(conversation, turn._replace(reply="other"))
    assert found(store, "first") == []
    with store.database.transaction() as execute:
        execute("INSERT INTO turn_words (turn_words) VALUES ('integrity-check')")
