"""`srchat history delete`: what is deleted, when it asks, and files that cannot be deleted."""

import json

import pytest

from tests.conftest import Srchat
from tests.support.stored import ATTACK, on_terminal, store_conversation


def test_a_file_that_cannot_be_deleted_is_named(srchat: Srchat) -> None:
    store_conversation(srchat, "aaaa1111", ("one", "1"))
    other = srchat.history.with_name("history.db.broken-1")
    other.mkdir()
    result = srchat("history", "delete", "--all", "-y")
    assert (result.code, result.out) == (9, b"")
    assert result.err == f"srchat: error: cannot delete {other}: Is a directory\n"


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
