"""Typed lines across chats: recalled, searched, suggested, and private."""

import re
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from srchat.repl.typed_history import TypedHistory
from tests.conftest import Serve, Srchat
from tests.support.chatting import CTRL_C, CTRL_R, ENTER, UP, ChatTerminal, sent_messages
from tests.support.server import answer


def test_typed_lines_are_recalled_in_the_next_chat_newest_first(
    srchat: Srchat, serve: Serve
) -> None:
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
    assert sent_messages(server)[-1] == ("user", "the needle is here")


def test_typed_lines_are_suggested(srchat: Srchat, serve: Serve) -> None:
    server = serve(answer("Fine."))
    with ChatTerminal(srchat, server.url) as chat:
        chat.run("explain monads to me")
        chat.wait_for_prompt()
        chat.type("expl")
        chat.wait_for(lambda _: chat.text.count("explain monads to me") == 2)
        chat.type("\x1b[C" + ENTER)  # right
        chat.wait_for(lambda _: len(server.requests) == 2)
    assert sent_messages(server)[-1] == ("user", "explain monads to me")


@pytest.mark.parametrize("args", [(), ("--no-save",)])
def test_a_refused_line_is_not_suggested_but_can_be_corrected(
    srchat: Srchat, serve: Serve, args: tuple[str, ...]
) -> None:
    with ChatTerminal(srchat, serve(answer("Fine.")).url, *args) as chat:
        chat.run("/set temperature 0.5")
        chat.run("/set temperature 9")
        chat.wait_for_prompt()
        chat.type(UP)
        chat.wait_for(lambda _: chat.terminal.screen[chat.row] == "> /set temperature 9")
        chat.type(CTRL_C + "/set tempe")
        chat.wait_for(lambda _: chat.terminal.screen[chat.row] == "> /set temperature 0.5")


def test_a_refused_line_is_not_recalled_in_the_next_chat(srchat: Srchat, serve: Serve) -> None:
    server = serve(answer("Fine."))
    with ChatTerminal(srchat, server.url) as chat:
        chat.run("/title one")
        for line in ("/retry", "/modle x", "hello", "/retry", "/exit"):
            chat.say(line)
        chat.wait()
    text = (srchat.history.parent / "typed_lines").read_text()
    assert re.findall(r"^\+(.*)", text, re.MULTILINE) == ["/title one", "hello", "/retry", "/exit"]


def test_the_file_of_typed_lines_is_private(srchat: Srchat, serve: Serve) -> None:
    with ChatTerminal(
        srchat, serve(answer("Fine.")).url, SRCHAT_DATA=str(srchat.home / "d")
    ) as chat:
        chat.run("secret")
        chat.leave()
    path = srchat.home / "d" / "typed_lines"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert "secret" in path.read_text()


@pytest.mark.parametrize("how", ["--no-save", "history"])
def test_without_history_typed_lines_are_not_saved(srchat: Srchat, serve: Serve, how: str) -> None:
    data = srchat.home / "d"
    args = [how] if how.startswith("-") else []
    srchat.configure("history = false\n" if not args else "")
    with ChatTerminal(srchat, serve(answer("Fine.")).url, *args, SRCHAT_DATA=str(data)) as chat:
        chat.run("secret")
        chat.leave()
    assert not data.exists()


def test_two_chats_at_once_keep_the_lines_and_conversations_of_both(
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
    lines = re.findall(r"^\+(.*)", (srchat.home / "d/typed_lines").read_text(), re.MULTILINE)
    assert sorted(lines) == sorted(f"{who} {n}" for who in ("one", "two") for n in range(5))
    with ChatTerminal(srchat, server.url, SRCHAT_DATA="d") as chat:
        chat.wait_for_prompt()
        chat.type(UP * 10)
        chat.wait_for_text(f"> {lines[0]}")
    listed = srchat("history", "list", SRCHAT_DATA="d").text.splitlines()
    assert len(listed) == 2
    assert all("\t5\t" in line for line in listed)


def test_a_failure_to_save_typed_lines_is_reported_once(srchat: Srchat, serve: Serve) -> None:
    (srchat.home / "file").touch()
    data = str(srchat.home / "file" / "data")
    with ChatTerminal(srchat, serve(answer("Fine.")).url, SRCHAT_DATA=data) as chat:
        assert "typed prompts are not saved" in chat.run("one")
        assert "typed prompts are not saved" not in chat.run("two")
        chat.leave()


TEXTS = ["plain", "two\nlines", "\x1b[31m", "漢字", "+plus", "# number", "\u2028", " blank "]


def test_typed_prompts_are_restored_exactly(tmp_path: Path) -> None:
    path = tmp_path / "new" / "lines"
    history = TypedHistory(path, pytest.fail)
    for text in TEXTS:
        history.append_string(text)
    assert TypedHistory(path, pytest.fail).load_history_strings() == TEXTS[::-1]
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o700
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_very_long_prompt_is_not_saved(tmp_path: Path) -> None:
    history = TypedHistory(tmp_path / "lines", pytest.fail)
    history.append_string("x" * 100_000)
    assert list(tmp_path.iterdir()) == []
    assert history.get_strings() == ["x" * 100_000]


@given(st.binary(max_size=200))
def test_a_corrupt_file_can_be_read(data: bytes) -> None:
    import tempfile  # noqa: PLC0415 - no tmp_path with Hypothesis

    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "lines").write_bytes(data)
        TypedHistory(Path(folder) / "lines", pytest.fail).load_history_strings()


def test_a_file_that_cannot_be_read_is_an_empty_history(tmp_path: Path) -> None:
    (tmp_path / "typed").mkdir()
    assert TypedHistory(tmp_path / "typed", print).load_history_strings() == []
