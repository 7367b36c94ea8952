"""The prompt in a real terminal: its status line, pastes, resizes, the smallest screens."""

import os
import sys
import threading

import pytest

from srchat.repl.prompt_lines import _joined
from tests.conftest import Serve, Srchat
from tests.support.chatting import CTRL_C, CTRL_D, ENTER, ChatTerminal, sent_messages
from tests.support.pseudo_terminal import TerminalSession
from tests.support.server import CLOSE, DONE, answer, chunk, event, head, json_response


def test_the_status_line_shows_model_tokens_requests_and_profile(
    srchat: Srchat, serve: Serve
) -> None:
    usage = {"prompt_tokens": 30, "completion_tokens": 12, "total_tokens": 42}
    server = serve(
        [head(headers={"X-RateLimit-Remaining": "7", "X-RateLimit-Limit": "10"}),
         chunk("Hi", "stop"), event({"choices": [], "usage": usage}), DONE, CLOSE]
    )  # fmt: skip
    srchat.configure(f'[profiles.work]\nbase_url = "{server.url}"\ncontext_window = 8192\n')
    with ChatTerminal(srchat, "", "-p", "work") as chat:
        chat.run("hello")
        chat.wait_for(lambda _: "7 of 10 requests left" in chat.status)
        parts = ["vllm-primary", "42 of 8192 tokens", "7 of 10 requests left", "work"]
        assert chat.status.split(" · ") == parts


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
    assert sent_messages(server) == [("user", "\n".join(lines))]


def test_binary_input_is_rejected_and_the_next_line_is_sent(srchat: Srchat, serve: Serve) -> None:
    server = serve(answer("Fine."))
    with ChatTerminal(srchat, server.url) as chat:
        chat.wait_for_prompt()
        os.write(chat._fd, b"gr\xfc\xdfe" + ENTER.encode())
        chat.wait_for_text("the line is not UTF-8 text")
        chat.run("hello")
    assert sent_messages(server) == [("user", "hello")]


def test_text_typed_while_an_answer_streams_is_at_the_next_prompt(
    srchat: Srchat, serve: Serve
) -> None:
    typed = threading.Event()
    server = serve([head(), chunk("begin "), typed, chunk("end", "stop"), DONE, CLOSE])
    with ChatTerminal(srchat, server.url) as chat:
        chat.say("go")
        chat.wait_for_text("begin")
        assert not chat.echoes
        chat.type("\x1b[200~two\rlines\x1b[201~ more")
        typed.set()
        chat.wait_for_text("lines more")
        text = chat.text
        assert "begin end" in text
        assert text.index("begin end") < text.index("> two")
        assert len(server.requests) == 1


def test_a_resize_at_the_prompt_and_in_mid_answer_loses_nothing(
    srchat: Srchat, serve: Serve
) -> None:
    resized = threading.Event()
    server = serve([head(), chunk("one two "), resized, chunk("three four", "stop"), DONE, CLOSE])
    with ChatTerminal(srchat, server.url) as chat:
        chat.wait_for_prompt()
        chat.type("what")
        chat.wait_for_text("> what")
        chat.resize(40, 12)
        chat.read(0.3)
        chat.type(" next" + ENTER)
        chat.wait_for_text("one two")
        chat.resize(60, 20)
        resized.set()
        chat.wait_for_text("one two three four")
        chat.wait_for_prompt()
    assert sent_messages(server) == [("user", "what next")]


@pytest.mark.parametrize("size", [(10, 3), (20, 2), (1, 1)])
def test_the_smallest_terminals_work(srchat: Srchat, serve: Serve, size: tuple[int, int]) -> None:
    server = serve(answer("A", "nswer"))
    with ChatTerminal(srchat, server.url, size=size) as chat:
        chat.wait_for(lambda _: not chat.echoes, "the prompt")
        chat.read(0.3)
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
    assert sent_messages(server, 0) == [("user", "hello there, you")]


def test_neither_httpx_nor_rich_is_imported_before_the_prompt(srchat: Srchat) -> None:
    script = (
        "import sys\n"
        "from srchat.cli import chat\n"
        "def prepare():\n"
        "    loaded = [name for name in ('httpx', 'rich', 'sqlite3') if name in sys.modules]\n"
        "    open('loaded', 'w').write(repr(loaded))\n"
        "chat._load_slow_modules_soon = prepare\n"
        "sys.argv = ['srchat', 'chat', '-p', 'demo']\n"
        "from srchat.__main__ import main; main()\n"
    )
    command = [sys.executable, "-c", script]
    with TerminalSession(command, srchat.plain_env, cwd=str(srchat.home)) as chat:
        chat.wait_for(lambda _: (srchat.home / "loaded").exists())
        chat.read(0.1)
    assert (srchat.home / "loaded").read_text() == "[]"


@pytest.mark.parametrize(
    ("columns", "shown"),
    [(30, " model · 12 tokens · demo"), (24, " model · 12 tokens"), (3, " model")],
)
def test_the_status_line_omits_parts_that_do_not_fit(columns: int, shown: str) -> None:
    assert _joined(["model", "12 tokens", "demo"], columns) == shown


def test_a_pasted_tab_is_shown_as_blanks_and_sent_unchanged(srchat: Srchat, serve: Serve) -> None:
    server = serve(answer("Fine."))
    with ChatTerminal(srchat, server.url) as chat:
        chat.wait_for_prompt()
        chat.type("\x1b[200~all:\n\tcc x.c\x1b[201~")
        chat.wait_for_text("cc x.c")
        assert "^I" not in chat.text
        chat.type(ENTER)
        chat.wait_for_text("Fine.")
    assert sent_messages(server) == [("user", "all:\n\tcc x.c")]


def test_the_status_line_shows_the_context_window_after_the_first_answer(
    srchat: Srchat, serve: Serve
) -> None:
    models = {"data": [{"id": name, "max_model_len": size} for name, size in
                       (("vllm-primary", 4096), ("other", 8192))]}  # fmt: skip
    server = serve(json_response(models), answer("Fine."))
    assert srchat("models", "--base-url", server.url).code == 0
    with ChatTerminal(srchat, server.url) as chat:
        chat.run("hello")
        chat.wait_for_text("of 4096 tokens")
        chat.run("/model other")
        chat.wait_for_text("of 8192 tokens")
    with ChatTerminal(srchat, server.url, "--continue") as chat:
        chat.wait_for_text("of 4096 tokens")


@pytest.mark.parametrize(
    ("draft", "size"),
    [
        ("\n".join(f"line {number}" for number in range(1, 201)), "200 lines"),
        ("\n".join("x" * 13), "13 lines"),
        ("x" * 2000, "2000 characters"),
    ],
)
def test_the_status_line_has_the_size_of_a_draft_that_does_not_fit(
    srchat: Srchat, serve: Serve, draft: str, size: str
) -> None:
    with ChatTerminal(srchat, serve(answer("x")).url, size=(80, 13)) as chat:
        chat.wait_for_prompt()
        assert size not in chat.status
        chat.paste(draft)
        chat.wait_for(lambda _: chat.status.startswith(f"{size} · vllm-primary"))
        chat.type(CTRL_C)
        chat.wait_for(lambda _: chat.status.startswith("vllm-primary"))


@pytest.mark.parametrize("lines", [11, 12])
def test_the_status_line_has_no_size_of_a_draft_that_fits(
    srchat: Srchat, serve: Serve, lines: int
) -> None:
    with ChatTerminal(srchat, serve(answer("x")).url, size=(80, 13)) as chat:
        chat.wait_for_prompt()
        chat.paste("\n".join(["first", *"x" * (lines - 2), "last"]))
        chat.wait_for_text("last")
        assert "> first" in chat.text
        assert chat.status.startswith("vllm-primary")
