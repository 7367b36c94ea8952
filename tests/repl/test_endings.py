"""Ctrl-C, Ctrl-D, Ctrl-Z, signals and a terminal that closes, at every moment of a chat."""

import os
import re
import select
import signal
import threading

import pytest

from tests.conftest import Serve, Srchat
from tests.support.chatting import (
    CTRL_C,
    CTRL_D,
    CTRL_R,
    CTRL_Z,
    ENTER,
    ChatTerminal,
    answer_cursor_queries,
    is_well_formed,
    sent_messages,
)
from tests.support.pseudo_terminal import TerminalSession
from tests.support.server import CLOSE, DONE, HOLD, answer, chunk, error, head
from tests.support.waiting import WAIT_TIMEOUT


def test_ctrl_c_at_the_prompt_clears_the_line(srchat: Srchat, serve: Serve) -> None:
    server = serve(answer("Fine."))
    with ChatTerminal(srchat, server.url) as chat:
        chat.wait_for_prompt()
        chat.type("not this")
        chat.wait_for_text("> not this")
        chat.type(CTRL_C)
        chat.run("this")
    assert sent_messages(server) == [("user", "this")]


def test_ctrl_c_while_waiting_stops_the_request_and_retry_sends_it_again(
    srchat: Srchat, serve: Serve
) -> None:
    server = serve([HOLD], answer("now"))
    with ChatTerminal(srchat, server.url) as chat:
        chat.say("q")
        chat.wait_for(lambda _: len(server.requests) == 1)
        chat.type(CTRL_C)
        chat.wait_for_text("hint: /retry to send it again")
        assert server.client_disconnected.wait(WAIT_TIMEOUT)
        assert "now" in chat.run("/retry")
    assert sent_messages(server) == [("user", "q")]


def test_ctrl_c_in_mid_answer_keeps_the_text_and_continue_sends_it_again(
    srchat: Srchat, serve: Serve
) -> None:
    server = serve([head(), chunk("The first half"), HOLD], answer("the rest"))
    with ChatTerminal(srchat, server.url) as chat:
        chat.say("tell me")
        chat.wait_for_text("first half")
        chat.type(CTRL_C)
        chat.wait_for_text("/continue to go on")
        assert "the rest" in chat.run("/continue")
        chat.leave()
    messages = sent_messages(server)
    assert messages[:2] == [("user", "tell me"), ("assistant", "The first half")]
    assert is_well_formed(messages)
    shown = srchat("history", "show").text
    assert "The first half" in shown
    assert "Incomplete: interrupted" in shown


def test_repeated_ctrl_c_does_not_end_the_chat(srchat: Srchat, serve: Serve) -> None:
    server = serve([head(), chunk("half"), HOLD], answer("Fine."))
    srchat.env = srchat.plain_env  # Ctrl-C may raise while coverage.py holds its lock
    with ChatTerminal(srchat, server.url) as chat:
        chat.say("q")
        chat.wait_for_text("half")
        for _ in range(30):
            chat.type(CTRL_C)
            chat.read(0.003)
        chat.say("still there?")  # after the signals that are still pending
        chat.wait_for_text("Fine.")
        assert chat.leave() == 0


def test_ctrl_c_ends_a_wait_for_a_retry(srchat: Srchat, serve: Serve) -> None:
    server = serve(error(429, "slow down", {"Retry-After": "30"}), answer("Fine."))
    with ChatTerminal(srchat, server.url) as chat:
        chat.say("q")
        chat.wait_for_text("retrying in")
        chat.type(CTRL_C)
        chat.wait_for_text("interrupted")
        assert "Fine." in chat.run("/retry")


def test_ctrl_d_quits_and_restores_the_terminal(srchat: Srchat, serve: Serve) -> None:
    with ChatTerminal(srchat, serve(answer("Fine.")).url) as chat:
        chat.run("q")
        chat.wait_for_prompt()
        chat.type(CTRL_D)
        chat.wait_for(lambda _: chat.echoes, "a sane terminal")
        assert chat.wait() == 0
        assert chat.terminal.cursor_is_visible
        assert chat.raw.rindex(b"\x1b[?2004h") < chat.raw.rindex(b"\x1b[?2004l")


@pytest.mark.parametrize("word", ["exit", "quit"])
def test_exit_and_quit_without_a_slash_quit(srchat: Srchat, serve: Serve, word: str) -> None:
    server = serve(answer("Fine."))
    with ChatTerminal(srchat, server.url) as chat:
        chat.run(f"how do I {word}?")
        chat.say(f" {word} ")
        assert chat.wait() == 0
    assert sent_messages(server) == [("user", f"how do I {word}?")]


class _Shell(ChatTerminal):
    """A chat as a job of a shell, which stops and continues it."""

    def __init__(self, srchat: Srchat, url: str) -> None:
        job = " ".join(srchat.command("chat", "--base-url", url))
        super(ChatTerminal, self).__init__(
            ["bash", "--norc", "--noprofile", "-i"], srchat.env | {"PS1": "shell$ "},
            cwd=str(srchat.home),
        )  # fmt: skip
        answer_cursor_queries(self)
        self.wait_for_text("shell$")
        self.type(f"{job}\r")


def test_ctrl_z_at_the_prompt_and_fg(srchat: Srchat, serve: Serve) -> None:
    server = serve(answer("Fine."))
    with _Shell(srchat, server.url) as chat:
        chat.wait_for_prompt()
        chat.type("half a " + CTRL_Z)
        chat.wait_for_text("Stopped")
        chat.type("echo in the $((40+2)) shell\r")
        chat.wait_for_text("in the 42 shell")
        chat.type("fg\r")
        chat.wait_for(lambda _: "> half a" in chat.terminal.screen)
        chat.type("line" + ENTER)
        chat.wait_for_text("Fine.")
    assert sent_messages(server) == [("user", "half a line")]


def test_ctrl_z_before_the_answer_begins_and_fg(srchat: Srchat, serve: Serve) -> None:
    rest = threading.Event()
    server = serve([rest, *answer("Fine.")])
    with _Shell(srchat, server.url) as chat:
        chat.say("q")
        chat.wait_for(lambda _: bool(server.requests))
        chat.type(CTRL_Z)
        chat.wait_for_text("Stopped")
        chat.type("fg\r")
        rest.set()
        chat.wait_for_text("Fine.")
        chat.wait_for_prompt()
        assert chat.above.count("Fine.") == 1


def test_closing_the_terminal_ends_a_stopped_chat(srchat: Srchat, serve: Serve) -> None:
    ended, held = os.pipe()
    os.set_inheritable(held, True)
    with _Shell(srchat, serve(answer("Fine.")).url) as chat:
        os.close(held)
        chat.wait_for_prompt()
        chat.type("half a " + CTRL_Z)
        chat.wait_for_text("Stopped")
    # No process has the other end open, neither the shell nor the chat.
    assert select.select([ended], [], [], WAIT_TIMEOUT)[0]
    os.close(ended)


@pytest.mark.parametrize("is_over", [True, False], ids=["over meanwhile", "goes on"])
def test_ctrl_z_in_mid_answer_and_fg(srchat: Srchat, serve: Serve, *, is_over: bool) -> None:
    rest = threading.Event()
    begun = "Above.\n\n| one | two |\n|---|---|\n| begin | 1 |\n| half a"
    server = serve([head(), chunk(begun), rest, chunk(" row | 2 |", "stop"), DONE, CLOSE])
    with _Shell(srchat, server.url) as chat:
        chat.say("q")
        chat.wait_for_text("half a")
        chat.type(CTRL_Z)
        chat.wait_for_text("Stopped")
        if is_over:
            rest.set()
        chat.type("echo in the $((40+2)) shell\r")
        chat.wait_for_text("in the 42 shell")
        chat.type("fg\r")
        rest.set()
        chat.wait_for_text("half a row")
        chat.wait_for_prompt()
        shown = chat.above
        # The shell's output is unchanged, and the tail is shown again below it.
        place = shown.index("in the 42 shell")
        assert any("Stopped" in line for line in shown[:place])
        assert shown[place + 1] == "shell$ fg"
        below = [line.split() for line in shown[place + 3 :] if line]
        assert below[-4:] == [
            ["one", "two"], ["──────────", "───"], ["begin", "1"], ["half", "a", "row", "2"],
        ]  # fmt: skip
        assert shown.count("Above.") == 1
        assert "this chat: 1 turn" in chat.run("/usage")


@pytest.mark.parametrize("keys", [CTRL_R, CTRL_R + "he", "some"])
@pytest.mark.parametrize("is_stopped", [True, False])
def test_a_signal_in_a_search_or_after_a_stop_leaves_the_prompt_usable(
    srchat: Srchat, serve: Serve, keys: str, is_stopped: bool
) -> None:
    server = serve(answer("Fine."))
    with ChatTerminal(srchat, server.url) as chat:
        chat.run("hello")
        chat.wait_for_prompt()
        if is_stopped:  # from outside, so that prompt_toolkit is not involved
            os.kill(chat.pid, signal.SIGSTOP)
            os.waitpid(chat.pid, os.WUNTRACED)
            os.kill(chat.pid, signal.SIGCONT)
            chat.read(0.3)
            chat.type(keys)
            chat.read(0.3)
            chat.type(CTRL_C)
        else:
            chat.type(keys)
            chat.read(0.3)
            os.kill(chat.pid, signal.SIGINT)
        assert "Fine." in chat.run("again")
        assert len(server.requests) == 2
        assert chat.leave() == 0


def test_sigquit_leaves_the_shell_with_its_terminal(srchat: Srchat, serve: Serve) -> None:
    with ChatTerminal(srchat, serve(answer("x")).url) as chat:
        chat.wait_for_prompt()
        before = chat.echoes
        os.kill(chat.pid, signal.SIGQUIT)
        assert chat.wait() == 128 + signal.SIGQUIT
        assert (before, chat.echoes) == (False, True)


def test_edit_shows_bidi_controls_of_an_imported_prompt(srchat: Srchat, serve: Serve) -> None:
    server = serve(answer("x"))
    with ChatTerminal(srchat, server.url) as chat:
        chat.run("a\u202eb")
        chat.say("/edit")
        chat.wait_for_text("a\\u202eb")
        assert "\u202e" not in chat.terminal.screen[chat.row]


def test_quitting_prints_how_to_continue_a_stored_conversation(
    srchat: Srchat, serve: Serve
) -> None:
    server = serve(answer("one"), answer("two"))
    srchat.configure(f'[profiles.work]\nbase_url = "{server.url}"\n')
    with ChatTerminal(srchat, "", "-p", "work") as chat:
        chat.run("about cats")
        assert chat.leave() == 0
        command = chat.lines[-1].removeprefix("srchat: to continue: srchat ")
    assert re.fullmatch("chat -p work --conversation [0-9a-f]{12}", command)
    with ChatTerminal(srchat, "", *command.split()[1:]) as chat:
        chat.run("and dogs?")
    assert [content for _, content in sent_messages(server)] == ["about cats", "one", "and dogs?"]


def test_quitting_prints_nothing_if_nothing_was_stored(srchat: Srchat, serve: Serve) -> None:
    server = serve(answer("one"))
    for lines, args in (
        ([], ()),
        (["hi"], ("--no-save",)),
        (["hi"], ("-q",)),
        (["hi", "/new"], ()),
        (["/usage"], ("-c",)),
    ):
        with ChatTerminal(srchat, server.url, *args) as chat:
            for line in lines:
                chat.run(line)
            assert chat.leave() == 0
            assert "to continue" not in chat.text
    assert srchat("chat", "--base-url", server.url, stdin=b"hi\n").err == ""


def test_the_command_to_continue_is_printed_on_standard_error(srchat: Srchat, serve: Serve) -> None:
    server = serve(answer("one"))
    shell = ["sh", "-c", '"$@" 2> err.txt', "sh", *srchat.command("chat", "--base-url", server.url)]
    with TerminalSession(shell, srchat.env, cwd=str(srchat.home)) as session:
        answer_cursor_queries(session)
        session.wait_for_text(">")
        session.type("hi" + ENTER)
        session.wait_for_text("one")
        session.type(CTRL_D)
        assert session.wait() == 0
    err = (srchat.home / "err.txt").read_text()
    assert f"srchat: to continue: srchat chat --base-url {server.url} --conversation " in err


@pytest.mark.parametrize("leaving", ["/exit" + ENTER, "quit" + ENTER, CTRL_D])
@pytest.mark.parametrize("quiet", [(), ("-q",)])
def test_one_blank_line_precedes_how_to_continue(
    srchat: Srchat, serve: Serve, leaving: str, quiet: tuple[str, ...]
) -> None:
    with ChatTerminal(srchat, serve(answer("one")).url, *quiet) as chat:
        chat.run("hi")
        chat.type(leaving)
        assert chat.wait() == 0
        shown = [line for line in chat.lines if not line.startswith("--conversation")]
    typed = "> " + leaving.strip(ENTER + CTRL_D)
    after = shown[shown.index("one") + 2 :]
    assert after[0] == typed.strip()
    assert [line[:19] for line in after[1:]] == ([] if quiet else ["", "srchat: to continue"])
