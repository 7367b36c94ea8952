"""`srchat ask` on a real terminal: the display while streaming and afterwards."""

import json
import os
import re
import shutil
import signal
import threading
from pathlib import Path

import pytest

from tests.conftest import Serve, Srchat
from tests.support.pseudo_terminal import TerminalSession
from tests.support.server import CLOSE, DONE, HOLD, Pause, answer, chunk, error, head
from tests.support.waiting import WAIT_TIMEOUT, wait_until

MARKDOWN = "# Title\n\nSome **bold** text.\n\n- one\n- two\n\n```py\nprint(1)\n```\n\nEnd."


def asking(srchat: Srchat, url: str, *args: str, **env: str) -> TerminalSession:
    command = srchat.command("ask", "q", "--base-url", url, *args)
    return TerminalSession(command, srchat.env | env, cwd=str(srchat.home), forked=True)


def test_markdown_is_rendered(srchat: Srchat, serve: Serve) -> None:
    with asking(srchat, serve(answer(*MARKDOWN)).url) as session:
        assert session.wait() == 0
        text = "\n".join(session.lines)
    assert "Title" in text
    assert "Some bold text." in text
    assert "print(1)" in text
    assert text.endswith("End.")
    assert "**" not in text
    assert "```" not in text


def test_raw_shows_the_text_as_it_is(srchat: Srchat, serve: Serve) -> None:
    with asking(srchat, serve(answer("**a** \x1b[2J b")).url, "--raw") as session:
        assert session.wait() == 0
        assert session.lines == ["**a** \\x1b[2J b"]


def test_the_spinner_turns_until_the_first_token_and_leaves_no_trace(
    srchat: Srchat, serve: Serve
) -> None:
    turning = threading.Event()
    server = serve([turning, head(), chunk("Answer.", "stop"), DONE])
    with asking(srchat, server.url, "-m", "some-model") as session:
        session.wait_for_text("some-model")
        turning.set()
        assert session.wait() == 0
        assert session.lines == ["Answer."]
        assert session.terminal.cursor_is_visible


def test_a_warning_replaces_the_spinner(srchat: Srchat, serve: Serve) -> None:
    turning = threading.Event()
    headers = {"X-API-Deprecated": "use v2"}
    server = serve([turning, *answer("Answer.", headers=headers)])
    with asking(srchat, server.url) as session:
        session.wait_for_text("vllm-primary")
        turning.set()
        assert session.wait() == 0
        assert session.lines == [
            "srchat: warning: this API is deprecated: use v2",
            "",
            "Answer.",
        ]


def test_a_wait_inside_an_answer_is_shown_and_cleared(srchat: Srchat, serve: Serve) -> None:
    going_on = threading.Event()
    server = serve([head(), chunk("One *two"), going_on, chunk("* three.", "stop"), DONE])
    host = server.url.split("/")[2]
    with asking(srchat, server.url) as session:
        session.wait_for_text(f"waiting for {host}, 3 s")
        assert session.lines[0].startswith("One")
        going_on.set()
        assert session.wait() == 0
        assert session.lines == ["One two three."]


def test_a_wait_is_shown_if_only_stderr_is_a_terminal(srchat: Srchat, serve: Serve) -> None:
    going_on = threading.Event()
    server = serve([head(), chunk("one"), going_on, chunk(" two", "stop"), DONE])
    ask = " ".join(srchat.command("ask", "q", "--base-url", server.url))
    with TerminalSession(["sh", "-c", f"{ask} > out"], srchat.env, cwd=str(srchat.home)) as session:
        session.wait_for_text("waiting for 127.0.0.1")
        going_on.set()
        assert session.wait() == 0
        assert session.lines == []
    assert (srchat.home / "out").read_text() == "one two\n"


def test_a_wait_does_not_overwrite_text_that_a_pipe_shows_on_the_same_terminal(
    srchat: Srchat, serve: Serve
) -> None:
    server = serve([head(), chunk("First part,"), Pause(2.5), chunk(" the rest.", "stop"), DONE])
    ask = " ".join(srchat.command("ask", "q", "--base-url", server.url))
    shell = ["sh", "-c", f"{ask} | tee out"]
    with TerminalSession(shell, srchat.env, cwd=str(srchat.home)) as session:
        session.wait_for_text("First part,")
        written = len(session.raw)
        session.wait_for_text("the rest.")
        assert session.wait() == 0
        assert session.lines == ["First part, the rest."]
    assert session.raw[written:].count(b"\r\n") == 1
    assert b"\x1b" not in session.raw[written:]


def test_events_do_not_mix_with_the_status_line(srchat: Srchat, serve: Serve) -> None:
    server = serve([Pause(1.0), head(), chunk("One."), Pause(2.5), chunk(" Two.", "stop"), DONE])
    with asking(srchat, server.url, "--events") as session:
        session.wait_for(lambda session: any("vllm-primary" in line for line in session.lines))
        assert session.wait() == 0
    text = "".join(session.lines)
    assert text.startswith('{"event": "start"')
    assert "waiting for" not in text
    assert json.loads(text[: text.index("}") + 1])["event"] == "start"


def test_quiet_has_no_spinner(srchat: Srchat, serve: Serve) -> None:
    server = serve([Pause(0.3), head(), chunk("Answer.", "stop"), DONE])
    with asking(srchat, server.url, "-q") as session:
        assert session.wait() == 0
        assert b"vllm-primary" not in session.raw


def test_quiet_shows_no_countdown_to_a_retry(srchat: Srchat, serve: Serve) -> None:
    server = serve(error(429, "slow down", {"Retry-After": "1"}), answer("Answer."))
    with asking(srchat, server.url, "-q") as session:
        assert session.wait() == 0
        assert b"retrying" not in session.raw


def test_reasoning_is_dim_and_no_part_of_the_answer(srchat: Srchat, serve: Serve) -> None:
    thought = [chunk(reasoning_content=part) for part in ("Let me \x1b[31msee", "\r")]
    server = serve([head(), *thought, chunk("42", "stop"), DONE])
    with asking(srchat, server.url, "--reasoning", "show") as session:
        assert session.wait() == 0
        assert session.lines == ["Let me \\x1b[31msee", "", "42"]
        assert b"\x1b[2mLet me" in session.raw
        assert b"\x1b[31m" not in session.raw


def test_reasoning_breaks_between_words(srchat: Srchat, serve: Serve) -> None:
    words = [f"considering{n}" for n in range(40)]
    thought = [chunk(reasoning_content=f"{word} ") for word in words]
    server = serve([head(), *thought, chunk("42", "stop"), DONE])
    with asking(srchat, server.url, "--reasoning", "show") as session:
        assert session.wait() == 0
    assert len(session.lines) > 5
    assert " ".join(session.lines).split() == [*words, "42"]


def test_a_summary_shows_the_last_rows_and_leaves_one_line(srchat: Srchat, serve: Serve) -> None:
    seen = threading.Event()
    first = [chunk(reasoning_content=f"thought{n}\x1b[31m\n") for n in range(9)]
    last = chunk(reasoning_content="almost done")
    server = serve([head(), *first, Pause(0.2), last, seen, chunk("42", "stop"), DONE])
    with asking(srchat, server.url) as session:
        session.wait_for_text("almost")
        assert [line for line in session.lines if "th" in line or "done" in line] == [
            "thought7\\x1b[31m", "thought8\\x1b[31m", "almost done",
        ]  # fmt: skip
        seen.set()
        assert session.wait() == 0
        assert session.lines == ["thought for 1 s", "", "42"]
        assert b"\x1b[31m" not in session.raw


def test_a_warning_replaces_the_summary(srchat: Srchat, serve: Serve) -> None:
    thought = chunk(reasoning_content="Let me see")
    served = chunk(model="gpt-4o", reasoning_content=" again")
    server = serve([head(), thought, Pause(0.2), served, Pause(0.2), chunk("42", "stop"), DONE])
    with asking(srchat, server.url) as session:
        assert session.wait() == 0
        text = "\n".join(session.lines)
        assert "Let me" not in text
        assert "gpt-4o answered instead\nthought for 1 s\n\n42" in text


def test_hidden_reasoning_leaves_no_trace(srchat: Srchat, serve: Serve) -> None:
    server = serve([head(), chunk(reasoning_content="Hm."), chunk("42", "stop"), DONE])
    with asking(srchat, server.url, "--reasoning", "hide") as session:
        assert session.wait() == 0
        assert session.lines == ["42"]
        assert b"Hm" not in session.raw


@pytest.mark.parametrize(("option", "shown"), [("summary", False), ("show", True), ("hide", False)])
def test_reasoning_is_shown_whole_if_the_answer_goes_to_a_file(
    srchat: Srchat, serve: Serve, option: str, shown: bool
) -> None:
    script = [head(), chunk(reasoning_content="Hm."), chunk("42", "stop"), DONE]
    server = serve(script, script)
    ask = " ".join(srchat.command("ask", "q", "--base-url", server.url, "--reasoning", option))
    with TerminalSession(["sh", "-c", f"{ask} > out"], srchat.env, cwd=str(srchat.home)) as session:
        assert session.wait() == 0
        assert (b"Hm." in session.raw) is shown
        assert b"thought for" not in session.raw
    result = srchat("ask", "q", "--base-url", server.url, "--reasoning", option)
    assert (result.out, result.err) == (b"42\n", "Hm.\n\n" if shown else "")


def test_reasoning_after_text_is_not_printed_inside_the_answer(
    srchat: Srchat, serve: Serve
) -> None:
    late = chunk(reasoning_content="afterthought")
    shown = threading.Event()  # without it, the order would be undefined
    server = serve([head(), chunk("one "), shown, late, chunk("two", "stop"), DONE])
    with asking(srchat, server.url) as session:
        session.wait_for_text("one")
        shown.set()
        assert session.wait() == 0
        assert session.lines == ["one two"]


def test_type_ahead_is_neither_echoed_into_the_answer_nor_lost(
    srchat: Srchat, serve: Serve
) -> None:
    words = [f"word{n} " for n in range(30)]
    chunks = [chunk(word) for word in words]
    typed = threading.Event()
    server = serve([head(), *chunks[:5], typed, *chunks[5:], chunk(finish="stop"), DONE])
    ask = " ".join(srchat.command("ask", "q", "--base-url", server.url))
    shell = ["sh", "-c", f'{ask}; read -r line; echo "typed: $line"']
    with TerminalSession(shell, srchat.env) as session:
        session.wait_for_text("word3")
        for key in "hello\n":
            session.type(key)
            session.read(0.1)
        typed.set()
        assert session.wait() == 0
        assert " ".join(session.lines).split() == [*"".join(words).split(), "typed:", "hello"]


def test_an_interrupt_keeps_the_text_so_far_and_restores_the_terminal(
    srchat: Srchat, serve: Serve
) -> None:
    server = serve([head(), chunk("The first **half"), HOLD])
    with asking(srchat, server.url) as session:
        session.wait_for_text("half")
        session.type("\x03")
        assert session.wait() == 130
        text = "\n".join(session.lines)
        assert text.startswith("The first")
        assert "half" in text
        assert session.lines[-1] == "srchat: interrupted"
        assert session.terminal.cursor_is_visible
        assert server.client_disconnected.wait(WAIT_TIMEOUT)


LOOPS = {
    "bash": "for i in 1 2 3; do {ask}; done; echo went on",
    "zsh": "for i in 1 2 3; do {ask}; done; echo went on",
    "fish": "for i in 1 2 3; {ask}; end; echo went on",
}


@pytest.mark.parametrize("shell", LOOPS)
def test_one_ctrl_c_ends_the_loop_of_a_shell(srchat: Srchat, serve: Serve, shell: str) -> None:
    if not shutil.which(shell):
        pytest.skip(f"{shell} is not installed")
    server = serve([head(), chunk("one"), HOLD], answer("two"))
    ask = " ".join(srchat.command("ask", "q", "--base-url", server.url))
    with TerminalSession([shell, "-c", LOOPS[shell].format(ask=ask)], srchat.env) as session:
        session.wait_for_text("one")
        session.type("\x03")
        session.wait()
        assert "went on" not in "\n".join(session.lines)
    assert len(server.requests) == 1


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_the_process_dies_of_the_signal(srchat: Srchat, serve: Serve, signum: int) -> None:
    process = srchat.start("ask", "q", "--base-url", serve([head(), chunk("one"), HOLD]).url)
    assert process.stdout.read(3) == b"one"
    process.send_signal(signum)
    assert process.wait(WAIT_TIMEOUT) == -signum


def test_an_interrupt_before_the_first_token_prints_only_that(srchat: Srchat, serve: Serve) -> None:
    server = serve([HOLD])
    with asking(srchat, server.url) as session:
        session.wait_for_text("vllm-primary")
        session.type("\x03")
        assert session.wait() == 130
        assert [line.removeprefix("^C") for line in session.lines] == ["srchat: interrupted"]


@pytest.mark.parametrize("options", [[], ["--raw"], ["-x"], ["--json"]])
def test_a_closed_terminal_ends_the_turn_and_keeps_the_text_so_far(
    srchat: Srchat, serve: Serve, options: list[str]
) -> None:
    server = serve([head(), chunk("```\nhalf"), HOLD])
    with asking(srchat, server.url, *options) as session:
        wait_until(lambda: "half" in srchat("history", "show").text, "the first text")
        session.hang_up()
        wait_until(session.has_exited, "the end")
        assert session.exit_code == 129
    assert "half" in srchat("history", "show").text


def test_a_wait_is_counted_down(srchat: Srchat, serve: Serve) -> None:
    server = serve(error(429, "slow down", {"Retry-After": "1"}), answer("ok"))
    with asking(srchat, server.url) as session:
        assert session.wait() == 0
        assert b"retrying in 1 s" in session.raw
        assert session.lines[-1] == "ok"
        assert "slow down" in session.lines[0]


def test_warnings_are_not_printed_inside_the_answer(srchat: Srchat, serve: Serve) -> None:
    parts = [chunk("one ", model="gpt-4o"), b"data: {bad\n\n", chunk("two", "length"), DONE, CLOSE]
    with asking(srchat, serve([head(), *parts]).url) as session:
        assert session.wait() == 0
        place = session.lines.index("one two")
        message = "\n".join(session.lines[place:])
        assert "could not be parsed" in message
        assert "max_tokens" in message


@pytest.mark.parametrize(
    "env", [{"NO_COLOR": "1"}, {"TERM": "dumb"}, {"TERM": ""}, {"LC_ALL": "C"}, {}]
)
@pytest.mark.parametrize("size", [(80, 24), (10, 3)])
def test_every_terminal_gets_the_whole_text(
    srchat: Srchat, serve: Serve, env: dict[str, str], size: tuple[int, int]
) -> None:
    words = [f"word{n}" for n in range(40)]
    server = serve(answer(*(f"{word} " for word in words)))
    with TerminalSession(
        srchat.command("ask", "q", "--base-url", server.url), srchat.env | env, *size
    ) as session:
        assert session.wait() == 0
        shown = " ".join(session.lines).split()
        assert [word for word in shown if word.startswith("word")] == words
    if env.get("NO_COLOR"):
        assert not re.search(rb"\x1b\[[0-9;]*3[0-7][0-9;]*m", session.raw)
    if env.get("TERM") in ("dumb", ""):
        assert b"\x1b" not in session.raw


def test_standard_output_in_a_file_and_errors_on_the_terminal(
    srchat: Srchat, serve: Serve, tmp_path: Path
) -> None:
    turning = threading.Event()
    server = serve([turning, *answer("**exact**")])
    command = srchat.command("ask", "q", "--base-url", server.url)
    shell = ["sh", "-c", '"$@" > out.txt', "sh", *command]
    with TerminalSession(shell, srchat.env, cwd=str(tmp_path)) as session:
        session.wait_for_text("vllm-primary")
        turning.set()
        assert session.wait() == 0
        assert session.lines == []
    assert (tmp_path / "out.txt").read_bytes() == b"**exact**\n"


HANGS = ["```mcschema\n" + "<!--" * 15 + "\n```\n", "```java\n" + "a " * 8000 + "\n```\n"]


@pytest.mark.parametrize("text", HANGS)
def test_code_that_hangs_a_lexer_is_shown(srchat: Srchat, serve: Serve, text: str) -> None:
    server = serve(answer("before\n\n", text, "\nafter\n"))
    for command in (("ask", "q", "--base-url", server.url), ("history", "show")):
        env = srchat.env | {"PAGER": "cat"}
        with TerminalSession(srchat.command(*command), env) as session:
            session.wait_for_text("after")
            assert session.wait() == 0


def test_color_always_renders_into_a_pipe(srchat: Srchat, serve: Serve) -> None:
    url = serve(answer("**bold** \x1b[2J")).url
    shown = srchat("ask", "q", "--color", "always", "--base-url", url)
    assert (shown.code, shown.out) == (0, b"\x1b[1mbold\x1b[0m \\x1b[2J\n")
    assert srchat("ask", "q", "--base-url", url, FORCE_COLOR="1").out == b"**bold** \x1b[2J\n"
    assert srchat("ask", "q", "--base-url", url, SRCHAT_COLOR="always").out == shown.out


@pytest.mark.parametrize(
    ("options", "env", "has_color"),
    [
        ([], {"NO_COLOR": "1"}, False),
        ([], {"NO_COLOR": "1", "FORCE_COLOR": "1"}, True),
        ([], {"TERM": "dumb"}, False),
        ([], {"TERM": "dumb", "FORCE_COLOR": "3"}, True),
        ([], {"FORCE_COLOR": "0", "NO_COLOR": "1"}, False),
        (["--color", "never"], {}, False),
        (["--color", "always"], {"NO_COLOR": "1"}, True),
    ],
)
def test_colors_follow_the_environment(
    srchat: Srchat, serve: Serve, options: list[str], env: dict[str, str], has_color: bool
) -> None:
    url = serve(answer("**bold** `code`")).url
    with TerminalSession(
        srchat.command("ask", "q", "--base-url", url, *options), srchat.env | env
    ) as session:
        assert session.wait() == 0
        assert "bold" in "\n".join(session.lines)
    assert (b"\x1b[36m" in session.raw) == has_color


@pytest.mark.slow
@pytest.mark.parametrize("bell", ["true", "false"])
def test_the_bell_rings_after_a_long_answer_if_it_is_set(
    srchat: Srchat, serve: Serve, bell: str
) -> None:
    server = serve([head(), chunk("one"), Pause(10.5), chunk(" two", "stop"), DONE])
    srchat.env["SRCHAT_BELL"] = bell
    with asking(srchat, server.url) as session:
        assert session.wait() == 0
    assert (b"\a" in session.raw) == (bell == "true")


def test_the_bell_does_not_ring_after_a_short_answer(srchat: Srchat, serve: Serve) -> None:
    srchat.env["SRCHAT_BELL"] = "true"
    with asking(srchat, serve(answer("one")).url) as session:
        assert session.wait() == 0
    assert b"\a" not in session.raw


def test_after_other_output_the_summary_is_shown_again(srchat: Srchat, serve: Serve) -> None:
    seen = threading.Event()
    thought = chunk(reasoning_content="Let me see")
    server = serve([head(), thought, seen, chunk("42", "stop"), DONE])
    with asking(srchat, server.url) as session:
        session.wait_for_text("Let me")
        session.terminal.feed("\x1b[H\x1b[2J")
        os.kill(session.pid, signal.SIGCONT)
        session.wait_for_text("Let me")
        seen.set()
        assert session.wait() == 0
        assert session.lines[-3:] == ["thought for 1 s", "", "42"]


def test_without_cursor_movements_the_summary_is_only_the_last_line(
    srchat: Srchat, serve: Serve
) -> None:
    server = serve([head(), chunk(reasoning_content="Hm"), chunk("42", "stop"), DONE])
    with asking(srchat, server.url, TERM="dumb") as session:
        assert session.wait() == 0
        assert session.lines == ["thought for 1 s", "", "42"]
