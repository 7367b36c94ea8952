"""The command tree, and error messages of every kind."""

import os
import subprocess
import sys

import pytest

from tests.conftest import Srchat
from tests.support.waiting import WAIT_TIMEOUT

SLOW = ("httpx", "rich", "prompt_toolkit", "sqlite3", "pydantic", "click")


def loaded(srchat: Srchat, *args: str) -> set[str]:
    """Return the slow packages that a command imports."""
    script = (
        "import atexit, sys; sys.argv[0] = 'srchat'\n"
        "from srchat.__main__ import main\n"
        "def tell():\n"
        "    loaded = [name for name in {SLOW!r} if sys.modules.get(name)]\n"
        "    print('loaded:', *loaded, file=sys.stderr, flush=True)\n"
        "atexit.register(tell)\n"
        "main()\n"
    ).replace("{SLOW!r}", repr(SLOW))
    done = subprocess.run(
        [sys.executable, "-c", script, *args],
        env=srchat.plain_env, capture_output=True, text=True, timeout=WAIT_TIMEOUT, check=False,
    )  # fmt: skip
    _, mark, names = done.stderr.rpartition("loaded:")
    assert mark
    return set(names.split())


@pytest.mark.parametrize(
    "args",
    [["--help"], ["ask", "--help"], ["--version"], ["config", "path"], ["ask", "--nonsense"], []],
)
def test_help_version_and_path_load_nothing_slow(srchat: Srchat, args: list[str]) -> None:
    assert loaded(srchat, *args) == set()


def test_a_piped_answer_loads_httpx_and_nothing_else_slow(srchat: Srchat) -> None:
    assert loaded(srchat, "ask", "-p", "demo", "--no-stream", "--no-save", "hi") <= {"httpx"}
    assert loaded(srchat, "ask", "-p", "demo", "--no-stream", "hi") <= {"httpx", "sqlite3"}


def test_running_without_arguments_shows_help(srchat: Srchat) -> None:
    result = srchat()
    assert result.code == 0
    assert "Usage: srchat" in result.text


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["aks"], "no such command 'aks'\nhint: did you mean: srchat ask"),
        (["ask", "--temprature", "1", "q"], "--temperature"),
        (["-m", "x", "hi"], "no such option: -m\nhint: options come after the command: srchat ask"),
        (["models", "--nope"], "models: no such option: --nope\nhint: see: srchat models --help"),
        (
            ["ask", "-1", "is odd"],
            "hint: put -- before a prompt that starts with a dash\nhint: see: ",
        ),
        (
            ["ask", "hi", "-m"],
            "ask: option '-m' requires an argument\nhint: see: srchat ask --help",
        ),
        (["config", "set", "-p"], "hint: see: srchat config set --help"),
        (["ask", "--json", "-x", "q"], "cannot be combined"),
        (["ask", "-p", "demp", "q"], "did you mean 'demo'?"),
    ],
)
def test_a_usage_error_is_one_line_with_a_hint(
    srchat: Srchat, args: list[str], message: str
) -> None:
    result = srchat(*args)
    assert result.code in (2, 3)
    assert message in result.err
    assert len(result.messages) == 1


def test_a_traceback_is_shown_only_on_demand(srchat: Srchat) -> None:
    assert "Traceback" not in srchat("ask", "q").err
    assert "Traceback" in srchat("ask", "q", SRCHAT_DEBUG="1").err


@pytest.mark.parametrize("option", ["--help", "--version"])
def test_help_to_a_full_disk_is_an_error(srchat: Srchat, option: str) -> None:
    done = subprocess.run(
        ["sh", "-c", '"$@" > /dev/full', "sh", *srchat.command(option)],
        env=srchat.env, capture_output=True, text=True, timeout=WAIT_TIMEOUT, check=False,
    )  # fmt: skip
    assert done.returncode == 74
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("option", ["--help", "--version"])
def test_help_into_a_closed_pipe_is_silent(srchat: Srchat, option: str) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb") as unread:
        done = subprocess.run(
            srchat.command(option), env=srchat.env, stdout=unread, stderr=subprocess.PIPE,
            timeout=WAIT_TIMEOUT, check=False,
        )  # fmt: skip
    assert (done.returncode, done.stderr) == (141, b"")


def test_a_command_without_output_needs_no_standard_output(srchat: Srchat) -> None:
    done = subprocess.run(
        ["sh", "-c", 'exec "$@" >&-', "sh", *srchat.command("config", "set", "model", "other")],
        env=srchat.env, stderr=subprocess.PIPE, timeout=WAIT_TIMEOUT, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, b"")
    assert srchat("config", "get", "model").text == "other\n"


@pytest.mark.parametrize("group", ["batch", "config", "history"])
def test_a_command_group_without_a_command_shows_its_help(srchat: Srchat, group: str) -> None:
    assert srchat(group).text.rstrip() == srchat(group, "--help").text.rstrip() != ""


@pytest.mark.parametrize(("debug", "lines"), [("", 1), ("1", 4)])
def test_an_unexpected_error_is_one_line_and_a_traceback_on_demand(
    srchat: Srchat, debug: str, lines: int
) -> None:
    script = (
        "from srchat.cli import app\n"
        "def break_(): raise LookupError('so \\x1b[2J it is')\n"
        "app._COMMANDS['break'] = '__main__:break_'\n"
        "from srchat.__main__ import main; main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, "break"],
        env=srchat.env | {"SRCHAT_DEBUG": debug}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    *messages, hint = done.stderr.splitlines() if lines == 1 else [*done.stderr.splitlines(), ""]
    assert len(messages) >= lines
    assert (len(messages) == 1) == (lines == 1)
    assert hint.startswith("hint: please report it") == (lines == 1)
    assert all(line.startswith("srchat: ") for line in messages)
    assert "LookupError: so" in done.stderr
    assert "\x1b" not in done.stderr


def test_an_unexpected_error_does_not_end_a_chat(srchat: Srchat) -> None:
    script = (
        "from srchat.api.client import ChatClient\n"
        "def fail(*_): raise LookupError('so it is')\n"
        "ChatClient.stream = fail\n"
        "from srchat.__main__ import main; main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, "chat", "-p", "demo"],
        env=srchat.env, input="one\ntwo\n", capture_output=True, text=True, check=False,
    )  # fmt: skip
    error = "srchat: error: unexpected LookupError: so it is\nhint: please report it"
    assert (done.returncode, done.stderr.count(error)) == (1, 2)


def test_an_invalid_configuration_does_not_affect_help(srchat: Srchat) -> None:
    srchat.configure("temperature = = 1")
    assert srchat("--help").code == 0
    assert srchat("ask", "--help").code == 0
    result = srchat("ask", "q")
    assert result.code == 3
    assert "config.toml" in result.err
    assert "line 1" in result.err


@pytest.mark.parametrize(
    ("option", "hint"),
    [
        ("--nope", "put -- before a prompt that starts with a dash"),
        ("--temp", "did you mean --temperature?"),
        ("--Model", "did you mean --model?"),
        ("--tempreature", "did you mean --temperature?"),
    ],
)
def test_an_option_is_suggested_only_if_it_is_similar(
    srchat: Srchat, option: str, hint: str
) -> None:
    assert srchat("ask", option).err.splitlines()[1] == f"hint: {hint}"
