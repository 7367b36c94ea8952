"""`srchat chat` without a terminal: one prompt per line, answers on stdout."""

import signal
import subprocess
from pathlib import Path

import pytest

from tests.conftest import Serve, Srchat
from tests.support.chatting import sent_messages
from tests.support.server import CLOSE, HOLD, Script, answer, chunk, error, head, json_response
from tests.support.waiting import WAIT_TIMEOUT


def test_each_line_is_a_prompt_of_one_conversation(srchat: Srchat, serve: Serve) -> None:
    server = serve(answer("**one**"), answer("two\n"), answer("three"))
    result = srchat("chat", "--base-url", server.url, stdin=b"a\n\nb\r\n  \nc")
    assert result == (0, b"**one**\ntwo\nthree\n", "")
    assert [content for _, content in sent_messages(server)] == ["a", "**one**", "b", "two\n", "c"]


def test_an_empty_input_is_not_an_error(srchat: Srchat, serve: Serve) -> None:
    assert srchat("chat", "--base-url", serve(answer("x")).url) == (0, b"", "")


def test_a_closed_standard_input_is_empty(srchat: Srchat, serve: Serve) -> None:
    command = " ".join(srchat.command("chat", "--base-url", serve(answer("x")).url))
    done = subprocess.run(
        ["sh", "-c", f"{command} <&-"],
        env=srchat.env,
        capture_output=True,
        timeout=WAIT_TIMEOUT,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def test_slash_commands_do_not_print_to_stdout(srchat: Srchat, serve: Serve) -> None:
    server = serve(answer("yes"))
    result = srchat(
        "chat",
        "--base-url",
        server.url,
        stdin=b"/model other\n/system Be brief.\nhi\n//exit\n/exit\nno\n",
    )
    assert result.code == 0
    assert result.out == b"yes\nyes\n"
    assert "model: other" in result.err
    assert "\x1b" not in result.err
    assert [request.json["model"] for request in server.requests] == ["other", "other"]
    assert sent_messages(server)[0] == ("system", "Be brief.")
    assert sent_messages(server)[-1] == ("user", "/exit")


@pytest.mark.parametrize(
    ("failure", "code"),
    [(error(400), 5), (error(401), 4), (error(429), 7), (error(500), 6),
     ([head(), chunk("part"), CLOSE], 6)],
)  # fmt: skip
def test_a_failure_sets_the_exit_code_and_the_next_prompts_are_sent(
    srchat: Srchat, serve: Serve, failure: Script, code: int
) -> None:
    server = serve(error(403), failure, answer("fine"))
    result = srchat("chat", "--base-url", server.url, "--retries", "0", stdin=b"a\nb\nc\n")
    assert result.code == code
    assert result.out.endswith(b"fine\n")
    assert result.err.count("srchat: ") == 2
    assert "/retry" not in result.err


def test_an_unknown_command_is_a_usage_error(srchat: Srchat, serve: Serve) -> None:
    result = srchat("chat", "--base-url", serve(answer("ok")).url, stdin=b"/retri\nhi\n")
    assert result.code == 2
    assert "did you mean /retry?" in result.err
    assert result.out == b"ok\n"


def test_an_unknown_model_is_reported_with_a_suggestion(srchat: Srchat, serve: Serve) -> None:
    models = json_response({"data": [{"id": "qwen3:4b"}, {"id": "gpt"}]})
    server = serve(error(404, "no model qwen3"), models)
    result = srchat("chat", "--base-url", server.url, stdin=b"/model qwen3: hello\n")
    assert "no model qwen3\nhint: did you mean 'qwen3:4b'?" in result.err


def test_commands_that_need_a_user_are_rejected(
    srchat: Srchat, serve: Serve, tmp_path: Path
) -> None:
    there = tmp_path / "there.md"
    there.write_text("old")
    script = f"hi\n/save {there}\n/edit\n/load\n".encode()
    result = srchat("chat", "--base-url", serve(answer("ok")).url, stdin=script)
    assert result.code == 2
    assert there.read_text() == "old"
    assert "exists; not overwritten" in result.err
    assert "/edit needs a terminal" in result.err
    assert "usage: /load ID" in result.err


def test_a_line_that_is_not_utf8_is_refused_and_the_next_one_is_sent(
    srchat: Srchat, serve: Serve
) -> None:
    server = serve(answer("ok"))
    result = srchat("chat", "--base-url", server.url, stdin=b"\xff\xfe\nhi\n")
    assert (result.code, result.out) == (2, b"ok\n")
    assert "the line is not UTF-8 text" in result.err
    assert sent_messages(server) == [("user", "hi")]


def test_lines_are_answered_as_they_come(srchat: Srchat, serve: Serve) -> None:
    server = serve(answer("one"), answer("two"))
    process = srchat.start("chat", "--base-url", server.url, stdin=subprocess.PIPE)
    for line, expected in ((b"a\n", b"one\n"), (b"b\n", b"two\n")):
        process.stdin.write(line)
        process.stdin.flush()
        assert process.stdout.readline() == expected
    assert process.wait_for_result().code == 0


def test_a_non_blocking_pipe_is_read_to_its_end(srchat: Srchat, serve: Serve) -> None:
    server = serve(answer("one"), answer("two"))
    result = srchat.run_nonblocking("chat", "--base-url", server.url, parts=(b"a\n", b"b", b"c\n"))
    assert result == (0, b"one\ntwo\n", "")
    assert [content for _, content in sent_messages(server)] == ["a", "one", "bc"]


def test_a_script_can_send_exit_and_quit_as_prompts(srchat: Srchat, serve: Serve) -> None:
    server = serve(answer("one"))
    assert srchat("chat", "--base-url", server.url, stdin=b"exit\n").text == "one\n"


def test_an_interrupt_ends_a_script(srchat: Srchat, serve: Serve) -> None:
    server = serve([head(), chunk("half"), HOLD])
    process = srchat.start("chat", "--base-url", server.url, stdin=subprocess.PIPE)
    process.stdin.write(b"a\nb\n")
    process.stdin.flush()
    assert process.stdout.read(4) == b"half"
    process.send_signal(signal.SIGINT)
    result = process.wait_for_result()
    assert (result.code, result.out) == (130, b"\n")
    assert len(server.requests) == 1


def test_a_closed_pipe_ends_the_command_silently(srchat: Srchat, serve: Serve) -> None:
    server = serve(answer("one\n" * 50_000))
    command = " ".join(srchat.command("chat", "--base-url", server.url))
    done = subprocess.run(
        ["bash", "-c", f"printf 'a\\nb\\nc\\n' | {command} | head -1; echo ${{PIPESTATUS[1]}}"],
        env=srchat.env, capture_output=True, timeout=WAIT_TIMEOUT, check=False,
    )  # fmt: skip
    assert done.stdout == b"one\n141\n"
    assert done.stderr == b""


def test_files_go_with_the_first_prompt(srchat: Srchat, serve: Serve) -> None:
    (srchat.home / "notes.txt").write_text("numbers\n")
    server = serve(answer("ok"))
    srchat("chat", "--base-url", server.url, "-f", "notes.txt", stdin=b"sum\nmore\n")
    assert sent_messages(server, 0) == [
        ("user", '<file name="notes.txt">\nnumbers\n</file>\n\nsum')
    ]
    assert sent_messages(server)[-1] == ("user", "more")


def test_it_is_continued_with_its_own_model_and_system_prompt(srchat: Srchat, serve: Serve) -> None:
    server = serve(answer("ok"))
    url = server.url
    srchat("chat", "--base-url", url, "-m", "other", "-s", "Be brief.", stdin=b"one\n")
    result = srchat("chat", "--base-url", url, "--continue", stdin=b"two\n")
    assert result.code == 0
    assert server.requests[-1].json["model"] == "other"
    assert [content for _, content in sent_messages(server)] == ["Be brief.", "one", "ok", "two"]


def test_usage_is_printed_after_each_answer(srchat: Srchat, serve: Serve) -> None:
    result = srchat("chat", "--base-url", serve(answer("ok")).url, "--usage", stdin=b"a\nb\n")
    assert result.err.count("no token counts from the server") == 2


def test_a_failed_request_has_no_usage(srchat: Srchat, serve: Serve) -> None:
    url = serve(error(400, "no")).url
    result = srchat("chat", "--base-url", url, "--usage", stdin=b"a\n/usage\n")
    assert "no token counts from the server" not in result.err
    assert "last answer" not in result.err
    assert "this chat: 1 turn," in result.err


def test_no_save_stores_nothing(srchat: Srchat, serve: Serve) -> None:
    data = srchat.home / "d"
    url = serve(answer("ok")).url
    srchat(
        "chat", "--base-url", url, "--no-save", stdin=b"a\n/title x\n/undo\n", SRCHAT_DATA=str(data)
    )
    assert not data.exists()


def test_a_missing_key_is_reported_before_any_output(srchat: Srchat) -> None:
    result = srchat("chat", stdin=b"hi\n")
    assert result.code == 4
    assert "no API key" in result.err


def test_ten_thousand_lines_are_not_read_at_once_but_all_answered(
    srchat: Srchat, serve: Serve
) -> None:
    server = serve(answer("ok"))
    script = b"".join(b"/title %d\n" % n for n in range(10_000)) + b"hi\n"
    result = srchat("chat", "--base-url", server.url, "--no-save", stdin=script)
    assert result.out == b"ok\n"


def test_a_conversation_is_continued_with_its_model_and_failed_prompt(
    srchat: Srchat, serve: Serve
) -> None:
    server = serve(answer("one"), error(400, "no such luck"), answer("three"))
    srchat("ask", "the first", "-m", "other", "--base-url", server.url)
    srchat("ask", "the second", "--base-url", server.url)
    failed, first = (line.split("\t")[0] for line in srchat("history", "list").text.splitlines())
    result = srchat(
        "chat", "--base-url", server.url,
        stdin=f"/load {failed}\n/file\n/load {first}\nmore\n".encode(),
    )  # fmt: skip
    assert (result.code, result.out) == (0, b"three\n")
    assert "> the second\n" in result.err
    assert "(incomplete: " in result.err
    assert "no files attached" in result.err
    assert server.requests[-1].json["model"] == "other"


def test_without_a_history_nothing_is_found_and_the_chat_continues(
    srchat: Srchat, serve: Serve
) -> None:
    server = serve(answer("one"))
    result = srchat(
        "chat", "--no-save", "--base-url", server.url, stdin=b"/load sky\na\nb\n/copy\n"
    )
    assert (result.code, result.out) == (2, b"one\none\n")
    assert "no conversation about 'sky'" in result.err
    assert "no clipboard found" in result.err


def test_words_are_the_first_prompt(srchat: Srchat, serve: Serve) -> None:
    server = serve(answer("one"), answer("two"))
    result = srchat("chat", "what", "is", "it?", "--base-url", server.url, stdin=b"and why?\n")
    assert (result.code, result.out) == (0, b"one\ntwo\n")
    assert sent_messages(server)[0] == ("user", "what is it?")


def test_a_first_prompt_with_a_slash_is_a_prompt(srchat: Srchat, serve: Serve) -> None:
    server = serve(answer("one"))
    assert srchat("chat", "/help", "--base-url", server.url).out == b"one\n"
    assert sent_messages(server)[0] == ("user", "/help")
