"""Running api_key_command as a real process, within its limits."""

import os
from pathlib import Path

import pytest

from srchat.config.key_command import run_key_command
from srchat.errors import MissingKeyError


def test_the_output_is_the_key() -> None:
    assert run_key_command(["printf", "sk-1\n"]) == "sk-1\n"


def test_the_command_runs_without_a_shell() -> None:
    assert run_key_command(["printf", "%s", "$HOME;`id`>x"]) == "$HOME;`id`>x"


def test_stdin_is_not_passed_on() -> None:
    reading, writing = os.pipe()
    os.write(writing, b"the question\n")
    os.close(writing)
    before = os.dup(0)
    os.dup2(reading, 0)
    try:
        assert run_key_command(["sh", "-c", "cat; echo sk-1"]) == "sk-1\n"
        assert os.read(0, 100) == b"the question\n"
    finally:
        os.dup2(before, 0)
        os.close(before)
        os.close(reading)


@pytest.mark.parametrize(
    ("command", "message"),
    [
        (["/no/such/secret"], "cannot run the api_key_command '/no/such/secret': No such file"),
        (["/etc/passwd", "secret"], "cannot run the api_key_command '/etc/passwd': Permission"),
        (["sh", "-c", "echo secret; exit 3"], "the api_key_command 'sh' failed with exit code 3"),
        (["sh", "-c", "kill -9 $$ # secret"], "the api_key_command 'sh' was killed by signal 9"),
        (["true", "secret"], "the api_key_command 'true' printed nothing"),
        (["echo", "secret\0"], "cannot run the api_key_command 'echo': it contains a NUL byte"),
    ],
)
def test_errors_name_only_the_program(command: list[str], message: str) -> None:
    with pytest.raises(MissingKeyError) as caught:
        run_key_command(command)
    assert caught.value.message.startswith(message)
    assert "secret" not in caught.value.message.removeprefix(message)


@pytest.mark.parametrize(
    ("program", "limit", "message"),
    [
        ("exec sleep 60", 2, "timed out after 2 s"),
        ("exec sleep 60 >&-", 2, "timed out after 2 s"),
        ("trap '' TERM; while :; do sleep 0.1; done", 2, "timed out after 2 s"),
        ("while :; do echo secret; done", 60, "printed too much for a key"),
    ],
)
def test_a_command_over_a_limit_is_stopped(
    tmp_path: Path, program: str, limit: float, message: str
) -> None:
    pid = tmp_path / "pid"
    with pytest.raises(MissingKeyError, match=message):
        run_key_command(["sh", "-c", f'echo $$ >"$0"; {program}', str(pid)], timeout=limit)
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid.read_text()), 0)


def test_a_command_is_terminated_before_it_is_killed(tmp_path: Path) -> None:
    command = "trap 'touch \"$0\"; exit 1' TERM; while :; do sleep 0.02; done"
    with pytest.raises(MissingKeyError, match="timed out after"):
        run_key_command(
            ["sh", "-c", command, str(tmp_path / "terminated")], timeout=1, stop_grace=2
        )
    assert (tmp_path / "terminated").exists()


def test_stderr_is_shown(capfd: pytest.CaptureFixture[str]) -> None:
    run_key_command(["sh", "-c", "echo Enter PIN >&2; echo sk-1"])
    assert capfd.readouterr() == ("", "Enter PIN\n")
