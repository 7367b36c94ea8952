"""The conversation store, on real files."""

import contextlib
import os
import shutil
import sqlite3  # noqa: TID251 - to inspect the file
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from srchat.api.models import Usage
from srchat.conversation import Conversation, TurnRecord
from srchat.errors import StoreBusyError, StoreError, UsageError
from srchat.history.database import Database, Parameters, Row
from srchat.history.schema import SCHEMA
from srchat.history.search import HIT_BEGIN, HIT_END, index_new_turns
from srchat.history.store import ConversationStore

TEXTS = st.text(st.characters(codec=None), max_size=60)  # lone surrogates and NUL, too


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "srchat" / "history.db"


@pytest.fixture
def store(path: Path) -> Iterator[ConversationStore]:
    opened = ConversationStore(path, lock_timeout=0.2)
    yield opened
    opened.close()


def pending_turn(
    id: str, prompt: str = "hello", parent: str | None = None, at: float = 1.0
) -> TurnRecord:
    return TurnRecord(id, prompt, parent=parent, asked_at=at, model="m", reason="still coming")


def save(
    store: ConversationStore, id: str, prompt: str = "hello", reply: str = "hi", at: float = 1.0
) -> Conversation:
    """Save a conversation of one turn."""
    turn = pending_turn(f"{id}t", prompt, at=at)
    conversation = Conversation(id, created_at=at, used_at=at).with_turn(turn)
    store.add_turn(conversation, turn)
    turn = turn._replace(reply=reply, complete=True, reason="", served_model="served")
    store.update_turn(conversation, turn)
    return store.load(id)


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


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(prompt=TEXTS, reply=TEXTS, title=TEXTS, system=st.none() | TEXTS, reason=TEXTS)
def test_texts_round_trip(
    store: ConversationStore, prompt: str, reply: str, title: str, system: str | None, reason: str
) -> None:
    id_ = os.urandom(6).hex()
    turn = TurnRecord("t", prompt, reply=reply, reason=reason, model=reply, served_model=title)
    conversation = Conversation(id_, title=title or "x", system=system).with_turn(turn)
    store.add_turn(conversation, turn)
    loaded = store.load(id_)
    assert (loaded.turns, loaded.title, loaded.system) == ((turn,), title or "x", system)
    assert isinstance(store.search(prompt + reply, 3), list)


def test_invalid_utf8_is_read_with_replacement_characters(
    store: ConversationStore, path: Path
) -> None:
    save(store, "c1", "hello")
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE conversation SET title = CAST(x'ff41' AS TEXT)")
    assert store.load("c1").title == "\ufffdA"


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


# --- the file ------------------------------------------------------------------------------


def test_new_files_are_private(path: Path) -> None:
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
    path.parent.mkdir(parents=True)
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


# --- lists ---------------------------------------------------------------------------------


def test_summaries_begin_with_the_conversation_used_last(store: ConversationStore) -> None:
    for number in range(450):  # more than a page, some with equal times
        id_, at = f"{number:04}", float(number % 400)
        turn = pending_turn(f"{id_}t", at=at)._replace(complete=True, served_model="served")
        conversation = Conversation(id_, f"prompt {number}", used_at=at).with_turn(turn)
        store.add_conversation(conversation)
    ids = [summary.id for summary in store.summaries()]
    assert len(ids) == len(set(ids)) == 450
    times = [summary.used_at for summary in store.summaries()]
    assert times == sorted(times, reverse=True)
    assert [summary.id for summary in store.summaries(3)] == ids[:3]
    assert len(store.search("hello", 1000)) == 450
    assert store.last_used() == ids[0]
    first = next(store.summaries())
    assert (first.title, first.turns, first.model, first.complete) == (
        "prompt 399", 1, "served", True,
    )  # fmt: skip
    assert store.delete(ids) == 450
    assert store.ids() == []


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


# --- search --------------------------------------------------------------------------------


def found(store: ConversationStore, query: str) -> list[str]:
    return [hit.conversation for hit in store.search(query, 20)]


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


# --- deleting ------------------------------------------------------------------------------


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


def test_ids_unused_since(store: ConversationStore) -> None:
    for number in range(5):
        save(store, f"c{number}", at=float(number))
    assert store.ids(2.0) == ["c0", "c1"]
    assert len(store.ids()) == 5


def test_deleting_everything_shrinks_the_file(store: ConversationStore, path: Path) -> None:
    for number in range(20):
        save(store, f"c{number}", "x" * 100_000)
    store.search("x", 1)
    store.delete(store.ids())
    assert path.stat().st_size < 200_000


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
