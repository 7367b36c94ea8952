"""Signals and a terminal that closes while a line is edited."""

import os
import signal
import sys

import pytest

from tests.conftest import Serve, Srchat
from tests.support.chatting import ENTER, ChatTerminal, answer_cursor_queries
from tests.support.pseudo_terminal import TerminalSession
from tests.support.server import HOLD, chunk, head
from tests.support.waiting import wait_until


@pytest.mark.parametrize(("signum", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129)])
@pytest.mark.parametrize("where", ["prompt", "answer"])
def test_a_signal_ends_the_chat_and_restores_the_terminal(
    srchat: Srchat, serve: Serve, signum: int, code: int, where: str
) -> None:
    server = serve([head(), chunk("half"), HOLD])
    with ChatTerminal(srchat, server.url) as chat:
        chat.wait_for_prompt()
        if where == "answer":
            chat.type("q" + ENTER)
            chat.wait_for_text("half")
        os.kill(chat.pid, signum)
        assert chat.wait() == code
        assert chat.echoes
        assert chat.terminal.cursor_is_visible
    if where == "answer":
        assert "half" in srchat("history", "show").text


@pytest.mark.parametrize("where", ["prompt", "answer"])
def test_closing_the_terminal_ends_the_chat_and_keeps_the_answer(
    srchat: Srchat, serve: Serve, where: str
) -> None:
    server = serve([head(), chunk("half an answer"), HOLD])
    with ChatTerminal(srchat, server.url) as chat:
        chat.wait_for_prompt()
        if where == "answer":
            chat.type("q" + ENTER)
            chat.wait_for_text("half an answer")
        chat.hang_up()
        wait_until(chat.has_exited, "the end of the chat")
        assert chat.exit_code in (
            129,
            74,
        )  # from the signal or from the failed write, whichever is first
    if where == "answer":
        assert "half an answer" in srchat("history", "show").text


# Sends itself a signal just before the line editor runs.
EARLY = """
import os, sys
from prompt_toolkit import PromptSession
from srchat import signals
from srchat.errors import Interrupted
from srchat.repl.prompt_lines import ended_by_signals
signals.install()
session = PromptSession()
try:
    with ended_by_signals(session.app):
        os.kill(os.getpid(), int(sys.argv[1]))
        session.prompt("> ", handle_sigint=False)
except (Interrupted, KeyboardInterrupt) as exc:
    print("ended by", repr(exc))
"""


@pytest.mark.parametrize(("signum", "end"), [(15, "Interrupted"), (2, "KeyboardInterrupt")])
def test_a_signal_just_before_the_line_editor_starts_ends_the_chat(
    srchat: Srchat, signum: int, end: str
) -> None:
    command = [sys.executable, "-c", EARLY, str(signum)]
    with TerminalSession(command, srchat.env) as session:
        answer_cursor_queries(session)
        session.wait_for_text(f"ended by {end}")
