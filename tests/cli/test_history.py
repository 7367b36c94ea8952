"""`srchat history`: stored conversations listed, shown and searched."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from srchat.conversation import Conversation, TurnRecord
from srchat.history.store import ConversationStore
from tests.conftest import Srchat
from tests.support.pseudo_terminal import TerminalSession
from tests.support.stored import ATTACK, NOW, on_terminal, store_conversation

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


def test_a_lone_surrogate_is_found_as_the_replacement_character(srchat: Srchat) -> None:
    store_conversation(srchat, "aaaa1111", ("q", "half \ud83d emoji"))
    result = srchat("history", "search", "\ufffd")
    assert (result.code, "unexpected" in result.err) == (0, False)


@pytest.mark.parametrize("query", ['"', "AND", "(", "NEAR(", "*", "C++", "a:b", "-x", "%"])
def test_no_query_is_an_error(srchat: Srchat, query: str) -> None:
    store_conversation(srchat, "aaaa1111", ("some C++", "text"))
    result = srchat("history", "search", "--", query)
    assert result.code == 0
    assert ("C++" in result.text) == (query == "C++")


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
