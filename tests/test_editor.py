"""The user's editor: which one, on which terminal, and failures that lose nothing."""

import json
import shlex
import signal
import subprocess
from pathlib import Path

import pytest

from tests.conftest import Srchat
from tests.support.pseudo_terminal import TerminalSession
from tests.support.waiting import WAIT_TIMEOUT, wait_until


def test_an_editor_that_removes_the_file_is_an_error(srchat: Srchat) -> None:
    result = srchat("ask", "-e", "--dry-run", EDITOR="rm")
    assert result.code == 2
    assert "cannot read" in result.err


def test_the_editor_writes_the_prompt(srchat: Srchat) -> None:
    editor = srchat.home / "my editor"
    editor.write_text('#!/bin/sh\nprintf " edited" >> "$1"\n')
    editor.chmod(0o755)
    result = srchat("ask", "draft", "-e", "--dry-run", VISUAL=f"'{editor}'")
    assert json.loads(result.out)["messages"][0]["content"] == "draft edited"


def test_the_editor_has_the_terminal_though_input_and_output_are_pipes(srchat: Srchat) -> None:
    editor = srchat.home / "editor"
    editor.write_text('#!/bin/sh\necho "draws"; test -t 0 && read line && echo "$line" >> "$1"\n')
    editor.chmod(0o755)
    ask = shlex.join(srchat.command("ask", "-e", "--dry-run"))
    command = f"printf piped | {ask} > {srchat.home}/out"
    env = srchat.env | {"EDITOR": str(editor)}
    with TerminalSession(["sh", "-c", command], env, cwd=str(srchat.home)) as tty:
        tty.wait_for_text("draws")
        tty.type("typed\n")
        assert tty.wait() == 0
    content = json.loads((srchat.home / "out").read_text())["messages"][0]["content"]
    assert content == '<file name="stdin">\npiped\n</file>\n\ntyped\n'


def test_the_output_of_the_editor_is_not_part_of_the_answer(srchat: Srchat) -> None:
    editor = srchat.home / "editor"
    editor.write_text('#!/bin/sh\necho draws; echo text >> "$1"\n')
    editor.chmod(0o755)
    ask = srchat.command("ask", "-e", "--dry-run")
    done = subprocess.run(
        ask, env=srchat.env | {"EDITOR": str(editor)}, stdin=subprocess.DEVNULL,
        capture_output=True, timeout=WAIT_TIMEOUT, check=False, start_new_session=True,
    )  # fmt: skip
    assert json.loads(done.stdout)["messages"][0]["content"] == "text\n"
    assert b"draws" in done.stderr


def test_an_editor_that_fails_loses_nothing(srchat: Srchat) -> None:
    result = srchat("ask", "draft", "-e", "--dry-run", EDITOR="false")
    assert result.code == 2
    kept = Path(result.err.split("your text is in ")[1].strip())
    assert kept.read_text() == "draft"


@pytest.mark.parametrize("blank", ["", " "])
def test_a_blank_editor_counts_as_not_set(srchat: Srchat, blank: str) -> None:
    vi = srchat.home / "vi"
    vi.write_text('#!/bin/sh\nprintf "by vi" > "$1"\n')
    vi.chmod(0o755)
    path = f"{srchat.home}:{srchat.env['PATH']}"
    result = srchat("ask", "-e", "--dry-run", EDITOR=blank, PATH=path)
    assert json.loads(result.out)["messages"][0]["content"] == "by vi"


@pytest.mark.parametrize("text", ["typed", ""])
def test_an_editor_in_a_closed_terminal_loses_nothing(srchat: Srchat, text: str) -> None:
    editor = srchat.home / "editor"
    editor.write_text(f'#!/bin/sh\nprintf "{text}" > "$1"; touch ready; exec sleep 20\n')
    editor.chmod(0o755)
    process = srchat.start("ask", "-e", EDITOR=str(editor))
    wait_until((srchat.home / "ready").exists)
    process.send_signal(signal.SIGHUP)
    result = process.wait_for_result()
    kept = [(path, path.read_text()) for path in srchat.home.glob("srchat-*.md")]
    assert (result.code, [content for _, content in kept]) == (129, [text] if text else [])
    assert result.err.startswith("srchat: hung up")
    assert ("your text is in" in result.err) == bool(text)
    assert all(str(path) in result.err for path, _ in kept)
