"""The REPL in a real terminal: what is typed, what is seen, what is sent."""

import os
import re
import signal
import stat
import sys
import time
from functools import partial
from pathlib import Path

import pytest

from tests.chatting import (
    CTRL_C,
    CTRL_D,
    CTRL_R,
    CTRL_Z,
    DOWN,
    ENTER,
    ESC,
    UP,
    ChatTerminal,
    answering,
    is_well_formed,
    sent,
)
from tests.conftest import Serve, Srchat
from tests.pseudo_terminal import TerminalSession
from tests.server import (
    CLOSE,
    DONE,
    HOLD,
    Pause,
    answer,
    chunk,
    chunked,
    error,
    head,
    json_response,
)

# The prompt


def test_a_prompt_is_answered_and_the_next_one_knows_of_it(srchat: Srchat, serve: Serve) -> None:
    server = serve(answer("It is **blue**."), answer("Yes."))
    with ChatTerminal(srchat, server.url) as chat:
        assert "It is blue." in chat.run("what colour?")
        chat.run("sure?")
        assert chat.leave() == 0
    assert sent(server) == [
        ("user", "what colour?"),
        ("assistant", "It is **blue**."),
        ("user", "sure?"),
    ]


def test_the_greeting_is_one_line(srchat: Srchat, serve: Serve) -> None:
    with ChatTerminal(srchat, serve(answer("x")).url, "-m", "some-model") as chat:
        chat.wait_for_prompt()
        greeting = [line for line in chat.above if line]
        assert len(greeting) == 1
        assert "some-model" in greeting[0]
        assert "/help" in greeting[0]


def test_the_status_line_tells_model_tokens_requests_and_profile(
    srchat: Srchat, serve: Serve
) -> None:
    usage = {"prompt_tokens": 30, "completion_tokens": 12, "total_tokens": 42}
    server = serve(
        [head(headers={"X-RateLimit-Remaining": "7", "X-RateLimit-Limit": "10"}),
         chunk("Hi"), chunk(finish="stop", usage=usage), DONE, CLOSE]
    )  # fmt: skip
    server.requests.clear()
    srchat.configure(f'[profiles.work]\nbase_url = "{server.url}"\ncontext_window = 8192\n')
    with ChatTerminal(srchat, "", "-p", "work") as chat:
        chat.run("hello")
        chat.wait_for(lambda _: "7 of 10 requests left" in chat.status)
        assert chat.status.split(" · ")[0] == "vllm-primary"
        assert chat.status.split(" · ")[-1] == "work"


def test_a_trailing_backslash_and_alt_enter_begin_a_new_line(srchat: Srchat, serve: Serve) -> None:
    server = serve(answer("Fine."))
    with ChatTerminal(srchat, server.url) as chat:
        chat.wait_for_prompt()
        chat.type("one\\" + ENTER + "two" + ESC + ENTER + "three" + ENTER)
        chat.wait_for_text("Fine.")
    assert sent(server) == [("user", "one\ntwo\nthree")]


def test_a_paste_of_500_lines_is_one_message(srchat: Srchat, serve: Serve) -> None:
    server = serve(answer("Fine."))
    lines = [f"{n}: /not a command // 漢字" for n in range(500)]
    with ChatTerminal(srchat, server.url) as chat:
        chat.wait_for_prompt()
        chat.type("\x1b[200~" + "\r".join(lines) + "\x1b[201~")
        chat.wait_for_text("499: ")
        assert server.requests == []
        chat.type(ENTER)
        chat.wait_for_text("Fine.")
    assert sent(server) == [("user", "\n".join(lines))]


def test_a_paste_right_after_ctrl_c_is_one_message(srchat: Srchat, serve: Serve) -> None:
    server = serve(answer("Fine."))
    with ChatTerminal(srchat, server.url) as chat:
        chat.wait_for_prompt()
        chat.type("x" + CTRL_C + "\x1b[200~one\rtwo\rthree\x1b[201~")
        chat.wait_for_text("three")
        assert server.requests == []
        chat.type(ENTER)
        chat.wait_for_text("Fine.")
    assert sent(server) == [("user", "one\ntwo\nthree")]


def test_what_is_typed_while_an_answer_streams_is_there_afterwards(
    srchat: Srchat, serve: Serve
) -> None:
    server = serve([head(), chunk("begin "), Pause(0.7), chunk("end", "stop"), DONE, CLOSE])
    with ChatTerminal(srchat, server.url) as chat:
        chat.say("go")
        chat.wait_for_text("begin")
        assert not chat.echoes
        chat.type("\x1b[200~two\rlines\x1b[201~ more")
        chat.wait_for_text("lines more")
        text = chat.text
        assert "begin end" in text
        assert text.index("begin end") < text.index("> two")
        assert len(server.requests) == 1


def test_typed_lines_are_there_in_the_next_chat_newest_first(srchat: Srchat, serve: Serve) -> None:
    server = serve(answer("Fine."))
    with ChatTerminal(srchat, server.url) as chat:
        chat.run("first line")
        chat.run("second line")
        chat.leave()
    with ChatTerminal(srchat, server.url) as chat:
        chat.wait_for_prompt()
        chat.type(UP + UP)
        chat.wait_for_text("> first line")


def test_ctrl_r_searches_the_typed_lines(srchat: Srchat, serve: Serve) -> None:
    server = serve(answer("Fine."))
    with ChatTerminal(srchat, server.url) as chat:
        chat.run("the needle is here")
        chat.run("nothing of interest")
        chat.wait_for_prompt()
        chat.type(CTRL_R + "needle")
        chat.wait_for_text("backward: needle")
        chat.type(ENTER)
        chat.read(0.3)
        chat.type(ENTER)
        chat.wait_for(lambda _: len(server.requests) == 3)
    assert sent(server)[-1] == ("user", "the needle is here")


def test_a_line_is_suggested_from_the_typed_ones(srchat: Srchat, serve: Serve) -> None:
    server = serve(answer("Fine."))
    with ChatTerminal(srchat, server.url) as chat:
        chat.run("explain monads to me")
        chat.wait_for_prompt()
        chat.type("expl")
        chat.wait_for(lambda _: chat.text.count("explain monads to me") == 2)
        chat.type("\x1b[C" + ENTER)  # right
        chat.wait_for(lambda _: len(server.requests) == 2)
    assert sent(server)[-1] == ("user", "explain monads to me")


def test_the_file_of_typed_lines_is_for_nobody_else(srchat: Srchat, serve: Serve) -> None:
    with ChatTerminal(
        srchat, serve(answer("Fine.")).url, SRCHAT_DATA=str(srchat.home / "d")
    ) as chat:
        chat.run("secret")
        chat.leave()
    path = srchat.home / "d" / "typed_lines"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert "secret" in path.read_text()


@pytest.mark.parametrize("how", ["--no-save", "history"])
def test_without_history_nothing_typed_is_written(srchat: Srchat, serve: Serve, how: str) -> None:
    data = srchat.home / "d"
    args = [how] if how.startswith("-") else []
    srchat.configure("history = false\n" if not args else "")
    with ChatTerminal(srchat, serve(answer("Fine.")).url, *args, SRCHAT_DATA=str(data)) as chat:
        chat.run("secret")
        chat.leave()
    assert not data.exists()


def test_vi_keys_when_they_are_set(srchat: Srchat, serve: Serve) -> None:
    server = serve(answer("Fine."))
    with ChatTerminal(srchat, server.url, SRCHAT_KEYS="vi") as chat:
        chat.wait_for_prompt()
        chat.type("hexlo" + ESC)
        chat.read(0.5)
        chat.type("hhrlA world" + ENTER)
        chat.wait_for_text("Fine.")
    assert sent(server) == [("user", "hello world")]


def test_the_editor_writes_the_line(srchat: Srchat, serve: Serve, tmp_path: Path) -> None:
    editor = tmp_path / "editor"
    editor.write_text(
        '#!/bin/sh\nprintf "%s\\nand more\\n" "$(cat "$1")" > "$1.x"; mv "$1.x" "$1"\n'
    )
    editor.chmod(0o755)
    server = serve(answer("Fine."))
    with ChatTerminal(srchat, server.url, EDITOR=str(editor)) as chat:
        chat.wait_for_prompt()
        chat.type("begun\x18\x05")
        chat.wait_for_text("and more")
        chat.type(ENTER)
        chat.wait_for_text("Fine.")
    assert sent(server) == [("user", "begun\nand more")]


def test_an_editor_that_is_not_there_is_said_and_the_line_kept(
    srchat: Srchat, serve: Serve
) -> None:
    server = serve(answer("Fine."))
    with ChatTerminal(srchat, server.url, EDITOR="/no/such") as chat:
        chat.wait_for_prompt()
        chat.type("begun\x18\x05")
        chat.wait_for_text("cannot start the editor")
        chat.type(" on" + ENTER)
        chat.wait_for_text("Fine.")
    assert sent(server) == [("user", "begun on")]


# Completion


def test_commands_are_completed(srchat: Srchat, serve: Serve) -> None:
    with ChatTerminal(srchat, serve(answer("Fine.")).url) as chat:
        chat.wait_for_prompt()
        chat.type("/us")
        chat.wait_for_text("tokens, time and speed")
        chat.type("\t" + ENTER)
        chat.wait_for_text("tokens in use")


def test_models_are_completed_from_the_server(srchat: Srchat, serve: Serve) -> None:

    models = {"data": [{"id": "qwen3:4b"}, {"id": "qwen3:8b"}, {"id": "evil\x1b[31m"}]}
    server = serve(json_response(models))
    with ChatTerminal(srchat, server.url) as chat:
        chat.wait_for_prompt()
        chat.type("/model 8")
        chat.wait_for_text("qwen3:8b")
        chat.type("\t" + ENTER)
        chat.wait_for_text("qwen3:8b answers from now on")
        assert b"\x1b[31m" not in chat.raw
    assert [request.path for request in server.requests] == ["/v1/models"]


def test_conversations_are_completed_by_title_which_is_inert(srchat: Srchat, serve: Serve) -> None:
    server = serve(answer("one"), answer("two"))
    with ChatTerminal(srchat, server.url) as chat:
        chat.run("why is the \u202esky blue")
        chat.run("/new")
        chat.run("another thing")
        chat.wait_for_prompt()
        chat.type("/load sky")
        chat.wait_for_text("\\u202esky")
        chat.type("\t" + ENTER)
        chat.wait_for_text("one")


def test_settings_and_files_are_completed(srchat: Srchat, serve: Serve) -> None:
    (srchat.home / "report.txt").write_text("numbers")
    server = serve(answer("Fine."))
    with ChatTerminal(srchat, server.url) as chat:
        chat.wait_for_prompt()
        chat.type("/set temp\t")
        chat.wait_for_text("/set temperature")
        chat.type(" 0.5" + ENTER)
        chat.wait_for_text("temperature = 0.5")
        chat.wait_for_prompt()
        chat.type("/file rep\t")
        chat.wait_for_text("/file report.txt")
        chat.type(ENTER)
        chat.wait_for_text("report.txt (7 characters)")
        chat.run("sum up")
    assert server.requests[0].json["temperature"] == 0.5
    assert sent(server) == [("user", '<file name="report.txt">\nnumbers\n</file>\n\nsum up')]


# Signals and endings


def test_ctrl_c_at_the_prompt_clears_the_line(srchat: Srchat, serve: Serve) -> None:
    server = serve(answer("Fine."))
    with ChatTerminal(srchat, server.url) as chat:
        chat.wait_for_prompt()
        chat.type("not this" + CTRL_C)
        chat.run("this")
    assert sent(server) == [("user", "this")]


def test_ctrl_c_while_waiting_stops_the_request_and_retry_asks_again(
    srchat: Srchat, serve: Serve
) -> None:
    server = serve([HOLD], answer("now"))
    with ChatTerminal(srchat, server.url) as chat:
        chat.say("q")
        chat.wait_for(lambda _: len(server.requests) == 1)
        chat.type(CTRL_C)
        chat.wait_for_text("interrupted (/retry asks again)")
        assert server.client_left.wait(2)
        assert "now" in chat.run("/retry")
    assert sent(server) == [("user", "q")]


def test_ctrl_c_in_mid_answer_keeps_what_came_and_continue_sends_it_again(
    srchat: Srchat, serve: Serve
) -> None:
    server = serve([head(), chunk("The first half"), HOLD], answer("the rest"))
    with ChatTerminal(srchat, server.url) as chat:
        chat.say("tell me")
        chat.wait_for_text("first half")
        chat.type(CTRL_C)
        chat.wait_for_text("/continue goes on")
        assert "the rest" in chat.run("/continue")
        chat.leave()
    messages = sent(server)
    assert messages[:2] == [("user", "tell me"), ("assistant", "The first half")]
    assert is_well_formed(messages)
    shown = srchat("history", "show").text
    assert "The first half" in shown
    assert "Not complete: interrupted" in shown


def test_many_ctrl_c_in_a_row_do_not_end_the_chat(srchat: Srchat, serve: Serve) -> None:
    server = serve([head(), chunk("half"), HOLD], answer("Fine."))
    with ChatTerminal(srchat, server.url) as chat:
        chat.say("q")
        chat.wait_for_text("half")
        for _ in range(30):
            chat.type(CTRL_C)
            chat.read(0.003)
        assert "Fine." in chat.run("still there?")
        assert chat.leave() == 0


def test_ctrl_c_ends_a_wait_for_a_retry(srchat: Srchat, serve: Serve) -> None:
    server = serve(error(429, "slow down", {"Retry-After": "30"}), answer("Fine."))
    with ChatTerminal(srchat, server.url) as chat:
        chat.say("q")
        chat.wait_for_text("trying again in 30 s")
        begin = time.monotonic()
        chat.type(CTRL_C)
        chat.wait_for_text("interrupted")
        assert time.monotonic() - begin < 1
        assert "Fine." in chat.run("/retry")


def test_ctrl_d_leaves_and_the_terminal_is_as_it_was(srchat: Srchat, serve: Serve) -> None:
    with ChatTerminal(srchat, serve(answer("Fine.")).url) as chat:
        chat.run("q")
        chat.wait_for_prompt()
        chat.type(CTRL_D)
        chat.wait_for(lambda _: chat.echoes, "a sane terminal")
        assert chat.wait() == 0
        assert chat.terminal.cursor_is_visible
        assert chat.raw.rindex(b"\x1b[?2004h") < chat.raw.rindex(b"\x1b[?2004l")


@pytest.mark.parametrize(("signum", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129)])
@pytest.mark.parametrize("where", ["prompt", "answer"])
def test_a_signal_ends_the_chat_and_the_terminal_is_sane(
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
    if where == "answer":
        assert "half" in srchat("history", "show").text


@pytest.mark.parametrize("where", ["prompt", "answer"])
def test_a_terminal_that_closes_ends_the_chat_and_what_came_is_kept(
    srchat: Srchat, serve: Serve, where: str
) -> None:
    server = serve([head(), chunk("half an answer"), HOLD])
    with ChatTerminal(srchat, server.url) as chat:
        chat.wait_for_prompt()
        if where == "answer":
            chat.type("q" + ENTER)
            chat.wait_for_text("half an answer")
        os.close(chat._fd)
        chat._fd = os.open(os.devnull, os.O_RDONLY)
        end = time.monotonic() + 5
        while not (done := os.waitpid(chat.pid, os.WNOHANG))[0] and time.monotonic() < end:
            time.sleep(0.02)
        assert done[0]
        chat.exit_code = os.waitstatus_to_exitcode(done[1])
        assert chat.exit_code == 129
    if where == "answer":
        assert "half an answer" in srchat("history", "show").text


class _Shell(ChatTerminal):
    """The chat as a job of a shell that stops and continues it."""

    def __init__(self, srchat: Srchat, url: str) -> None:
        job = " ".join(srchat.command("chat", "--base-url", url))
        super(ChatTerminal, self).__init__(
            ["bash", "--norc", "--noprofile", "-i"], srchat.env | {"PS1": "shell$ "},
            cwd=str(srchat.home),
        )  # fmt: skip
        answering(self)
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
    assert sent(server) == [("user", "half a line")]


def test_ctrl_z_in_mid_answer_and_fg(srchat: Srchat, serve: Serve) -> None:
    server = serve([head(), chunk("begin "), Pause(1.5), chunk("end", "stop"), DONE, CLOSE])
    with _Shell(srchat, server.url) as chat:
        chat.say("q")
        chat.wait_for_text("begin")
        chat.type(CTRL_Z)
        chat.wait_for_text("Stopped")
        chat.type("echo in the $((40+2)) shell\r")
        chat.wait_for_text("in the 42 shell")
        chat.type("fg\r")
        chat.wait_for_text("end")
        chat.wait_for_prompt()
        assert chat.run("/usage")


# Terminals


def test_a_resize_at_the_prompt_and_in_mid_answer_loses_nothing(
    srchat: Srchat, serve: Serve
) -> None:
    server = serve(
        [head(), chunk("one two "), Pause(0.6), chunk("three four", "stop"), DONE, CLOSE]
    )
    with ChatTerminal(srchat, server.url) as chat:
        chat.wait_for_prompt()
        chat.type("what")
        chat.wait_for_text("> what")
        chat.resize(40, 12)
        chat.read(0.3)
        chat.type(" next" + ENTER)
        chat.wait_for_text("one two")
        chat.resize(60, 20)
        chat.wait_for_text("one two three four")
        chat.wait_for_prompt()
    assert sent(server) == [("user", "what next")]


@pytest.mark.parametrize("size", [(10, 3), (20, 2), (1, 1)])
def test_the_smallest_terminals_work(srchat: Srchat, serve: Serve, size: tuple[int, int]) -> None:
    server = serve(answer("A", "nswer"))
    with ChatTerminal(srchat, server.url, size=size) as chat:
        chat.read(1.0)
        chat.type("hello there, you" + ENTER)
        chat.wait_for(lambda _: len(server.requests) == 1)
        chat.read(0.5)
        chat.type("/help" + ENTER)
        chat.read(0.5)
        chat.type("/model\t" + CTRL_C)
        chat.read(0.3)
        chat.type(CTRL_D)
        assert chat.wait() == 0
        if size[0] > 1:
            assert "Answer" in "".join(chat.lines)
    assert sent(server, 0) == [("user", "hello there, you")]


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
    assert sent(server, 0) == [("user", "one\ntwo")]


def test_where_the_cursor_cannot_move_a_number_chooses(srchat: Srchat, serve: Serve) -> None:
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
    assert sent(server) == [("user", "about mice")]


def test_without_the_variable_term_it_works(srchat: Srchat, serve: Serve) -> None:
    server = serve(answer("Fine."))
    del srchat.env["TERM"]
    with ChatTerminal(srchat, server.url) as chat:
        chat.wait_for_text(">")
        chat.type("one\n")
        chat.wait_for_text("Fine.")
        chat.type(CTRL_D)
        assert chat.wait() == 0
        assert b"\x1b" not in chat.raw


def test_no_color_means_none(srchat: Srchat, serve: Serve) -> None:

    with ChatTerminal(srchat, serve(answer("**ok**")).url, NO_COLOR="1") as chat:
        chat.run("hi")
        chat.wait_for_prompt()
        chat.type("/")
        chat.wait_for_text("/help [COMMAND]")
        chat.type(CTRL_C)
        chat.leave()
        colours = re.findall(rb"\x1b\[[0-9;]*m", chat.raw)
        assert not [c for c in colours if re.search(rb"[\[;](3[0-8]|4[0-8]|9[0-7])[;m]", c)]


def test_standard_output_in_a_file_gets_the_answers_alone(srchat: Srchat, serve: Serve) -> None:
    server = serve(answer("**one**"), answer("two"))
    command = srchat.command("chat", "--base-url", server.url)

    shell = ["sh", "-c", '"$@" > out.txt', "sh", *command]
    with TerminalSession(shell, srchat.env, cwd=str(srchat.home)) as session:
        answering(session)
        session.wait_for_text(">")
        session.type("a" + ENTER)
        session.wait_for(lambda _: len(server.requests) == 1)
        session.read(0.5)
        session.type("b" + ENTER)
        session.wait_for(lambda _: len(server.requests) == 2)
        session.read(0.5)
        session.type(CTRL_D)
        assert session.wait() == 0
    assert (srchat.home / "out.txt").read_bytes() == b"**one**\ntwo\n"


# Failures


FAILURES = {
    "refused": error(400, "bad request"),
    "key": error(401, "no key"),
    "limit": error(429, "too many", {"Retry-After": "600"}),
    "server": error(500, "boom"),
    "html": [head(502, type="text/html"), b"<html><h1>Bad gateway</h1>", CLOSE],
    "nothing": [CLOSE],
    "empty": answer(""),
    "garbage": [head(type="application/json"), b"{nope", CLOSE],
    "broken off": [head(), chunk("some text"), CLOSE],
    "error inside": [head(), chunk("some"), b'data: {"error": {"message": "died"}}\n\n', CLOSE],
    "filtered": answer("some", finish="content_filter"),
}


def _has(word: str, times: int, session: TerminalSession) -> bool:
    return "\n".join(session.lines).count(word) == times


def test_every_failure_leaves_the_prompt_and_the_message_one_key_away(
    srchat: Srchat, serve: Serve
) -> None:
    scripts = [script for failure in FAILURES.values() for script in (failure, answer("better"))]
    server = serve(*scripts)
    with ChatTerminal(srchat, server.url, "--retries", "0") as chat:
        for number, name in enumerate(FAILURES):
            shown = chat.run(f"question {number}").replace("\n", "")
            assert "srchat: " in shown, name
            assert "/retry asks again" in shown, name
            if number % 2:
                assert "better" in chat.run("/retry"), name
            else:
                chat.wait_for_prompt()
                chat.type(UP)
                chat.type(ENTER)
                better = number + 1
                chat.wait_for(partial(_has, "better", better), name)
    for place in range(len(server.requests)):
        assert is_well_formed(sent(server, place))
        assert sent(server, place)[-1] == ("user", f"question {place // 2}")


def test_a_server_that_is_not_there_is_an_error_like_others(srchat: Srchat, serve: Serve) -> None:
    server = serve(answer("Fine."))
    with ChatTerminal(srchat, "http://127.0.0.1:9/v1", "--retries", "0") as chat:
        shown = chat.run("q")
        assert "/retry asks again" in shown
        assert "/retry asks again" in chat.run("/retry")
        assert chat.leave() == 0
    assert server.requests == []


def test_a_kept_connection_that_died_in_a_pause_is_not_noticed(
    srchat: Srchat, serve: Serve
) -> None:

    body = chunked(chunk("first"), chunk(finish="stop"), DONE)
    kept = [head(headers={"Transfer-Encoding": "chunked"}), body]
    server = serve([*kept, Pause(0.2), CLOSE], answer("second"))
    with ChatTerminal(srchat, server.url) as chat:
        chat.run("one")
        time.sleep(0.5)
        shown = chat.run("two")
        assert "second" in shown
        assert "srchat:" not in shown


def test_text_from_outside_cannot_drive_the_terminal(srchat: Srchat, serve: Serve) -> None:
    evil = "\x1b]52;c;ZXZpbA==\x07\x1b[2J\x9b31m\u202e"
    server = serve(answer(f"a{evil}b"), error(400, f"no {evil}"))
    with ChatTerminal(srchat, server.url, "-m", f"model{evil}") as chat:
        chat.run("/title bad\x16\x1b[31m")
        chat.run("x")
        chat.run("y")
        chat.run("/history")
        chat.run("/model")
        chat.leave()
        for sequence in (b"\x1b]52", b"\x1b[2J", b"\x1b[31m", "\x9b".encode(), "\u202e".encode()):
            assert sequence not in chat.raw


# Conversations


def test_two_chats_at_once_keep_lines_and_conversations_of_both(
    srchat: Srchat, serve: Serve
) -> None:
    server = serve(answer("Fine."))
    with (
        ChatTerminal(srchat, server.url, SRCHAT_DATA="d") as one,
        ChatTerminal(srchat, server.url, SRCHAT_DATA="d") as two,
    ):
        for number in range(5):
            one.say(f"one {number}")
            two.say(f"two {number}")
        one.leave()
        two.leave()
    with ChatTerminal(srchat, server.url, SRCHAT_DATA="d") as chat:
        chat.wait_for_prompt()
        chat.type(UP * 10)
        chat.read(0.5)
    lines = (srchat.home / "d" / "typed_lines").read_text().splitlines()
    assert sorted(lines) == sorted(f'"{who} {n}"' for who in ("one", "two") for n in range(5))
    listed = srchat("history", "list", SRCHAT_DATA="d").text.splitlines()
    assert len(listed) == 2
    assert all("\t5\t" in line for line in listed)


def test_continue_takes_up_the_last_conversation_and_shows_its_last_turn(
    srchat: Srchat, serve: Serve
) -> None:
    server = serve(answer("old answer"), answer("the **last** answer"), answer("third"))
    with ChatTerminal(srchat, server.url) as chat:
        chat.run("first")
        chat.run("second")
        chat.leave()
    with ChatTerminal(srchat, server.url, "--continue") as chat:
        chat.wait_for_prompt()
        assert "> second" in chat.text
        assert "the last answer" in chat.text
        assert "old answer" not in chat.text
        chat.run("more")
    assert len(sent(server)) == 5


def test_load_offers_the_conversations_used_last(srchat: Srchat, serve: Serve) -> None:
    server = serve(answer("one"), answer("two"), answer("three"))
    with ChatTerminal(srchat, server.url) as chat:
        chat.run("about cats")
        chat.run("/new")
        chat.run("about dogs")
        chat.run("/new")
        chat.say("/load")
        chat.wait_for_text("about cats (1)")
        chat.type(DOWN + ENTER)
        chat.wait_for_text("about cats (")
        chat.wait_for_prompt()
        chat.run("and more")
        chat.say("/load")
        chat.wait_for_text("about dogs (1)")
        chat.type(ESC)
        chat.wait_for_prompt()
    assert sent(server) == [("user", "about cats"), ("assistant", "one"), ("user", "and more")]


def test_neither_httpx_nor_rich_is_loaded_before_the_prompt_is_there(srchat: Srchat) -> None:

    script = (
        "import sys\n"
        "from srchat.cli import chat\n"
        "def prepare(self):\n"
        "    loaded = [name for name in ('httpx', 'rich', 'sqlite3') if name in sys.modules]\n"
        "    open('loaded', 'w').write(repr(loaded))\n"
        "chat._Chatting._prepare = prepare\n"
        "sys.argv = ['srchat', 'chat', '-p', 'demo']\n"
        "from srchat.__main__ import main; main()\n"
    )
    command = [sys.executable, "-c", script]
    with TerminalSession(command, srchat.unmeasured_env, cwd=str(srchat.home)) as chat:
        chat.wait_for(lambda _: (srchat.home / "loaded").exists())
        chat.read(0.1)
    assert (srchat.home / "loaded").read_text() == "[]"
