"""The widgets in real shells: a command is put on the line, never run."""

import shutil
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import pexpect
import pytest

from tests.conftest import Serve, Srchat
from tests.support.server import HOLD, Script, answer, command_answer, error
from tests.support.waiting import WAIT_TIMEOUT, wait_until

SHELLS: Final = ("bash", "zsh", "fish")


KEYS: Final = {"bash": r"\C-xs", "zsh": "^Xs", "fish": r"\cxs"}


# Keys that insert a line break without running the command.
LINE_BREAK: Final = {"bash": "\x16\n", "zsh": "\x16\n", "fish": "\x1b\r"}


START: Final = {
    "bash": ["--norc", "--noprofile", "-i"],
    "zsh": ["-f", "-i"],
    "fish": ["--no-config", "-i"],
}


SETUP: Final = {
    "bash": "bind 'set enable-bracketed-paste off'; PS1='RE''ADY> '",
    "zsh": "unset zle_bracketed_paste; bindkey -e; PROMPT='RE''ADY> '",
    "fish": "function fish_prompt; printf 'RE''ADY> '; end",
}


LOAD: Final = {
    "bash": "eval \"$(srchat widget bash --key '{key}')\"",
    "zsh": "eval \"$(srchat widget zsh --key '{key}')\"",
    "fish": "srchat widget fish --key '{key}' | source",
}


class InteractiveShell:
    """An interactive shell with the widget bound to Ctrl-X s."""

    def __init__(self, shell: str, srchat: Srchat, url: str) -> None:
        env = srchat.env | {"SRCHAT_BASE_URL": url, "SRCHAT_RETRIES": "0"}
        self.canary = srchat.home / "canary"
        self._child = pexpect.spawn(
            shell, START[shell], env=env, cwd=str(srchat.home), encoding="utf-8",
            timeout=WAIT_TIMEOUT, dimensions=(40, 200),
        )  # fmt: skip
        self._child.delaybeforesend = None
        self._run(SETUP[shell])
        self._run(LOAD[shell].format(key=KEYS[shell]))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None
    ) -> None:
        self._child.close(force=True)

    def _run(self, line: str) -> None:
        self._child.send(f"{line}\r")
        self._child.expect("READY> ")

    def type(self, keys: str) -> None:
        """Type keys."""
        self._child.send(keys)

    def press_widget(self) -> None:
        """Press the key of the widget."""
        self._child.send("\x18s")

    def wait_for(self, text: str) -> None:
        """Wait until the terminal shows a text."""
        self._child.expect_exact(text)


def run_note(terminal: InteractiveShell, home: Path) -> str:
    """Prefix the current line with `note`, run it, and return the arguments of `note`."""
    terminal.type("\x01note \r")
    file = home / "noted"
    wait_until(lambda: file.exists() and file.read_text().endswith("\n"))
    text = file.read_text().rstrip("\n")
    file.unlink()
    return text


@pytest.fixture(params=SHELLS)
def shell(request: pytest.FixtureRequest, srchat: Srchat) -> str:
    """The name of a shell, with a program `note` that writes its arguments to a file."""
    if not shutil.which(request.param):
        pytest.skip(f"no {request.param} here")
    srchat.put_on_path()
    program = srchat.home / "bin/note"
    program.write_text('#!/bin/sh\nprintf "%s\\n" "$*" > noted.new; mv noted.new noted\n')
    program.chmod(0o755)
    return str(request.param)


def test_the_words_become_a_command_that_is_not_run(
    srchat: Srchat, serve: Serve, shell: str
) -> None:
    server = serve(command_answer("touch canary"))
    with InteractiveShell(shell, srchat, server.url) as terminal:
        terminal.type("make a file é")
        terminal.press_widget()
        terminal.wait_for("touch canary")
        assert not terminal.canary.exists()
        assert run_note(terminal, srchat.home) == "touch canary"
        assert not terminal.canary.exists()
    assert server.requests[0].json["messages"][-1]["content"] == "make a file é"


@pytest.mark.parametrize(
    "script",
    [
        error(500, "broken"),
        answer("No."),
        command_answer("ls \x1b[2J\u202e"),
        command_answer("a\nif b"),
    ],
)
def test_the_words_stay_if_there_is_no_command(
    srchat: Srchat, serve: Serve, shell: str, script: Script
) -> None:
    with InteractiveShell(shell, srchat, serve(script).url) as terminal:
        terminal.type("list files")
        terminal.press_widget()
        terminal.wait_for("error:")
        assert run_note(terminal, srchat.home) == "list files"


def test_the_words_stay_if_the_server_is_down(srchat: Srchat, shell: str) -> None:
    with InteractiveShell(shell, srchat, "http://127.0.0.1:9/v1") as terminal:
        terminal.type("list files")
        terminal.press_widget()
        terminal.wait_for("cannot connect")
        assert run_note(terminal, srchat.home) == "list files"


def test_ctrl_c_ends_a_slow_answer_and_keeps_the_words(
    srchat: Srchat, serve: Serve, shell: str
) -> None:
    server = serve([HOLD])
    with InteractiveShell(shell, srchat, server.url) as terminal:
        terminal.type("list files")
        terminal.press_widget()
        wait_until(lambda: server.requests)
        terminal.type("\x03")
        terminal.wait_for("interrupted")
        assert run_note(terminal, srchat.home) == "list files"


def test_undo_gives_the_words_back(srchat: Srchat, serve: Serve, shell: str) -> None:
    if shell == "bash":
        pytest.skip("bash has no undo for what a widget does")
    with InteractiveShell(shell, srchat, serve(command_answer("touch canary")).url) as terminal:
        terminal.type("list files")
        terminal.press_widget()
        terminal.wait_for("touch canary")
        terminal.type("\x1f")
        assert run_note(terminal, srchat.home) == "list files"


def test_a_line_with_quotes_reaches_the_model_as_it_is(
    srchat: Srchat, serve: Serve, shell: str
) -> None:
    server = serve(command_answer("touch canary"))
    words = "find 'a b' \"$HOME\" `x` $(y) -- --no-save"
    with InteractiveShell(shell, srchat, server.url) as terminal:
        terminal.type(words)
        terminal.press_widget()
        terminal.wait_for("touch canary")
    assert server.requests[0].json["messages"][-1]["content"] == words
    assert not terminal.canary.exists()


def test_several_lines_are_one_request(srchat: Srchat, serve: Serve, shell: str) -> None:
    server = serve(command_answer("touch canary"))
    with InteractiveShell(shell, srchat, server.url) as terminal:
        terminal.type(f"list é{LINE_BREAK[shell]}all files")
        terminal.press_widget()
        terminal.wait_for("touch canary")
        assert run_note(terminal, srchat.home) == "touch canary"
    assert server.requests[0].json["messages"][-1]["content"] == "list é\nall files"


def test_several_lines_stay_if_there_is_no_command(
    srchat: Srchat, serve: Serve, shell: str
) -> None:
    with InteractiveShell(shell, srchat, serve(answer("No.")).url) as terminal:
        terminal.type(f"note one{LINE_BREAK[shell]}note two")
        terminal.press_widget()
        terminal.wait_for("error:")
        terminal.type("\r")
        file = srchat.home / "noted"
        wait_until(lambda: file.exists() and file.read_text() == "two\n")
