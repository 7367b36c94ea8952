"""Choosing a conversation from a list."""

import contextlib

import pytest

from srchat.conversation import Conversation, TurnRecord
from srchat.history.store import ConversationStore
from tests.conftest import Serve, Srchat
from tests.support.chatting import CTRL_C, CTRL_D, DOWN, ENTER, ESC, ChatTerminal, sent_messages
from tests.support.server import answer


def test_load_lists_the_most_recent_conversations(srchat: Srchat, serve: Serve) -> None:
    server = serve(answer("one"), answer("two"), answer("three"))
    with ChatTerminal(srchat, server.url) as chat:
        chat.run("about cats")
        chat.run("/new")
        chat.run("about dogs")
        chat.run("/new")
        chat.say("/load")
        chat.wait_for_text("about cats (1)")
        chat.wait_for(lambda chat: chat.lines[-2:] == ["  > about dogs", "  two"])  # a preview
        chat.type(DOWN)
        chat.wait_for(lambda chat: chat.lines[-2:] == ["  > about cats", "  one"])
        chat.type(ENTER)
        chat.wait_for_text("about cats (")
        chat.wait_for_prompt()
        chat.run("and more")
        chat.say("/load")
        chat.wait_for_text("about dogs (1)")
        chat.type(ESC)
        chat.wait_for_prompt()
    assert sent_messages(server) == [
        ("user", "about cats"),
        ("assistant", "one"),
        ("user", "and more"),
    ]


def test_a_loaded_incomplete_answer_is_shown_with_its_state(srchat: Srchat, serve: Serve) -> None:
    with contextlib.closing(ConversationStore(srchat.history)) as store:
        turn = TurnRecord("t1", "about cats", reply="Cats **are", reason="interrupted")
        store.add_turn(Conversation("abcd"), turn)
    with ChatTerminal(srchat, serve(answer("ok")).url) as chat:
        shown = chat.run("/load abcd").splitlines()
    assert [line for line in shown if line][-3:] == [
        "> about cats", "Cats **are", "(incomplete: interrupted)",
    ]  # fmt: skip


def test_a_dumb_terminal_asks_for_a_number(srchat: Srchat, serve: Serve) -> None:
    server = serve(answer("one"), answer("two"), answer("three"))
    for prompt in ("about cats", "about dogs"):
        assert srchat("ask", prompt, "--base-url", server.url).code == 0
    with ChatTerminal(srchat, server.url, TERM="dumb") as chat:
        chat.wait_for_text(">")
        chat.type("/load\n")
        chat.wait_for_text("number:")
        chat.type("nine\n/load\n")
        chat.wait_for(lambda chat: "\n".join(chat.lines).count("number:") == 2)
        chat.type("2\n")
        chat.wait_for_text("> about cats")
        chat.type("/edit\n")
        chat.wait_for(lambda chat: chat.lines[-2:] == ["about cats", ">"])
        chat.type("about mice\n")
        chat.wait_for_text("three")
        chat.type(CTRL_D)
        assert chat.wait() == 0
    assert sent_messages(server) == [("user", "about mice")]


@pytest.mark.parametrize("key", [CTRL_C, CTRL_D])
def test_on_a_dumb_terminal_a_key_cancels_the_choice_and_not_the_chat(
    srchat: Srchat, serve: Serve, key: str
) -> None:
    server = serve(answer("one"), answer("two"))
    for prompt in ("about cats", "about dogs"):
        assert srchat("ask", prompt, "--base-url", server.url).code == 0
    with ChatTerminal(srchat, server.url, TERM="dumb") as chat:
        chat.wait_for_text(">")
        chat.type("/load\n")
        chat.wait_for_text("number:")
        chat.type(key)
        chat.wait_for(lambda chat: chat.lines[-1] == ">")
        assert "srchat:" not in chat.text
        chat.type(CTRL_D)
        assert chat.wait() == 0


def test_a_conversation_with_all_turns_undone_can_be_resumed(srchat: Srchat, serve: Serve) -> None:
    server = serve(answer("one"), answer("two"))
    with ChatTerminal(srchat, server.url) as chat:
        chat.run("about cats")
        chat.run("/undo")
        assert chat.leave() == 0
    with ChatTerminal(srchat, server.url, "-c") as chat:
        chat.run("about dogs")
        assert chat.leave() == 0
    assert sent_messages(server) == [("user", "about dogs")]
