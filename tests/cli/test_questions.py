"""Questions on a terminal and in a pipe: answers, defaults, secrets, and how they end."""

import pytest

from tests.conftest import Serve, Srchat
from tests.support.configuring import KEY, MODELS, config_file, read_config, run_init
from tests.support.pseudo_terminal import TerminalSession
from tests.support.server import json_response


def test_a_key_is_typed_without_being_shown(srchat: Srchat) -> None:
    command = srchat.command("config", "set", "api_key")
    with TerminalSession(command, srchat.env) as session:
        session.wait_for_text("api_key (hidden):")
        session.type(f"{KEY}\n")
        assert session.wait() == 0
    assert KEY.encode() not in session.raw
    assert read_config(srchat) == {"api_key": KEY}


def test_ctrl_c_at_the_key_changes_nothing_and_restores_the_terminal(
    srchat: Srchat,
) -> None:
    command = " ".join(srchat.command("config", "set", "api_key"))
    with TerminalSession(
        ["sh", "-c", f"trap : INT; {command}; echo code $?; stty -a"], srchat.env
    ) as session:
        session.wait_for_text("api_key (hidden):")
        session.type("sk-half\x03")
        session.wait()
    text = session.raw.decode()
    assert "srchat: interrupted" in session.lines
    assert "code 130" in text
    assert " echo " in text
    assert not config_file(srchat).exists()


def test_ctrl_d_at_the_key_changes_nothing(srchat: Srchat) -> None:
    with TerminalSession(srchat.command("config", "set", "api_key"), srchat.env) as session:
        session.wait_for_text("api_key (hidden):")
        session.type("\x04")
        assert session.wait() == 2
        assert "srchat: error: nothing was typed; nothing was changed" in session.lines
    assert not config_file(srchat).exists()


def test_init_takes_answers_from_a_non_blocking_pipe(srchat: Srchat, serve: Serve) -> None:
    server = serve(MODELS)
    parts = (f"{server.url}\n{KEY}".encode(), b"\n", b"qwen3-4b\n")
    result = srchat.run_nonblocking("config", "init", parts=parts)
    assert result.code == 0, result.err
    assert read_config(srchat)["model"] == "qwen3-4b"


def test_enter_accepts_the_default_in_init(srchat: Srchat, serve: Serve) -> None:
    server = serve(json_response({"data": [{"id": "local"}]}))
    assert run_init(srchat, server.url, words=("-p", "home")).code == 0
    assert read_config(srchat) == {"profiles": {"home": {"base_url": server.url, "model": "local"}}}
    srchat("config", "set", "-p", "home", "api_key", "-", stdin=KEY.encode())
    assert run_init(srchat, "", "", "", words=("-p", "home")).code == 0
    assert server.requests[-1].headers["authorization"] == f"Bearer {KEY}"
    assert read_config(srchat)["profiles"]["home"]["api_key"] == KEY


@pytest.mark.parametrize(("key", "message"), [("\x03", "interrupted"), ("\x04", "no answer to ")])
def test_an_error_in_a_question_starts_a_new_row(srchat: Srchat, key: str, message: str) -> None:
    with TerminalSession(srchat.command("config", "init"), srchat.env) as tty:
        tty.wait_for_text("server (a number, or the URL) [1]:")
        tty.type(key)
        tty.wait()
    assert any(line.startswith("srchat: ") and message in line for line in tty.lines)


def test_init_works_on_a_dumb_terminal(srchat: Srchat, serve: Serve) -> None:
    server = serve(MODELS)
    with TerminalSession(srchat.command("config", "init"), srchat.env | {"TERM": "dumb"}) as tty:
        tty.wait_for_text("server (a number, or the URL) [1]:")
        tty.type(f"{server.url}\n")
        tty.wait_for_text("API key (hidden; empty: none):")
        tty.type("\n")
        tty.wait_for_text("[vllm-primary]:")
        tty.type("2\n")
        assert tty.wait() == 0
    assert b"\x1b" not in tty.raw
    assert read_config(srchat)["model"] == "qwen3-4b"


def test_ctrl_d_at_a_question_of_init_changes_nothing(srchat: Srchat, serve: Serve) -> None:
    server = serve(MODELS)
    with TerminalSession(srchat.command("config", "init"), srchat.env) as tty:
        tty.wait_for_text("or the URL) [1]:")
        tty.type(f"{server.url}\n")
        tty.wait_for_text("API key (hidden; empty: none):")
        tty.type("\n")
        tty.wait_for_text("model (a number, or the name) [vllm-primary]:")
        tty.type("\x04")
        assert tty.wait() == 2
        assert "nothing was changed" in " ".join(tty.lines)
    assert not config_file(srchat).exists()
