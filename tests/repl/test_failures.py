"""Failures do not end a chat, and the failed prompt can be sent again."""

import os
import signal
import sqlite3  # noqa: TID251 - to lock the file
import threading
import time
from functools import partial

from srchat.config.toml_edit import toml_value
from tests.conftest import Serve, Srchat
from tests.support.chatting import CTRL_C, ENTER, UP, ChatTerminal, is_well_formed, sent_messages
from tests.support.pseudo_terminal import TerminalSession
from tests.support.server import (
    CLOSE,
    DONE,
    HOLD,
    Request,
    answer,
    chunk,
    chunked,
    error,
    event,
    head,
    json_response,
)
from tests.support.waiting import wait_until

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


def _occurs(word: str, times: int, session: TerminalSession) -> bool:
    return "\n".join(session.lines).count(word) == times


def test_after_every_failure_the_chat_goes_on_and_up_recalls_the_message(
    srchat: Srchat, serve: Serve
) -> None:
    scripts = [script for failure in FAILURES.values() for script in (failure, answer("better"))]
    server = serve(*scripts)
    with ChatTerminal(srchat, server.url, "--retries", "0") as chat:
        for number, name in enumerate(FAILURES):
            shown = chat.run(f"question {number}").replace("\n", " ")
            assert "srchat: " in shown, name
            assert "/retry to send it again" in shown, name
            if number % 2:
                assert "better" in chat.run("/retry"), name
            else:
                chat.wait_for_prompt()
                chat.type(UP)
                chat.type(ENTER)
                better = number + 1
                chat.wait_for(partial(_occurs, "better", better), name)
    for place in range(len(server.requests)):
        assert is_well_formed(sent_messages(server, place))
        assert sent_messages(server, place)[-1] == ("user", f"question {place // 2}")


def test_a_failed_command_does_not_suggest_retry(srchat: Srchat, serve: Serve) -> None:
    server = serve([head(), chunk("some text"), CLOSE], error(400, "no list of models"))
    with ChatTerminal(srchat, server.url) as chat:
        assert "/continue to go on, /retry to send it again" in chat.run("hello").replace("\n", " ")
        shown = chat.run("/model")
        assert "no list of models" in shown
        assert "/retry" not in shown


def test_ctrl_c_while_a_better_hint_is_fetched_does_not_hide_the_failure(
    srchat: Srchat, serve: Serve
) -> None:
    server = serve(error(404, "no model vllm-primary"), [HOLD])
    with ChatTerminal(srchat, server.url) as chat:
        chat.say("hello")
        chat.wait_for(lambda _: len(server.requests) == 2, "the question for models")
        chat.type(CTRL_C)
        chat.wait_for_text("no model vllm-primary")
        chat.wait_for_prompt()


def test_another_signal_while_a_better_hint_is_fetched_ends_the_chat(
    srchat: Srchat, serve: Serve
) -> None:
    server = serve(error(404, "no model vllm-primary"), [HOLD])
    with ChatTerminal(srchat, server.url) as chat:
        chat.say("hello")
        chat.wait_for(lambda _: len(server.requests) == 2, "the question for models")
        os.kill(chat.pid, signal.SIGTERM)
        assert chat.wait() == 143


def test_an_unreachable_server_is_an_ordinary_error(srchat: Srchat, serve: Serve) -> None:
    server = serve(answer("Fine."))
    with ChatTerminal(srchat, "http://127.0.0.1:9/v1", "--retries", "0") as chat:
        shown = chat.run("q")
        assert "/retry to send it again" in shown
        assert "/retry to send it again" in chat.run("/retry")
        assert chat.leave() == 0
    assert server.requests == []


def test_a_stale_connection_is_replaced_silently(srchat: Srchat, serve: Serve) -> None:
    body = chunked(chunk("first"), chunk(finish="stop"), DONE)
    kept = [head(headers={"Transfer-Encoding": "chunked"}), body]
    pause = threading.Event()
    server = serve([*kept, pause, CLOSE], answer("second"))
    with ChatTerminal(srchat, server.url) as chat:
        chat.run("one")
        pause.set()
        wait_until(lambda: server.connections_ended)
        shown = chat.run("two")
        assert "second" in shown
        assert "srchat:" not in shown


REFUSED = error(401, "this key has expired")


def key_of(request: Request) -> str:
    return request.headers["authorization"].removeprefix("Bearer ")


def test_after_a_rejected_key_a_new_one_in_the_configuration_is_used(
    srchat: Srchat, serve: Serve
) -> None:
    server = serve(REFUSED, answer("Fine."))
    srchat.configure(f'base_url = "{server.url}"\napi_key = "sk-srt-old"\n')
    with ChatTerminal(srchat, "") as chat:
        assert "this key has expired" in chat.run("hello")
        assert srchat("config", "set", "api_key", "-", stdin=b"sk-srt-new").code == 0
        assert "Fine." in chat.run("/retry")
    assert [key_of(request) for request in server.requests] == ["sk-srt-old", "sk-srt-new"]


def test_after_an_expired_key_its_command_runs_again(srchat: Srchat, serve: Serve) -> None:
    models = json_response({"data": [{"id": "vllm-primary"}]})
    server = serve(answer("one"), answer("two"), REFUSED, models)
    count = 'echo x >>"$HOME/runs"; echo sk-srt-$(wc -l <"$HOME/runs")'
    command = toml_value(["sh", "-c", count])
    srchat.configure(f'base_url = "{server.url}"\napi_key_command = {command}\n')
    with ChatTerminal(srchat, "") as chat:
        chat.run("hello")
        chat.run("again")
        assert "this key has expired" in chat.run("/model")
        assert "vllm-primary" in chat.run("/model")
    keys = [key_of(request) for request in server.requests]
    assert keys == ["sk-srt-1", "sk-srt-1", "sk-srt-1", "sk-srt-2"]


def test_after_a_rejected_key_its_command_does_not_run_while_a_line_is_typed(
    srchat: Srchat, serve: Serve
) -> None:
    server = serve(REFUSED, answer("Fine."))
    count = 'echo x >>"$HOME/runs"; echo sk-srt-$(wc -l <"$HOME/runs")'
    command = toml_value(["sh", "-c", count])
    srchat.configure(f'base_url = "{server.url}"\napi_key_command = {command}\n')
    with ChatTerminal(srchat, "") as chat:
        chat.run("hello")
        chat.type("/model \t")  # would request the models in a thread, which needs a new key
        chat.read(0.3)
        chat.type(CTRL_C)
        assert "Fine." in chat.run("/retry")
    keys = [key_of(request) for request in server.requests]
    assert keys == ["sk-srt-1", "sk-srt-2"]


def test_the_key_command_of_a_chat_runs_with_the_first_request(
    srchat: Srchat, serve: Serve
) -> None:
    server = serve(answer("Fine."))
    command = toml_value(["sh", "-c", 'echo x >>"$HOME/runs"; echo sk-srt-1'])
    srchat.configure(f'base_url = "{server.url}"\napi_key_command = {command}\n')
    with ChatTerminal(srchat, "") as chat:
        chat.wait_for_prompt()
        chat.type("/model \t")
        chat.read(0.3)
        chat.type(CTRL_C)
        chat.wait_for_prompt()
        assert not (srchat.home / "runs").exists()
        assert "Fine." in chat.run("hello")
    assert (srchat.home / "runs").read_text() == "x\n"


def test_a_new_key_for_another_server_is_not_sent(srchat: Srchat, serve: Serve) -> None:
    server = serve(REFUSED, REFUSED)
    srchat.configure(f'base_url = "{server.url}"\napi_key = "sk-srt-old"\n')
    with ChatTerminal(srchat, "") as chat:
        chat.run("hello")
        srchat.configure('base_url = "https://llm.example.com/v1"\napi_key = "sk-srt-other"\n')
        chat.run("/retry")
    assert [key_of(request) for request in server.requests] == ["sk-srt-old", "sk-srt-old"]


def test_after_a_rejected_key_a_broken_configuration_is_reported_until_it_is_fixed(
    srchat: Srchat, serve: Serve
) -> None:
    server = serve(REFUSED, answer("Fine."))
    good = f'base_url = "{server.url}"\napi_key = "sk-srt-old"\n'
    srchat.configure(good)
    with ChatTerminal(srchat, "") as chat:
        chat.run("hello")
        srchat.configure("api_key = ")
        for _ in range(2):
            assert "not valid TOML" in chat.run("/retry")
        srchat.configure(good)
        assert "Fine." in chat.run("/retry")


def test_untrusted_text_cannot_control_the_terminal(srchat: Srchat, serve: Serve) -> None:
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


def test_a_title_that_a_locked_history_rejects_is_reported(srchat: Srchat, serve: Serve) -> None:
    with ChatTerminal(srchat, serve(answer("one")).url) as chat:
        chat.run("hello")
        other = sqlite3.connect(srchat.history, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        assert "this change was not stored" in chat.run("/title cats")
        other.close()
        chat.run("/title dogs")
        assert chat.leave() == 0
    assert "dogs" in srchat("history", "list").text


def test_ctrl_c_while_the_history_is_locked_keeps_the_answer(srchat: Srchat, serve: Serve) -> None:
    server = serve(answer("one"), answer("two"), answer("three"))
    with ChatTerminal(srchat, server.url) as chat:
        chat.run("first")
        other = sqlite3.connect(srchat.history, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        chat.say("second")
        chat.wait_for(lambda session: "two" in session.lines, "the answer")
        chat.type(CTRL_C)  # the answer is complete, so nothing is stopped
        time.sleep(1.2)  # of 5 seconds; then another Ctrl-C ends the wait
        chat.type(CTRL_C)
        chat.wait_for_prompt()
        assert "this answer was not stored: the history was locked" in chat.text
        other.close()
        chat.run("third")
        assert chat.leave() == 0
    assert [content for _, content in sent_messages(server)] == [
        "first",
        "one",
        "second",
        "two",
        "third",
    ]
    assert "second" in srchat("history", "show").text


def test_ctrl_c_while_the_history_is_locked_cancels_a_command(srchat: Srchat, serve: Serve) -> None:
    server = serve(answer("one"), answer("two"))
    with ChatTerminal(srchat, server.url) as chat:
        chat.run("first")
        other = sqlite3.connect(srchat.history, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        for times, command in enumerate(("/undo", "/system Be brief.", "/title mine"), 1):
            chat.say(command)
            time.sleep(0.5)  # of 5 seconds for the lock
            chat.type(CTRL_C)
            chat.wait_for(partial(_occurs, "srchat: interrupted", times), "the end")
        other.close()
        chat.run("second")
        assert chat.leave() == 0
    assert sent_messages(server) == [("user", "first"), ("assistant", "one"), ("user", "second")]
    assert "mine" not in srchat("history", "list").text


def test_the_key_command_runs_once(srchat: Srchat, serve: Serve) -> None:
    server = serve(answer("one"), answer("two"))
    program = 'echo >> "$HOME/runs"; echo sk-printed-key-1234567890'
    srchat.configure(f"base_url = '{server.url}'\napi_key_command = ['sh', '-c', '{program}']\n")
    with ChatTerminal(srchat, "") as chat:
        chat.run("hello")
        chat.run("/set temperature 1")
        chat.run("/set timeout 50")  # a new client with the same key
        chat.run("again")
        assert chat.leave() == 0
    assert len(server.requests) == 2
    assert server.requests[1].headers["authorization"] == "Bearer sk-printed-key-1234567890"
    assert (srchat.home / "runs").read_text() == "\n"


def test_a_blank_line_separates_messages_from_the_answer(srchat: Srchat, serve: Serve) -> None:
    thinking = {"choices": [{"index": 0, "delta": {"reasoning": "hm"}}]}
    server = serve(
        error(503, "busy"),
        answer("Fine."),
        error(503, "busy"),
        [head(), event(thinking), chunk("Good.", "stop"), DONE, CLOSE],
    )
    with ChatTerminal(srchat, server.url) as chat:
        shown = chat.run("hello").splitlines()
        assert shown[2].endswith("s (1 of 3)")
        assert shown[3:5] == ["", "Fine."]
        shown = chat.run("hello").splitlines()
        assert shown[2].endswith("s (1 of 3)")
        assert shown[3:6] == ["thought for 1 s", "", "Good."]
