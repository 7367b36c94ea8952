"""`srchat history`: stored conversations listed, shown, searched, exported, imported, deleted."""

import contextlib
import itertools
import json
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from srchat.conversation import Conversation, TurnRecord
from srchat.history.export import Format, exported
from srchat.history.store import ConversationStore
from srchat.history.summaries import Summary
from srchat.history_rows import local_time, summary_rows
from srchat.library import Library
from srchat.terminal.word_wrap import width_of
from tests.conftest import Serve, Srchat
from tests.support.pseudo_terminal import TerminalSession
from tests.support.server import answer

ATTACK = "\x1b]0;owned\x07\x1b[2J\x9b31m\u202eevil\x00\x7f [red]x[/] \U000e0041"
NOW = time.time()


def store_conversation(
    srchat: Srchat, id: str, *turns: tuple[str, str], age: float = 0.0, **more: Any
) -> Conversation:
    """Store a conversation of prompts and replies. `age`: seconds since its last use."""
    conversation = Conversation(id, created_at=NOW - age, used_at=NOW - age, **more)
    for index, (prompt, reply) in enumerate(turns):
        turn = TurnRecord(
            f"{id}{index}", prompt, parent=conversation.head, reply=reply, complete=True,
            model="asked", served_model="served", asked_at=NOW - age,
        )  # fmt: skip
        conversation = conversation.with_turn(turn)
    store = ConversationStore(srchat.history)
    store.add_conversation(conversation)
    store.close()
    return conversation


def on_terminal(srchat: Srchat, *args: str, lines: int = 24, **env: str) -> TerminalSession:
    command = srchat.command("history", *args)
    return TerminalSession(command, srchat.env | env, lines=lines, cwd=str(srchat.home))


# --- list ----------------------------------------------------------------------------------


def test_the_list_in_a_pipe_has_a_line_each_with_tabs(srchat: Srchat) -> None:
    store_conversation(srchat, "aaaa1111", ("How\tare you?\nreally", "ok"), age=60)
    store_conversation(srchat, "bbbb2222", ("one", "1"), ("two", "2"))
    lines = [line.split("\t") for line in srchat("history", "list").text.splitlines()]
    assert [(line[0], line[2], line[3], line[4]) for line in lines] == [
        ("bbbb2222", "served", "2", "one"),
        ("aaaa1111", "served", "1", "How are you?"),
    ]
    assert len(srchat("history", "list", "-n", "1").text.splitlines()) == 1
    assert srchat("history", "list", "-n", str(2**70)).code == 2


def test_the_list_as_json(srchat: Srchat) -> None:
    store_conversation(srchat, "aaaa1111", (ATTACK, "ok"))
    result = srchat("history", "list", "--json")
    assert result.text.isascii()
    (item,) = json.loads(result.out)
    assert item == {
        "id": "aaaa1111", "title": ATTACK.strip(), "created_at": NOW, "used_at": NOW, "turns": 1,
        "model": "served", "complete": True,
    }  # fmt: skip


def test_listing_without_a_history_creates_no_file(srchat: Srchat) -> None:
    assert srchat("history", "list") == (0, b"", "")
    assert srchat("history", "list", "--json").out == b"[]\n"
    assert srchat("history", "search", "x").code == 0
    for command in (["show"], ["export"], ["show", "abcd"], ["delete", "abcd", "--yes"]):
        assert srchat("history", *command).code == 2
    assert srchat("history", "delete", "--all", "--yes").code == 0
    assert not (srchat.home / ".local").exists()


def test_a_list_that_fits_is_printed_and_a_long_one_paged(srchat: Srchat, tmp_path: Path) -> None:
    for number in range(30):
        store_conversation(srchat, f"{number:08}", (f"prompt {number}", "r"))
    pager = tmp_path / "pager"
    pager.write_text("#!/bin/sh\necho PAGED\nhead -n 2\n")
    pager.chmod(0o755)
    with on_terminal(srchat, "list", PAGER=str(pager)) as session:
        assert session.wait() == 0
        assert session.lines[0] == "PAGED"
        assert len(session.lines) == 3
    with on_terminal(srchat, "list", lines=40, PAGER=str(pager)) as session:
        assert session.wait() == 0
        assert len(session.lines) == 30
    for none in ("no-such-pager", "less 'unclosed", ""):
        with on_terminal(srchat, "list", PAGER=none) as session:
            assert session.wait() == 0
            assert len(session.lines) == 30


def test_a_conversation_that_fits_is_printed_and_a_long_one_paged(
    srchat: Srchat, tmp_path: Path
) -> None:
    store_conversation(srchat, "aaaa1111", ("short", "**bold**"))
    store_conversation(srchat, "bbbb1111", ("long", "# Title\n\n" + "- item\n" * 50))
    pager = tmp_path / "pager"
    pager.write_text("#!/bin/sh\necho PAGED\ncat > paged\n")
    pager.chmod(0o755)
    with on_terminal(srchat, "show", "aaaa", PAGER=str(pager)) as session:
        assert session.wait() == 0
        assert session.lines[-1] == "bold"
    with on_terminal(srchat, "show", "bbbb", PAGER=str(pager)) as session:
        assert session.wait() == 0
        assert session.lines == ["PAGED"]
    paged = (srchat.home / "paged").read_text()
    assert paged.count("item\n") == 50
    assert "\x1b[1m" in paged  # less -R passes styles
    assert not re.search(r"\x1b\[[\d;]*[A-HJK]", paged)  # nothing moves the cursor


def test_a_list_on_a_terminal_keeps_to_its_width(srchat: Srchat) -> None:
    store_conversation(srchat, "aaaa1111", ("日本語" * 50, "r"))
    with on_terminal(srchat, "list") as session:
        assert session.wait() == 0
        assert len(session.lines) == 1


# --- show ----------------------------------------------------------------------------------


def test_show_in_a_pipe_is_markdown_and_exact(srchat: Srchat) -> None:
    store_conversation(srchat, "aaaa1111", ("hi", "**bold**\n\x1b[31m\r\n"), system="Be brief.")
    text = srchat("history", "show").text
    assert text.startswith("# hi\n\naaaa1111, started ")
    assert "\n## System\n\nBe brief.\n" in text
    assert text.endswith("\n## served\n\n**bold**\n\x1b[31m\r\n")
    store_conversation(srchat, "bbbb2222", ("half", "a \ud800 b"))
    assert srchat("history", "show", "bbbb").text.endswith("\n\na \ufffd b\n")


def test_show_on_a_terminal_is_rendered_and_inert(srchat: Srchat) -> None:
    store_conversation(srchat, "aaaa1111", (f"hi {ATTACK}", f"**bold** {ATTACK}"), system=ATTACK)
    with on_terminal(srchat, "show") as session:
        assert session.wait() == 0
        text = "\n".join(session.lines)
        raw = session.raw
    assert "bold" in text
    assert "**bold**" not in text
    assert "\\u202eevil" in text
    assert "[red]x[/]" in text
    assert b"\x1b]0;" not in raw
    assert b"\x1b[2J" not in raw
    assert "\u202e".encode() not in raw
    assert "\x9b".encode() not in raw


@pytest.mark.parametrize(
    "arguments",
    [
        ["history", "list"],
        ["history", "show"],
        ["history", "search", "hi"],
        ["chat", "-cp", "demo"],
    ],
    ids=lambda arguments: arguments[1],
)
def test_an_id_from_an_edited_file_is_sanitized(srchat: Srchat, arguments: list[str]) -> None:
    store_conversation(srchat, f"aaaa{ATTACK}", ("hi", "there"))
    with TerminalSession(srchat.command(*arguments), srchat.env) as session:
        session.wait_for_text("\\x1b")
        assert b"\x1b]0;" not in session.raw
        assert "\u202e".encode() not in session.raw


def test_show_reports_hidden_turns(srchat: Srchat) -> None:
    conversation = store_conversation(srchat, "aaaa1111", ("one", "1"), ("two", "2"))
    again = TurnRecord("again", "two again", parent="aaaa11110", reply="3", complete=True)
    store = ConversationStore(srchat.history)
    store.add_turn(conversation, again)
    store.close()
    result = srchat("history", "show", "aaaa")
    assert "two again" in result.text
    assert "\ntwo\n" not in result.text
    assert result.err == ("srchat: 1 turn of another branch is not shown; --all shows everything\n")
    result = srchat("history", "show", "aaaa", "--all")
    assert "\ntwo\n" in result.text
    assert "on another branch" in result.text
    assert result.err == ""
    assert len(json.loads(srchat("history", "show", "--json").out)["turns"]) == 3


def test_an_incomplete_answer_is_marked_on_a_terminal(srchat: Srchat) -> None:
    conversation = store_conversation(srchat, "aaaa1111", ("one", "1"))
    store = ConversationStore(srchat.history)
    turn = conversation.turns[0]._replace(complete=False, reason="lost")
    store.update_turn(conversation, turn)
    store.close()
    with on_terminal(srchat, "show") as session:
        assert session.wait() == 0
        assert session.lines[-1] == "(incomplete: lost)"
    with on_terminal(srchat, "list") as session:
        assert session.wait() == 0
        assert " 1! " in session.lines[0]


def test_an_unknown_or_ambiguous_id_is_a_usage_error(srchat: Srchat) -> None:
    store_conversation(srchat, "aaaa1111", ("one", "1"))
    store_conversation(srchat, "aaaa2222", ("two", "2"))
    assert srchat("history", "show", "zz").code == 2
    result = srchat("history", "show", "aaaa")
    assert result.code == 2
    assert "aaaa1111, aaaa2222" in result.err


# --- search --------------------------------------------------------------------------------


def test_search_shows_the_context(srchat: Srchat) -> None:
    store_conversation(srchat, "aaaa1111", ("about cats", f"A cat returned {ATTACK} miaow."))
    store_conversation(srchat, "bbbb2222", ("about dogs", "A dog barks."))
    text = srchat("history", "search", "miaow").text
    head, snippet = text.splitlines()
    assert head.startswith("aaaa1111  ")
    assert head.endswith("  about cats")
    assert "miaow" in snippet
    assert "\x1b" not in text
    assert "\x00" not in text
    hits = json.loads(srchat("history", "search", "about", "--json").out)
    assert [hit["conversation"] for hit in hits] == ["bbbb2222", "aaaa1111"]
    nothing = srchat("history", "search", "zebra")
    assert (nothing.code, nothing.out, nothing.err) == (
        0, b"", "srchat: nothing found for 'zebra'\n",
    )  # fmt: skip


def test_search_marks_its_hits_on_a_terminal(srchat: Srchat) -> None:
    store_conversation(srchat, "aaaa1111", ("about cats", "miaow \x1b[2J"))
    with on_terminal(srchat, "search", "miaow") as session:
        assert session.wait() == 0
        assert b"\x1b[1mmiaow\x1b[0m \\x1b[2J" in session.raw


def test_the_mark_of_a_hit_in_a_word_longer_than_a_row_is_whole(srchat: Srchat) -> None:
    store_conversation(srchat, "aaaa1111", ("q", "a" * 100 + "+" * 14 + "b" * 100))
    with on_terminal(srchat, "search", "+" * 14) as session:
        assert session.wait() == 0
        assert (session.raw.count(b"\x1b[1m"), session.raw.count(b"\x1b[0m")) == (1, 1)


def test_a_lone_surrogate_is_found_as_the_replacement_character(srchat: Srchat) -> None:
    store_conversation(srchat, "aaaa1111", ("q", "half \ud83d emoji"))
    result = srchat("history", "search", "\ufffd")
    assert (result.code, "unexpected" in result.err) == (0, False)


def test_a_text_with_a_hit_mark_does_not_change_the_terminal(srchat: Srchat) -> None:
    store_conversation(srchat, "aaaa1111", ("q", "some \ufdd0 words"))
    with on_terminal(srchat, "search", "words") as session:
        assert session.wait() == 0
        assert session.raw.count(b"\x1b[1m") == session.raw.count(b"\x1b[0m")


def test_deleting_during_an_export_does_not_corrupt_it(srchat: Srchat) -> None:
    store_conversation(srchat, "aaaa1111", ("one", "1"))
    store_conversation(srchat, "bbbb2222", ("two", "2"))
    library = Library({"SRCHAT_DATA": str(srchat.history.parent)}, print)
    store = library.open()
    ids = store.ids()
    store.delete(["aaaa1111"])
    parts = "".join(exported(filter(None, map(store.load_or_none, ids)), Format.JSON, str))
    assert [each["id"] for each in json.loads(parts)["conversations"]] == ["bbbb2222"]
    library.close()


@pytest.mark.parametrize("query", ['"', "AND", "(", "NEAR(", "*", "C++", "a:b", "-x", "%"])
def test_no_query_is_an_error(srchat: Srchat, query: str) -> None:
    store_conversation(srchat, "aaaa1111", ("some C++", "text"))
    result = srchat("history", "search", "--", query)
    assert result.code == 0
    assert ("C++" in result.text) == (query == "C++")


# --- export and import ---------------------------------------------------------------------

NASTY = ("lone \ud800 half, NUL \x00, \r\n and \x1b[2J", "x" * 100_000 + "\udfff")


def test_an_export_on_a_terminal_is_inert(srchat: Srchat) -> None:
    store_conversation(srchat, "aaaa1111", ("hi", ATTACK))
    with on_terminal(srchat, "export", "aaaa") as session:
        assert session.wait() == 0
    assert b"\x1b]0;" not in session.raw
    assert any("evil" in line for line in session.lines)


def test_all_and_an_id_cannot_be_combined(srchat: Srchat) -> None:
    store_conversation(srchat, "aaaa1111", ("one", "1"))
    result = srchat("history", "export", "--all", "aaaa")
    assert (result.code, result.out) == (2, b"")
    assert "cannot be combined" in result.err


def test_an_export_is_imported_exactly_and_once(srchat: Srchat) -> None:
    first = store_conversation(
        srchat, "aaaa1111", NASTY, ("more", "text"), age=9, system="Be \udc00 brief."
    )
    second = store_conversation(srchat, "bbbb2222", ("two", "2"))
    exported = srchat("history", "export", "--all", "--format", "json").out
    (srchat.home / "out.json").write_bytes(exported)
    srchat.env["SRCHAT_DATA"] = str(srchat.home / "other")
    result = srchat("history", "import", "out.json")
    assert result == (0, b"", "srchat: 3 new turns in 2 of 2 conversations\n")
    assert srchat("history", "export", "--all", "--format", "json").out == exported
    again = srchat("history", "import", "-", stdin=exported)
    assert again.err == "srchat: 0 new turns in 0 of 2 conversations\n"
    store = ConversationStore(srchat.home / "other" / "history.db")
    assert [store.load(summary.id) for summary in store.summaries()] == [second, first]
    store.close()


def test_a_long_answer_is_stored_in_parts_and_handled_as_one(srchat: Srchat, serve: Serve) -> None:
    text = "".join(f"{number:89}\n" for number in range(40_000))
    server = serve(
        answer(*(text[begin : begin + 999_999] for begin in range(0, len(text), 999_999)))
    )
    assert srchat("ask", "count", "--base-url", server.url).text == text
    with contextlib.closing(ConversationStore(srchat.history)) as store:
        ((longest,),) = store.database.query("SELECT max(length(text)) FROM reply_part")
        assert store.database.query("SELECT length(reply) FROM turn") == [(longest,)]
    assert 0 < longest < len(text) / 3
    assert srchat("last").text == text
    for query in ("7", "39999", "39998 39999", "39998\n  "):
        assert "count" in srchat("history", "search", query).text
    exported = srchat("history", "export", "--format", "json")
    assert json.loads(exported.text)["conversations"][0]["turns"][0]["reply"] == text
    assert srchat("history", "delete", "--all", "--yes").code == 0
    (srchat.home / "exported.json").write_bytes(exported.out)
    assert srchat("history", "import", "exported.json").code == 0
    assert srchat("history", "export", "--format", "json").text == exported.text


def test_a_conversation_without_a_title_gets_that_of_its_first_new_turn(srchat: Srchat) -> None:
    turn = {"id": "t001", "prompt": "hello"}
    for turns in ([], [turn]):
        items = [{"id": "aaaa1111", "turns": turns}]
        document = json.dumps({"srchat_history": 1, "conversations": items})
        assert srchat("history", "import", "-", stdin=document.encode()).code == 0
    assert srchat("history", "list").text.endswith("\thello\n")


def test_one_conversation_is_exported_as_markdown(srchat: Srchat) -> None:
    store_conversation(srchat, "aaaa1111", ("one", "1"), age=5)
    store_conversation(srchat, "bbbb2222", ("two", "2 \udc00"))
    assert srchat("history", "export").text.startswith("# two\n")
    assert srchat("history", "export").text.endswith("2 \ufffd\n")
    text = srchat("history", "export", "aaaa", "bbbb").text
    assert text.index("# one") < text.index("\n---\n") < text.index("# two")


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "null", "{}", '{"srchat_history": 9, "conversations": []}', "[" * 100_000,
     '{"srchat_history": 1, "conversations": [{"id": "../../x", "turns": []}]}'],
)  # fmt: skip
def test_an_invalid_export_is_not_imported(srchat: Srchat, text: str) -> None:
    (srchat.home / "in.json").write_text(text)
    result = srchat("history", "import", "in.json")
    assert result.code == 2
    assert result.err.startswith("srchat: error: cannot import in.json: ")
    assert len(result.messages) == 1
    assert not (srchat.home / ".local").exists()


def test_an_import_of_markdown_is_an_error_with_a_hint(srchat: Srchat) -> None:
    (srchat.home / "in.md").write_text("# one\n")
    assert "it is not JSON" in (err := srchat("history", "import", "in.md").err)
    assert "export --format json" in err


def test_an_import_from_the_future_does_not_affect_later_times(srchat: Srchat) -> None:
    turns = [{"id": "0001", "prompt": "from the future"}]
    item = {"id": "abcd", "used_at": 9e10, "turns": turns}
    document = {"srchat_history": 1, "conversations": [item]}
    result = srchat("history", "import", "-", stdin=json.dumps(document).encode())
    assert result.err == "srchat: 1 new turn in 1 of 1 conversation\n"
    (found,) = json.loads(srchat("history", "list", "--json").out)
    assert NOW <= found["used_at"] <= time.time()


def test_an_import_from_a_non_blocking_pipe_is_complete(
    srchat: Srchat,
) -> None:
    store_conversation(srchat, "aaaa1111", ("one", "1"))
    exported = srchat("history", "export", "--format", "json").out
    srchat.env["SRCHAT_DATA"] = str(srchat.home / "other")
    parts = (exported[:20], exported[20:])
    result = srchat.run_nonblocking("history", "import", "-", parts=parts)
    assert result == (0, b"", "srchat: 1 new turn in 1 of 1 conversation\n")


def test_an_import_that_is_not_utf_8_is_refused(srchat: Srchat) -> None:
    result = srchat("history", "import", "-", stdin=b'{"srchat_history": "\xe4"}')
    assert result.code == 2
    assert "not UTF-8" in result.err


def test_a_file_truncated_at_its_end_changes_nothing(srchat: Srchat) -> None:
    store_conversation(srchat, "aaaa1111", ("one", "1"))
    document = json.loads(srchat("history", "export", "--format", "json").out)
    document["conversations"][0]["id"] = "bbbb2222"
    document["conversations"].append({"id": 5})
    assert srchat("history", "import", "-", stdin=json.dumps(document).encode()).code == 2
    assert len(srchat("history", "list").text.splitlines()) == 1
    assert srchat("history", "import", "no-such-file").code == 2


# --- delete --------------------------------------------------------------------------------


def ids(srchat: Srchat) -> list[str]:
    return [item["id"] for item in json.loads(srchat("history", "list", "--json").out)]


def test_the_given_conversations_are_deleted(srchat: Srchat) -> None:
    for id_ in ("aaaa1111", "bbbb2222", "cccc3333"):
        store_conversation(srchat, id_, ("one", "1"))
    result = srchat("history", "delete", "aaaa", "cccc3333", "--yes")
    assert result == (0, b"", "srchat: 2 conversations deleted\n")
    assert ids(srchat) == ["bbbb2222"]


def test_old_conversations_are_deleted(srchat: Srchat) -> None:
    day = 86400.0
    for age in (0, 29, 31, 400):
        store_conversation(srchat, f"{age:08}", ("one", "1"), age=age * day)
    assert srchat("history", "delete", "--older-than", "30d", "-y").code == 0
    assert ids(srchat) == ["00000000", "00000029"]
    assert srchat("history", "delete", "--older-than", "1h", "-y").code == 0
    assert ids(srchat) == ["00000000"]
    assert srchat("history", "delete", "--all", "-y").code == 0
    assert ids(srchat) == []


@pytest.mark.parametrize(
    "arguments",
    [[], ["--older-than", "30"], ["--older-than", "-1d"], ["--older-than", ""], ["aaaa", "--all"],
     ["--all", "--older-than", "1d"], ["zzzz"], ["aaaa", "zzzz"]],
)  # fmt: skip
def test_an_ambiguous_request_deletes_nothing(srchat: Srchat, arguments: list[str]) -> None:
    store_conversation(srchat, "aaaa1111", ("one", "1"), age=1e8)
    assert srchat("history", "delete", "--yes", *arguments).code == 2
    assert ids(srchat) == ["aaaa1111"]


def test_without_a_terminal_and_yes_nothing_is_deleted(srchat: Srchat) -> None:
    store_conversation(srchat, "aaaa1111", ("one", "1"))
    result = srchat("history", "delete", "aaaa", stdin=b"y\n")
    assert result.code == 2
    assert "--yes" in result.err
    assert ids(srchat) == ["aaaa1111"]


def test_on_a_terminal_it_asks(srchat: Srchat) -> None:
    store_conversation(srchat, "aaaa1111", (f"title {ATTACK}", "1"))
    for key, left in (("\n", 1), ("n\n", 1), ("y\n", 0)):
        with on_terminal(srchat, "delete", "aaaa") as session:
            session.wait_for_text("[y/N]")
            assert b"\x1b]0;" not in session.raw
            session.type(key)
            session.wait()
        assert len(ids(srchat)) == left


def test_the_confirmation_counts_several_conversations(srchat: Srchat) -> None:
    store_conversation(srchat, "aaaa1111", ("one", "1"))
    store_conversation(srchat, "bbbb2222", ("two", "2"))
    with on_terminal(srchat, "delete", "aaaa", "bbbb") as session:
        session.wait_for_text("delete 2 conversations? [y/N]")
        session.type("y\r")
        assert session.wait() == 0
    assert ids(srchat) == []


# --- imports and limits --------------------------------------------------------------------


@pytest.mark.parametrize("command", ["list", "search x", "export --all", "show"])
def test_history_needs_neither_http_nor_rich(srchat: Srchat, command: str) -> None:
    store_conversation(srchat, "aaaa1111", ("one", "1"))
    code = (
        "import sys; from srchat.cli.app import main; "
        f"code = main(['history', *{command.split()}]); "
        "print(code, [n for n in ('httpx', 'rich', 'prompt_toolkit') if n in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env=srchat.env, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "0 []"


@pytest.mark.parametrize("seconds", [1e300, float("inf"), float("nan")])
def test_an_invalid_time_is_shown_as_a_question_mark(seconds: float) -> None:
    assert local_time(seconds) == "?"


def test_a_turn_without_an_answer_shows_its_prompt_and_the_reason(
    srchat: Srchat,
) -> None:
    conversation = store_conversation(srchat, "aaaa1111", ("one", ""))
    store = ConversationStore(srchat.history)
    turn = conversation.turns[0]._replace(complete=False, reason="refused")
    store.update_turn(conversation, turn)
    store.close()
    with on_terminal(srchat, "show") as session:
        assert session.wait() == 0
        assert session.lines[-3:] == ["--- served ---", "", "(incomplete: refused)"]


@pytest.mark.parametrize("args", [("list",), ("show",), ("search", "word")])
def test_an_unreadable_directory_is_reported(srchat: Srchat, args: tuple[str, ...]) -> None:
    place = srchat.home / ("x" * 300)  # a name too long fails even for root
    result = srchat("history", *args, SRCHAT_DATA=str(place))
    assert (result.code, result.out) == (9, b"")
    assert result.err == (
        f"srchat: error: cannot use the history {place}/history.db: File name too long\n"
    )


@pytest.mark.parametrize(("columns", "shown"), [(40, 25), (50, 24), (60, 24), (80, 32), (100, 40)])
def test_on_a_narrow_terminal_the_title_has_most_of_the_row(
    srchat: Srchat, columns: int, shown: int
) -> None:
    with contextlib.closing(ConversationStore(srchat.history)) as store:
        title = "a title that goes on and on " * 5
        conversation = Conversation("0123456789ab", title=title)
        store.add_turn(conversation, TurnRecord("t1", "hi", reply="x", model="m" * 40))
    with TerminalSession(srchat.command("history", "list"), srchat.env, columns) as session:
        assert session.wait() == 0
    (line,) = session.lines
    assert line.endswith("…")
    assert len(line) < columns
    assert line.count("…") == (2 if columns >= 60 else 1)
    assert title[:shown] in line
    assert line.startswith("012345")


def summary(model: str, title: str, turns: int = 1, *, complete: bool = True) -> Summary:
    return Summary(
        id="0123456789ab", title=title, created_at=0, used_at=0,
        turns=turns, model=model, complete=complete,
    )  # fmt: skip


@pytest.mark.parametrize("columns", [1, 20, 40, 50, 60, 80, 120])
def test_the_titles_of_a_list_stand_in_one_column(columns: int) -> None:
    models = ("", "qwen3-4b", "通义千问模型", "a-model-with-a-very-long-name-indeed")
    items = [summary(model, f"@{model}", turns) for turns, model in enumerate(models, 9)]
    rows = list(summary_rows([*items, summary("m", "@", 120, complete=False)], columns))
    assert all(width_of(row.rstrip("\n")) < max(columns, 2) for row in rows)
    if columns >= 40:
        assert len({width_of(row[: row.index("@")]) for row in rows}) == 1


def test_the_model_has_the_columns_that_the_list_needs() -> None:
    (row,) = summary_rows([summary("m", "t" * 99)], 80)
    assert row == f"01234567  {local_time(0)}  m  1  {'t' * 44}…\n"
    (row,) = summary_rows([summary("", "title")], 80)
    assert row == f"01234567  {local_time(0)}  1  title\n"


def test_a_long_list_begins_before_its_end_is_read() -> None:
    endless = (summary("m", str(number)) for number in itertools.count())
    rows = summary_rows(endless, 80)
    assert [next(rows).split()[-1] for _ in range(300)] == list(map(str, range(300)))


def test_a_title_needs_a_stored_conversation(srchat: Srchat) -> None:
    result = srchat("history", "title", "aaaa", "cats")
    assert (result.code, result.err) == (2, "srchat: error: no stored conversations\n")
    assert not srchat.history.exists()


def test_reasoning_is_shown_on_a_terminal_if_asked_for(srchat: Srchat) -> None:
    turn = TurnRecord("aaaa0", "why?", reply="42", reasoning=" Hm \x1b[2J.\n", complete=True)
    conversation = Conversation("aaaa1111", created_at=NOW, used_at=NOW).with_turn(turn)
    store = ConversationStore(srchat.history)
    store.add_conversation(conversation)
    store.close()
    with on_terminal(srchat, "show", "--reasoning") as session:
        assert session.wait() == 0
        shown = session.lines
    assert [line for line in shown if "Hm" in line] == ["Hm \\x1b[2J."]
    assert any("reasoning" in line for line in shown)
    with on_terminal(srchat, "show") as session:
        assert session.wait() == 0
        assert not any("Hm" in line or "reasoning" in line for line in session.lines)
