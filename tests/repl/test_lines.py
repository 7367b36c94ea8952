"""Dumb terminals: the driver edits lines, and no escape sequences are written."""

import os
import signal
import threading

import pytest

from tests.conftest import Serve, Srchat
from tests.support.chatting import CTRL_C, CTRL_D, ENTER, ChatTerminal, sent_messages
from tests.support.server import CLOSE, DONE, HOLD, answer, chunk, head


@pytest.mark.parametrize("term", ["dumb", "", "unknown"])
def test_a_terminal_that_cannot_move_its_cursor_gets_no_escape_sequence(
    srchat: Srchat, serve: Serve, term: str
) -> None:
    server = serve(answer("It is\x1b[31m so."), [head(), chunk("half\n\n"), HOLD])
    with ChatTerminal(srchat, server.url, TERM=term) as chat:
        chat.wait_for_text(">")
        chat.type("one\\\ntwo\n")
        chat.wait_for_text("so.")
        chat.type("/usage\n")
        chat.wait_for_text("tokens in use")
        chat.type("three\n")
        chat.wait_for_text("half")
        chat.type(CTRL_C)
        chat.wait_for_text("interrupted")
        chat.type(CTRL_D)
        assert chat.wait() == 0
        assert b"\x1b" not in chat.raw
    assert sent_messages(server, 0) == [("user", "one\ntwo")]


def test_a_line_typed_ahead_is_sent_and_ctrl_d_quits(srchat: Srchat, serve: Serve) -> None:
    typed = threading.Event()
    server = serve([head(), chunk("begin "), typed, chunk("end", "stop"), DONE, CLOSE],
                   answer("Fine."))  # fmt: skip
    with ChatTerminal(srchat, server.url, TERM="dumb") as chat:
        chat.wait_for_text(">")
        chat.type("one" + ENTER)
        chat.wait_for(lambda _: len(server.requests) == 1)
        chat.type("two" + ENTER + CTRL_D)
        typed.set()
        assert chat.wait() == 0
        assert "begin end" in chat.text
        assert "Fine." in chat.text
    assert sent_messages(server)[-1] == ("user", "two")


def test_it_works_without_term(srchat: Srchat, serve: Serve) -> None:
    server = serve(answer("Fine."))
    del srchat.env["TERM"]
    with ChatTerminal(srchat, server.url) as chat:
        chat.wait_for_text(">")
        chat.type("one\n")
        chat.wait_for_text("Fine.")
        chat.type(CTRL_D)
        assert chat.wait() == 0
        assert b"\x1b" not in chat.raw


def test_ctrl_c_discards_the_line_and_another_signal_ends_the_chat(
    srchat: Srchat, serve: Serve
) -> None:
    server = serve(answer("Fine."))
    with ChatTerminal(srchat, server.url, TERM="dumb") as chat:
        chat.wait_for_text(">")
        chat.type("not this")
        chat.wait_for_text("> not this")
        chat.type(CTRL_C)
        chat.wait_for(lambda _: chat.text.count(">") == 2)
        chat.type("this" + ENTER)
        chat.wait_for_text("Fine.")
        chat.wait_for(lambda _: chat.text.count(">") == 3)
        os.kill(chat.pid, signal.SIGTERM)
        assert chat.wait() == 143
    assert sent_messages(server) == [("user", "this")]


def test_a_prompt_after_ctrl_c_is_on_a_new_row(srchat: Srchat, serve: Serve) -> None:
    server = serve(answer("Fine."))
    with ChatTerminal(srchat, server.url, TERM="dumb") as chat:
        chat.wait_for_text(">")
        chat.type("half")
        chat.wait_for_text("> half")
        chat.type(CTRL_C)
        chat.wait_for_prompt()
        assert chat.above[-1] == "> half^C"
