"""`srchat config` as a process: what is shown and changed, and that secrets are not shown."""

import json
import os
import signal
import stat
import subprocess
import sys
import textwrap
import threading
import tomllib
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from srchat.config.settings import SETTINGS
from tests.conftest import Result, Serve, Srchat
from tests.support.pseudo_terminal import TerminalSession
from tests.support.server import Script, error, json_response
from tests.support.waiting import wait_until

KEY = "sk-srt-0123456789abcdef"
MODELS = json_response({"object": "list", "data": [{"id": "vllm-primary"}, {"id": "qwen3-4b"}]})


def _names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def _file(srchat: Srchat) -> Path:
    return srchat.home / "config.toml"


def _read(srchat: Srchat) -> dict[str, Any]:
    return tomllib.loads(_file(srchat).read_text())


def _script(srchat: Srchat, name: str, text: str) -> str:
    path = srchat.home / name
    path.write_text(f"#!/bin/sh\n{textwrap.dedent(text)}")
    path.chmod(0o755)
    return str(path)


# --- show and get ---------------------------------------------------------------------------


def test_path_is_the_platforms_own_or_the_variables(srchat: Srchat) -> None:
    assert srchat("config", "path").text == f"{_file(srchat)}\n"
    home = str(srchat.home)
    assert srchat("config", "path", SRCHAT_CONFIG="").text == f"{home}/.config/srchat/config.toml\n"
    assert srchat("config", "path", SRCHAT_CONFIG="~/x.toml").text == f"{home}/x.toml\n"


def test_path_on_a_terminal_is_inert(srchat: Srchat) -> None:
    where = {"SRCHAT_CONFIG": str(srchat.home / "a\x1b[2Jb")}
    with TerminalSession(srchat.command("config", "path"), srchat.env | where, 200) as session:
        assert session.wait() == 0
        assert session.lines == [f"{srchat.home}/a\\x1b[2Jb"]


def test_the_demo_needs_no_setup(srchat: Srchat) -> None:
    result = srchat("config", "init", "-p", "demo")
    assert (result.code, result.err.count("needs no setup")) == (2, 1)
    assert not _file(srchat).exists()


def test_a_path_that_is_not_utf8_is_printed_unchanged(srchat: Srchat) -> None:
    name = os.fsencode(srchat.home) + b"/caf\xe9.toml"
    result = srchat("config", "path", SRCHAT_CONFIG=os.fsdecode(name))
    assert result == (0, name + b"\n", "")
    assert srchat("config", "set", "model", "x", SRCHAT_CONFIG=os.fsdecode(name)).code == 0
    assert Path(os.fsdecode(name)).read_text() == 'model = "x"\n'


def test_show_prints_every_value_and_its_origin(srchat: Srchat) -> None:
    srchat.configure(
        f'model = "file"\nsystem = ""\n[profiles.work]\nretries = 0\napi_key = "{KEY}"\n'
    )
    result = srchat("config", "show", "-p", "work", SRCHAT_TOP_P="0.5")
    _file(srchat).chmod(0o600)
    lines = [" ".join(line.split()) for line in result.text.splitlines()]
    assert lines[:2] == [f"# {_file(srchat)}", "# profile: work (available: demo, work)"]
    assert f'model = "file" # {_file(srchat)}' in lines
    assert f'system = "" # {_file(srchat)}' in lines
    assert "retries = 0 # profile work" in lines
    assert "top_p = 0.5 # variable SRCHAT_TOP_P" in lines
    assert "stream = true # default" in lines
    assert "# temperature is not set" in lines
    assert 'api_key = "…cdef" # profile work' in lines
    assert set(tomllib.loads(result.text)) < set(SETTINGS)  # the output is a valid configuration


def test_show_distinguishes_own_settings_by_color(srchat: Srchat) -> None:
    srchat.configure('model = "mine"\n[params]\nseed = 1\nmin_p = 0.1\n')
    with TerminalSession(srchat.command("config", "show"), srchat.env, 100, 60) as session:
        assert session.wait() == 0
        rows = {
            "".join(cell.data for cell in row).split(" ")[0]: [cell.fg for cell in row]
            for row in session.terminal.cells
            if row
        }
        columns = {
            line.index("=") for line in session.lines if "=" in line and not line.startswith("#")
        }
    assert {rows[name][0] for name in ("model", "params.seed")} == {"cyan"}
    assert rows["model"][-1] == rows["stream"][0] == rows["#"][0] == "default"
    assert len(columns) == 1  # aligned
    assert list(rows).index("params.seed") < list(rows).index("stream")


@pytest.mark.parametrize("env", [{"NO_COLOR": "1"}, {"TERM": "dumb"}, {"SRCHAT_COLOR": "never"}])
def test_show_has_no_color_if_colors_are_disabled(srchat: Srchat, env: dict[str, str]) -> None:
    assert b"\x1b" not in srchat("config", "show").out
    with TerminalSession(srchat.command("config", "show"), srchat.env | env) as session:
        assert session.wait() == 0
    assert b"\x1b" not in session.raw


def test_show_as_json(srchat: Srchat) -> None:
    srchat.configure(f'profile = "work"\n[profiles.work]\napi_key = "{KEY}"\n')
    document = json.loads(srchat("config", "show", "--json").out)
    assert document["path"] == str(_file(srchat))
    assert (document["profile"], document["profiles"]) == ("work", ["demo", "work"])
    assert list(document["settings"]) == list(SETTINGS)
    assert document["settings"]["api_key"] == {"value": "…cdef", "origin": "profile work"}
    assert document["settings"]["top_p"] == {"value": None, "origin": "default"}


def test_show_says_when_a_key_is_for_another_server(srchat: Srchat) -> None:
    result = srchat(
        "config", "show", SOLIDRUST_API_KEY=KEY, SRCHAT_PROFILE="work", SRCHAT_CONFIG=""
    )
    assert result.code == 3
    srchat.configure('[profiles.work]\nbase_url = "https://llm.example.com/v1"\n')
    text = srchat("config", "show", "-p", "work", SOLIDRUST_API_KEY=KEY).text
    assert '"…cdef"  # variable SOLIDRUST_API_KEY; not sent: it belongs to another server' in text


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("model", "qwen"),
        ("system", "two\nlines"),
        ("stop", '["a", "b"]'),
        ("stream", "false"),
        ("retries", "0"),
        ("api_key", "…cdef"),
        ("profile", "work"),
    ],
)
def test_get_prints_one_value(srchat: Srchat, name: str, shown: str) -> None:
    srchat.configure(
        f'model = "qwen"\nprofile = "work"\nsystem = "two\\nlines"\nstop = ["a", "b"]\n'
        f'stream = false\nretries = 0\napi_key = "{KEY}"\n[profiles.work]\n'
    )
    _file(srchat).chmod(0o600)
    assert srchat("config", "get", name) == (0, f"{shown}\n".encode(), "")


def test_get_prints_the_origin_first_and_unset_values(srchat: Srchat) -> None:
    result = srchat("config", "get", "--origin", "model", SRCHAT_MODEL="m")
    assert result.out == b"variable SRCHAT_MODEL\tm\n"
    assert srchat("config", "get", "top_p") == (0, b"", "srchat: top_p is not set\n")
    result = srchat("config", "get", "modell")
    assert (result.code, result.out) == (3, b"")
    assert "did you mean 'model'?" in result.err


def test_a_file_that_others_can_read_gets_a_warning_and_is_mended(srchat: Srchat) -> None:
    srchat.configure(f'api_key = "{KEY}"\n')
    _file(srchat).chmod(0o644)
    assert f"other users can read {_file(srchat)}" in srchat("config", "get", "model").err
    assert "other users can read" in srchat("models", "-p", "demo").err
    assert "other users can read" not in srchat("models", "-q", "-p", "demo").err
    assert srchat("config", "set", "model", "x") == (0, b"", "")
    assert stat.S_IMODE(_file(srchat).stat().st_mode) == 0o600


# --- set and unset --------------------------------------------------------------------------


def test_set_and_unset_keep_the_rest_of_the_file(srchat: Srchat) -> None:
    srchat.configure("# mine\nmodel = 'a'  # why\n\n[profiles.work] # w\nretries = 1\n")
    assert srchat("config", "set", "model", "b") == (0, b"", "")
    assert srchat("config", "set", "-p", "work", "temperature", "0") == (0, b"", "")
    assert srchat("config", "unset", "retries", "--profile", "work") == (0, b"", "")
    assert _file(srchat).read_text() == (
        '# mine\nmodel = "b"  # why\n\n[profiles.work] # w\ntemperature = 0.0\n'
    )


def test_every_kind_of_value_can_be_set(srchat: Srchat) -> None:
    for words in (
        ("stop", "END", "STOP"),
        ("api_key_command", "pass", "show", "srchat"),
        ("fallback_models", "[]"),
        ("system", ""),
        ("stream", "no"),
        ("profile", "demo"),
    ):
        assert srchat("config", "set", *words) == (0, b"", ""), words
    assert _read(srchat) == {
        "stop": ["END", "STOP"],
        "api_key_command": ["pass", "show", "srchat"],
        "fallback_models": [],
        "system": "",
        "stream": False,
        "profile": "demo",
    }


def test_a_dash_reads_the_value_from_standard_input(srchat: Srchat) -> None:
    assert srchat("config", "set", "system", "-", stdin=b"  two\r\nlines \n").code == 0
    assert srchat("config", "set", "retries", "-", stdin=b"1\n").code == 0
    assert _read(srchat) == {"system": "  two\r\nlines ", "retries": 1}


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (("temprature", "1"), 3, "unknown setting 'temprature'\nhint: did you mean 'temperature'?"),
        (("temperature", "3"), 3, "temperature is '3'; must be a number from 0 to 2"),
        (
            ("max_tokens", "many"),
            3,
            "max_tokens is 'many'; must be an integer of at least 1",
        ),
        (("base_url", "example.com"), 3, "base_url is 'example.com'; must be an http://"),
        (("profile", "wrk"), 3, "no profile 'wrk'"),
        (("model",), 2, "missing value for model"),
        (("model", "a", "b"), 2, "model takes one value, not 2"),
        (
            ("stop", "", "END"),
            3,
            "stop is invalid; must be a list of non-empty strings",
        ),
        (("api_key",), 3, "the API key is empty"),
        (("-p", "", "model", "x"), 2, "a profile needs a name"),
        (("-p", "work", "profile", "demo"), 2, "a profile cannot name a profile"),
        ((), 2, "missing argument 'NAME'"),
    ],
)
def test_an_invalid_value_is_rejected(
    srchat: Srchat, words: tuple[str, ...], code: int, message: str
) -> None:
    result = srchat("config", "set", *words)
    assert (result.code, result.out) == (code, b"")
    assert message in result.err
    assert len(result.messages) == 1
    assert not _file(srchat).exists()


def test_an_overridden_value_is_reported(srchat: Srchat) -> None:
    srchat.configure('profile = "work"\n[profiles.work]\nmodel = "w"\n')
    result = srchat("config", "set", "model", "x")
    assert (result.code, result.err) == (
        0,
        "srchat: warning: model is set, but profile work takes precedence\n",
    )
    result = srchat("config", "set", "retries", "1", SRCHAT_RETRIES="2")
    assert "variable SRCHAT_RETRIES takes precedence" in result.err
    result = srchat("config", "set", "profile", "work", SRCHAT_PROFILE="demo")
    assert (
        result.err
        == "srchat: warning: profile is set, but variable SRCHAT_PROFILE takes precedence\n"
    )


def test_a_configuration_file_named_like_a_profile_is_not_one(srchat: Srchat) -> None:
    path = srchat.home / "profile work"
    path.write_text('profile = "work"\n[profiles.work]\nmodel = "w"\n')
    path.chmod(0o600)
    result = srchat("config", "set", "model", "x", SRCHAT_CONFIG="profile work")
    assert (result.code, result.err) == (
        0,
        "srchat: warning: model is set, but profile work takes precedence\n",
    )


def test_the_server_and_the_key_in_use_are_reported(srchat: Srchat) -> None:
    url = "https://other.example/v1"
    result = srchat("config", "set", "base_url", "https://a.example/v1", SRCHAT_BASE_URL=url)
    message = "variable SRCHAT_BASE_URL takes precedence: requests go to"
    assert result.err == f"srchat: warning: base_url is set, but {message} {url}\n"
    result = srchat(
        "config", "set", "base_url", "https://a.example/v1", SRCHAT_BASE_URL=url, SRCHAT_API_KEY=KEY
    )
    message = f"srchat: warning: base_url is set, but {message} {url}"
    assert result.err == f"{message}, with the api_key of variable SRCHAT_API_KEY\n"
    result = srchat("config", "set", "api_key", "-", stdin=KEY.encode(), SRCHAT_BASE_URL=url)
    assert result.err == (
        f"srchat: saved api_key in {_file(srchat)}\n"
        f"srchat: warning: api_key is set, but it is not sent to {url} (variable SRCHAT_BASE_URL)\n"
    )


def test_an_overridden_key_is_reported(srchat: Srchat) -> None:
    srchat.configure(f'api_key = "{KEY}"\n[profiles.work]\napi_key_command = ["pass"]\n')
    result = srchat("config", "set", "api_key_command", "pass", "x")
    stronger = "api_key_command is set, but the api_key of"
    assert f"{stronger} {_file(srchat)} takes precedence" in result.err
    result = srchat("config", "set", "api_key", "-", stdin=KEY.encode(), SRCHAT_PROFILE="work")
    stronger = "api_key is set, but the api_key_command of"
    assert f"{stronger} profile work takes precedence" in result.err


def test_unset_says_when_there_is_nothing_to_do(srchat: Srchat) -> None:
    result = srchat("config", "unset", "model")
    assert (result.code, result.err) == (0, f"srchat: model is not set in {_file(srchat)}\n")
    assert not _file(srchat).exists()
    result = srchat("config", "unset", "modell")
    assert (result.code, result.err.count("did you mean 'model'?")) == (3, 1)
    result = srchat("config", "unset", "profile")
    assert (result.code, result.err) == (0, f"srchat: profile is not set in {_file(srchat)}\n")


PROFILES = """profile = "work"  # the usual one

# at work
[profiles.work]
api_key = "sk-srt-0123456789abcdef"

# at home
[profiles.home]
model = "x"
"""


def test_a_profile_is_deleted_with_yes_and_the_setting_that_names_it(srchat: Srchat) -> None:
    srchat.configure(PROFILES)
    result = srchat("config", "unset", "-p", "work", "--yes")
    message = "srchat: profile work deleted; it was the default profile, now none is set\n"
    assert result == (0, b"", message)
    assert _file(srchat).read_text() == '\n# at work\n# at home\n[profiles.home]\nmodel = "x"\n'
    assert srchat("config", "unset", "-p", "home", "-y").err == "srchat: profile home deleted\n"
    assert _read(srchat) == {}


def test_a_profile_is_deleted_after_confirmation(srchat: Srchat) -> None:
    srchat.configure(PROFILES)
    for answer, code in (("\n", 2), ("y\n", 0)):
        assert "work" in _read(srchat)["profiles"]
        with TerminalSession(srchat.command("config", "unset", "-p", "work"), srchat.env) as tty:
            tty.wait_for_text("delete the profile 'work'? [y/N]:")
            tty.type(answer)
            assert tty.wait() == code
    assert list(_read(srchat)["profiles"]) == ["home"]


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (("-p", "work"), 2, "deleting the profile 'work' without a terminal needs --yes"),
        (("-p", "wrk", "-y"), 3, "did you mean 'work'?"),
        (("-p", "demo", "-y"), 2, "the profile demo is built in"),
        (("profiles",), 2, "delete one profile at a time\nhint: srchat config unset -p PROFILE"),
        (("-y",), 2, "which setting, or which profile?"),
    ],
)
def test_no_profile_is_deleted_by_mistake(
    srchat: Srchat, words: tuple[str, ...], code: int, message: str
) -> None:
    srchat.configure(PROFILES)
    result = srchat("config", "unset", *words)
    assert (result.code, message in result.err) == (code, True), result.err
    assert _file(srchat).read_text() == PROFILES


@pytest.mark.parametrize(
    ("place", "message"),
    [
        ("file/config.toml", "cannot write {}: Not a directory"),
        ("folder", "cannot read {}: Is a directory"),
        ("/proc/nowhere/config.toml", "cannot write {}: No such file or directory"),
        ("null", "cannot write /dev/null: it is not a regular file"),
    ],
)
def test_an_unwritable_directory_is_one_line(srchat: Srchat, place: str, message: str) -> None:
    (srchat.home / "file").write_text("x")
    (srchat.home / "folder").mkdir()
    (srchat.home / "null").symlink_to("/dev/null")
    path = str(srchat.home / place)
    result = srchat("config", "set", "model", "x", SRCHAT_CONFIG=path)
    assert (result.code, result.err) == (3, f"srchat: error: {message.format(path)}\n")


def test_twenty_concurrent_processes_lose_nothing(srchat: Srchat) -> None:
    srchat.configure("# kept\n")
    _file(srchat).chmod(0o600)
    names = [name for name in SETTINGS if isinstance(SETTINGS[name].default, str | float | int)]
    words = [(name, str(SETTINGS[name].default).lower()) for name in names]
    words += [("-p", f"p{n}", "model", f"m{n}") for n in range(20 - len(words))]  # type: ignore[misc] # either length
    writers = [
        subprocess.Popen(srchat.command("config", "set", *these), env=srchat.env, umask=0)
        for these in words
    ]
    while any(writer.poll() is None for writer in writers):
        tomllib.loads(_file(srchat).read_text())
        assert stat.S_IMODE(_file(srchat).stat().st_mode) == 0o600
    assert [writer.returncode for writer in writers] == [0] * 20
    document = _read(srchat)
    profiles = document.pop("profiles")
    assert document == {name: SETTINGS[name].default for name in names}
    assert profiles == {f"p{n}": {"model": f"m{n}"} for n in range(20 - len(names))}
    assert _file(srchat).read_text().startswith("# kept\n")


# --- a broken file --------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["model = x\n", "modell = 'x'\n", "retries = -1\n"])
def test_an_invalid_file_stops_only_commands_that_need_it(srchat: Srchat, text: str) -> None:
    srchat.configure(text)
    _file(srchat).chmod(0o600)
    for words in (
        ("config", "show"),
        ("config", "get", "model"),
        ("config", "set", "timeout", "5"),
        ("config", "check"),
        ("config", "init"),
        ("ask", "hi"),
        ("models",),
    ):
        result = srchat(*words)
        assert (result.code, result.out) == (3, b""), words
        assert f"{_file(srchat)}, line 1" in result.err, words
        assert len(result.messages) == 1, words
    assert srchat("--help").code == srchat("config", "--help").code == 0
    assert srchat("config", "path").text == f"{_file(srchat)}\n"
    assert _file(srchat).read_text() == text
    assert srchat("config", "edit", EDITOR=_script(srchat, "mend", 'echo >"$1"')).code == 0
    assert _file(srchat).read_text() == "\n"


# --- the key --------------------------------------------------------------------------------


def test_a_key_comes_from_standard_input_and_is_never_shown(srchat: Srchat) -> None:
    results = [
        srchat("config", "set", "api_key", "-", stdin=f" {KEY}\r\n".encode()),
        srchat("config", "set", "api_key", KEY),
        srchat("config", "set", KEY, "x"),
        srchat("config", "set", "model", "x", KEY),
        srchat("config", "set", "retries", KEY),
        srchat("config", "unset", KEY),
        srchat("config", "get", KEY),
        srchat("config", "get", "api_key"),
        srchat("config", "show"),
        srchat("config", "show", "--json"),
        srchat(
            "config", "check", SRCHAT_DEBUG="1", SRCHAT_RETRIES="0", HTTPS_PROXY="http://[::1]:9"
        ),
        srchat("config", "set", "api_key", "-", stdin=f"{KEY}\nX-Evil: 1".encode()),
        srchat("config", "set", "api_key", "-", stdin=f"{KEY}é".encode()),
        srchat("config", "set", "api_key", "-", stdin=f"{KEY} {KEY}".encode()),
        srchat("config", "show", SRCHAT_API_KEY=f"{KEY}\r\nX-Evil: 1"),
    ]
    assert _read(srchat) == {"api_key": KEY}
    assert [result.code for result in results] == [0, 2, 3, 2, 3, 3, 3, 0, 0, 0, 8, 3, 3, 3, 3]
    for result in results:
        assert KEY not in result.text + result.err


def test_a_key_is_typed_without_being_shown(srchat: Srchat) -> None:
    command = srchat.command("config", "set", "api_key")
    with TerminalSession(command, srchat.env) as session:
        session.wait_for_text("api_key (hidden):")
        session.type(f"{KEY}\n")
        assert session.wait() == 0
    assert KEY.encode() not in session.raw
    assert _read(srchat) == {"api_key": KEY}


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
    assert not _file(srchat).exists()


def test_ctrl_d_at_the_key_changes_nothing(srchat: Srchat) -> None:
    with TerminalSession(srchat.command("config", "set", "api_key"), srchat.env) as session:
        session.wait_for_text("api_key (hidden):")
        session.type("\x04")
        assert session.wait() == 2
        assert "srchat: error: nothing was typed; nothing was changed" in session.lines
    assert not _file(srchat).exists()


def test_a_command_prints_the_key_for_the_server(srchat: Srchat, serve: Serve) -> None:
    server = serve(error(401, f"wrong key {KEY}"))
    command = _script(srchat, "pass", f'echo "$2" >&2; echo {KEY}; touch "$0.ran"')
    srchat("config", "set", "-p", "w", "base_url", server.url)
    srchat("config", "set", "-p", "w", "api_key_command", command, "--", "show", "a b")
    assert _read(srchat)["profiles"]["w"]["api_key_command"] == [command, "show", "a b"]
    for words in (("show",), ("get", "api_key"), ("path",)):
        srchat("config", *words, SRCHAT_PROFILE="w")
    assert not Path(f"{command}.ran").exists()
    result = srchat("models", "-p", "w")
    assert result.code == 4
    assert result.err.startswith("a b\n")
    assert "the key comes from the api_key_command of profile w" in result.err
    assert KEY not in result.err
    assert server.requests[0].headers["authorization"] == f"Bearer {KEY}"


def test_a_command_that_fails_is_a_missing_key(srchat: Srchat, serve: Serve) -> None:
    server = serve(MODELS)
    result = srchat("models", SRCHAT_BASE_URL=server.url, SRCHAT_API_KEY_COMMAND="false x")
    assert result.code == 4
    assert "the api_key_command 'false' failed with exit code 1" in result.err
    assert server.requests == []


def test_ctrl_c_at_a_passphrase_lets_the_command_restore_the_echo(srchat: Srchat) -> None:
    asking = """
    trap 'sleep 0.2; stty echo </dev/tty; exit 1' INT
    stty -echo </dev/tty
    printf 'Passphrase: ' >&2
    read -r passphrase </dev/tty
    """
    env = srchat.env | {"SRCHAT_API_KEY_COMMAND": _script(srchat, "ask", asking)}
    shell = 'trap : INT; "$@"; echo code $?; stty -a'
    command = ["sh", "-c", shell, "sh", *srchat.command("models")]
    with TerminalSession(command, env) as tty:
        tty.wait_for_text("Passphrase:")
        tty.type("\x03")
        tty.wait()
    assert b"code 130" in tty.raw
    assert b" echo " in tty.raw


def test_set_reports_which_key_is_sent_to_a_new_base_url(srchat: Srchat) -> None:
    srchat("config", "set", "api_key", "-", stdin=KEY.encode())
    result = srchat("config", "set", "base_url", "https://other.example/v1")
    assert f"the api_key of {_file(srchat)} goes to https://other.example/v1" in result.err


def test_unset_reports_a_server_that_now_gets_another_key(srchat: Srchat) -> None:
    srchat.configure(f'base_url = "https://other.example/v1"\napi_key = "{KEY}"\n')
    result = srchat("config", "unset", "base_url")
    assert f"the api_key of {_file(srchat)} goes to https://api.solidrust.ai/v1\n" in result.err


def test_only_the_program_of_api_key_command_is_shown(srchat: Srchat) -> None:
    srchat.configure(f'api_key_command = ["echo", "{KEY}"]\nmodel = "x"\n')
    _file(srchat).chmod(0o600)
    assert srchat("config", "get", "api_key_command").text == '["echo", "…"]\n'
    for words in (("show",), ("show", "--json"), ("get", "--origin", "api_key_command")):
        result = srchat("config", *words)
        assert "echo" in result.text
        assert KEY not in result.text


# --- editing --------------------------------------------------------------------------------


def test_edit_saves_a_valid_file(srchat: Srchat) -> None:
    _file(srchat).symlink_to("real.toml")
    editor = _script(srchat, "e", 'stat -c %a "$2" >"$0.mode"; echo "retries = $1" >>"$2"')
    assert srchat("config", "edit", EDITOR="no-such", VISUAL=f"'{editor}' 0") == (0, b"", "")
    assert (srchat.home / "e.mode").read_text() == "600\n"
    text = (srchat.home / "real.toml").read_text()
    assert text.startswith("# Settings of srchat")
    assert text.endswith("\nretries = 0\n")
    assert stat.S_IMODE((srchat.home / "real.toml").stat().st_mode) == 0o600
    assert _names(srchat.home) == ["config.toml", "e", "e.mode", "real.toml"]


@pytest.mark.parametrize(
    ("editor", "code", "message"),
    [
        ("true", 0, ""),
        ("false", 3, "the editor exited with 1; nothing was changed"),
        ("/no/such/editor", 2, "cannot start the editor /no/such/editor: No such file"),
        ("'", 2, "cannot parse VISUAL or EDITOR"),
        ("sh -c 'echo retries = x >\"$0\"'", 3, "nothing was changed"),
        ('sh -c \'printf "a\\377" >"$0"\'', 3, "not UTF-8 text"),
        ("rm", 3, "nothing was changed"),
    ],
)
def test_edit_keeps_the_file_otherwise(
    srchat: Srchat, editor: str, code: int, message: str
) -> None:
    srchat.configure("# mine\n")
    _file(srchat).chmod(0o600)
    result = srchat("config", "edit", EDITOR=editor)
    assert (result.code, message in result.err) == (code, True), result.err
    assert _file(srchat).read_text() == "# mine\n"
    assert _names(srchat.home) == ["config.toml"]


def test_edit_offers_to_open_the_editor_again(srchat: Srchat) -> None:
    editor = _script(
        srchat,
        "e",
        """
        echo "editing"
        if grep -q "retries = x" "$1"; then echo "retries = 1" >"$1"; exit; fi
        echo "retries = x" >"$1"
        """,
    )
    with TerminalSession(srchat.command("config", "edit"), srchat.env | {"EDITOR": editor}) as tty:
        tty.wait_for_text("edit again? [Y/n]")
        assert any("line 1 (retries)" in line for line in tty.lines)
        assert not any("mend it with" in line for line in tty.lines)
        assert not _file(srchat).exists()
        tty.type("\n")
        assert tty.wait() == 0
    assert _read(srchat) == {"retries": 1}
    _file(srchat).unlink()
    with TerminalSession(srchat.command("config", "edit"), srchat.env | {"EDITOR": editor}) as tty:
        tty.wait_for_text("edit again? [Y/n]")
        tty.type("n\n")
        assert tty.wait() == 3
    assert not _file(srchat).exists()


def test_ctrl_c_in_the_editor_does_not_end_srchat(srchat: Srchat) -> None:
    editor = _script(
        srchat,
        "e",
        """
        trap 'echo "model = \\"kept\\"" >"$1"; exit 0' INT
        echo ready
        while :; do sleep 0.05; done
        """,
    )
    with TerminalSession(srchat.command("config", "edit"), srchat.env | {"EDITOR": editor}) as tty:
        tty.wait_for_text("ready")
        tty.type("\x03")
        assert tty.wait() == 0
    assert _read(srchat) == {"model": "kept"}


def test_a_closed_terminal_does_not_lose_the_text(srchat: Srchat) -> None:
    srchat.configure("# mine\n")
    editor = _script(srchat, "e", 'echo "retries = 1" >"$1"; touch ready; exec sleep 20')
    process = srchat.start("config", "edit", EDITOR=editor)
    wait_until((srchat.home / "ready").exists)
    process.send_signal(signal.SIGHUP)
    result = process.wait_for_result()
    assert result.code == 129
    draft = next(srchat.home.glob(".srchat-edit-*/config.toml"))
    assert f"your text is in {draft}" in result.err
    assert draft.read_text() == "retries = 1\n"
    assert stat.S_IMODE(draft.parent.stat().st_mode) == 0o700
    assert _file(srchat).read_text() == "# mine\n"


def test_a_file_changed_in_the_meantime_and_the_draft_are_kept(
    srchat: Srchat,
) -> None:
    srchat.configure('model = "a"\n')
    editor = _script(
        srchat, "e", "echo 'model = \"theirs\"' >config.toml; echo 'top_p = 0' >\"$1\""
    )
    result = srchat("config", "edit", EDITOR=editor)
    assert result.code == 3
    draft = next(srchat.home.glob(".srchat-edit-*/config.toml"))
    assert f"nothing was changed; your text is in {draft}\n" in result.err
    assert f"{_file(srchat)} was changed by another program\n" in result.err
    assert _file(srchat).read_text() == 'model = "theirs"\n'
    assert draft.read_text() == "top_p = 0\n"
    assert stat.S_IMODE(draft.stat().st_mode) == 0o600
    assert stat.S_IMODE(draft.parent.stat().st_mode) == 0o700


# The disk is full only for srchat; coverage.py writes files at exit.
_FULL_DISK = """
import atexit, resource, sys
sys.dont_write_bytecode = True  # it would be truncated
_, maximum = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (2048, maximum))
atexit.register(resource.setrlimit, resource.RLIMIT_FSIZE, (maximum, maximum))
from srchat.__main__ import main
main()
"""


def test_edit_on_a_full_disk_is_an_error_and_leaves_nothing(srchat: Srchat) -> None:
    srchat.configure("# mine\n" * 1000)
    _file(srchat).chmod(0o600)
    done = subprocess.run(
        [sys.executable, "-c", _FULL_DISK, "config", "edit"],
        env=srchat.env | {"EDITOR": "true"}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    message = f"srchat: error: cannot create a file next to {_file(srchat)}: File too large\n"
    assert (done.returncode, done.stderr) == (3, message)
    assert _names(srchat.home) == ["config.toml"]


# --- check ----------------------------------------------------------------------------------


def test_check_counts_one_model_in_the_singular(srchat: Srchat) -> None:
    assert "/v1: OK, 1 model\n" in srchat("config", "check", "-p", "demo").text


def test_check_tries_the_server(srchat: Srchat, serve: Serve) -> None:
    server = serve(MODELS)
    srchat.configure(f'base_url = "{server.url}"\napi_key = "{KEY}"\n')
    _file(srchat).chmod(0o600)
    result = srchat("config", "check")
    assert result == (
        0,
        f"{_file(srchat)}: valid\n{server.url}: OK, 2 models\nvllm-primary: offered\n".encode(),
        "",
    )
    result = srchat("config", "check", SRCHAT_MODEL="qwen")
    assert (result.code, "did you mean 'qwen3-4b'?" in result.err) == (3, True)


def test_check_fails_like_ask(srchat: Srchat, serve: Serve) -> None:
    url = serve(error(401, "no")).url
    assert srchat("config", "check", "--base-url", url).code == 4
    assert srchat("config", "check", "--base-url", "http://127.0.0.1:9", "--retries", "0").code == 8
    assert srchat("config", "check").code == 4


# --- init -----------------------------------------------------------------------------------


def _run_init(srchat: Srchat, *answers: str, words: tuple[str, ...] = ()) -> Result:
    return srchat("config", "init", *words, stdin="".join(f"{a}\n" for a in answers).encode())


def test_init_saves_tested_values(srchat: Srchat, serve: Serve) -> None:
    server = serve(MODELS)
    srchat.configure("# mine\nretries = 0\n")
    result = _run_init(srchat, server.url, KEY, "qwen3-4b")
    assert result.code == 0, result.err
    assert f"{server.url} responds\n" in result.err
    assert result.err.count("vllm-primary\n") == 1
    assert f'saved to {_file(srchat)}\nhint: to try it:\nhint:     srchat ask "hello"' in result.err
    assert _file(srchat).read_text() == (
        f'# mine\nretries = 0\nbase_url = "{server.url}"\napi_key = "{KEY}"\nmodel = "qwen3-4b"\n'
    )
    assert server.requests[0].headers["authorization"] == f"Bearer {KEY}"
    assert KEY not in result.text + result.err


def test_init_takes_answers_from_a_non_blocking_pipe(srchat: Srchat, serve: Serve) -> None:
    server = serve(MODELS)
    parts = (f"{server.url}\n{KEY}".encode(), b"\n", b"qwen3-4b\n")
    result = srchat.run_nonblocking("config", "init", parts=parts)
    assert result.code == 0, result.err
    assert _read(srchat)["model"] == "qwen3-4b"


def test_enter_accepts_the_default_in_init(srchat: Srchat, serve: Serve) -> None:
    server = serve(json_response({"data": [{"id": "local"}]}))
    assert _run_init(srchat, server.url, words=("-p", "home")).code == 0
    assert _read(srchat) == {"profiles": {"home": {"base_url": server.url, "model": "local"}}}
    srchat("config", "set", "-p", "home", "api_key", "-", stdin=KEY.encode())
    assert _run_init(srchat, "", "", "", words=("-p", "home")).code == 0
    assert server.requests[-1].headers["authorization"] == f"Bearer {KEY}"
    assert _read(srchat)["profiles"]["home"]["api_key"] == KEY


def test_init_does_not_take_a_key_to_another_server(srchat: Srchat, serve: Serve) -> None:
    server = serve(MODELS)
    srchat.configure(f'api_key = "{KEY}"\n')
    assert _run_init(srchat, server.url, "", "").code == 0
    assert "authorization" not in server.requests[0].headers
    assert "api_key" not in _read(srchat)


def test_init_adds_a_missing_path(srchat: Srchat, serve: Serve) -> None:
    server = serve(error(404, "not here"), MODELS)
    assert _run_init(srchat, server.url.removesuffix("/v1"), "", "").code == 0
    assert _read(srchat)["base_url"] == server.url


def test_init_reports_what_overrides_its_values(srchat: Srchat, serve: Serve) -> None:
    server = serve(MODELS)
    answers = f"{server.url}\n\n\n".encode()
    result = srchat("config", "init", stdin=answers, SRCHAT_MODEL="m", SOLIDRUST_API_KEY=KEY)
    assert result.code == 0
    assert "empty: …cdef of variable SOLIDRUST_API_KEY" in result.err
    assert "model is set, but variable SRCHAT_MODEL takes precedence" in result.err
    assert "api_key" not in _read(srchat)


def test_init_redacts_a_key_that_the_server_echoes(srchat: Srchat, serve: Serve) -> None:
    server = serve(json_response({"data": [{"id": f"\x1b[2J{KEY}"}]}))
    result = _run_init(srchat, server.url, KEY, "model")
    assert result.code == 0
    assert KEY not in result.err
    assert "\x1b" not in result.err


@pytest.mark.parametrize(
    ("answers", "code"),
    [
        ((), 2),
        (("{url}", "sk-wrong"), 4),
        (("not a url",), 3),
        (("{url}", "sk wrong"), 3),
        (("http://127.0.0.1:9/v1", ""), 8),
        (("http://llm.example.com/v1", KEY), 3),
    ],
)
def test_init_without_a_good_answer_changes_nothing(
    srchat: Srchat, serve: Serve, answers: tuple[str, ...], code: int
) -> None:
    url = serve(error(401, "no")).url
    result = _run_init(srchat, *(answer.format(url=url) for answer in answers))
    assert result.code == code, result.err
    assert not _file(srchat).exists()


def test_init_asks_again_for_a_key_that_the_server_refuses(srchat: Srchat, serve: Serve) -> None:
    server = serve(error(401, "wrong key"), MODELS)
    with TerminalSession(srchat.command("config", "init"), srchat.env) as tty:
        tty.wait_for_text("server (a number, or the URL) [1]:")
        tty.type("nonsense\n")
        tty.wait_for_text("the server must be 1 or a URL such as http://localhost:8000/v1")
        tty.type(f"{server.url}\n")
        tty.wait_for_text("API key (hidden; empty: none):")
        tty.type("sk-srt-wrong-wrong\n")
        tty.wait_for_text("401: wrong key")
        tty.wait_for(_is_asked("API key (hidden; empty: none):", 2))
        tty.type(f"{KEY}\n")
        tty.wait_for_text("model (a number, or the name) [vllm-primary]:")
        tty.type("\n")
        assert tty.wait() == 0
    assert b"sk-srt" not in tty.raw
    assert _read(srchat) == {"base_url": server.url, "api_key": KEY, "model": "vllm-primary"}


@pytest.mark.parametrize(("key", "message"), [("\x03", "interrupted"), ("\x04", "no answer to ")])
def test_an_error_in_a_question_starts_a_new_row(srchat: Srchat, key: str, message: str) -> None:
    with TerminalSession(srchat.command("config", "init"), srchat.env) as tty:
        tty.wait_for_text("server (a number, or the URL) [1]:")
        tty.type(key)
        tty.wait()
    assert any(line.startswith("srchat: ") and message in line for line in tty.lines)


def test_tab_completes_servers_and_models_in_init(srchat: Srchat, serve: Serve) -> None:
    server = serve(MODELS)
    srchat.configure(f'base_url = "{server.url}"\n')
    port = server.url.split(":")[2].split("/")[0]
    with TerminalSession(srchat.command("config", "init"), srchat.env) as tty:
        tty.wait_for_text("server (a number, or the URL) [1]:")
        tty.type(f":{port}\t")
        tty.wait_for_text(f"[1]: {server.url}")
        tty.type("\n")
        tty.wait_for_text("API key (hidden; empty: none):")
        tty.type("\n")
        tty.wait_for_text("model (a number, or the name) [vllm-primary]:")
        tty.type("q\t")
        tty.wait_for_text("[vllm-primary]: qwen3-4b")
        tty.type("\n")
        assert tty.wait() == 0
    assert _read(srchat) == {"base_url": server.url, "model": "qwen3-4b"}


def test_tab_offers_several_models_in_init_to_choose_from(srchat: Srchat, serve: Serve) -> None:
    names = ("vllm-primary", "vllm-small", "\x1b[2Jvllm")
    server = serve(json_response({"data": [{"id": name} for name in names]}))
    srchat.configure(f'base_url = "{server.url}"\n')
    with TerminalSession(srchat.command("config", "init"), srchat.env) as tty:
        tty.wait_for_text("server (a number, or the URL) [1]:")
        tty.type("\n")
        tty.wait_for_text("API key (hidden; empty: none):")
        tty.type("\n")
        tty.wait_for_text("[vllm-primary]:")
        tty.type("\t")  # a name with invisible characters is not offered
        tty.wait_for_text("[vllm-primary]: vllm-")
        tty.wait_for(lambda tty: any(line.split() == ["vllm-small"] for line in tty.lines))
        tty.type("\x1b[B\x1b[B\n")
        assert tty.wait() == 0
    assert _read(srchat)["model"] == "vllm-small"


def test_a_key_typed_too_early_is_not_shown_by_the_next_question(
    srchat: Srchat, serve: Serve
) -> None:
    server = serve(MODELS)
    srchat.configure(f'base_url = "{server.url}"\n')
    with TerminalSession(srchat.command("config", "init"), srchat.env) as tty:
        tty.wait_for_text("server (a number, or the URL) [1]:")
        tty.type(f"\n{KEY}")
        tty.wait_for_text("API key (hidden; empty: none):")
        tty.type("\n")
        tty.wait_for_text("[vllm-primary]:")
        tty.type("\n")
        assert tty.wait() == 0
    assert KEY not in str(tty.lines)
    assert _read(srchat)["model"] == "vllm-primary"


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
    assert _read(srchat)["model"] == "qwen3-4b"


def test_init_repeats_the_question_for_unusable_values(srchat: Srchat, serve: Serve) -> None:
    server = serve(MODELS)
    with TerminalSession(srchat.command("config", "init"), srchat.env) as tty:
        tty.wait_for_text("server (a number, or the URL) [1]:")
        tty.type("http://llm.example.com/v1\n")
        tty.wait_for_text("API key (hidden; empty: none):")
        tty.type(f"{KEY}\n")
        tty.wait_for_text("refusing to send the key unencrypted")
        tty.type(f"{server.url}\n")
        tty.wait_for(_is_asked("API key (hidden; empty: none):", 2))
        tty.type(f"{KEY}\n")
        tty.wait_for_text("model (a number, or the name) [vllm-primary]:")
        tty.type("qwen\n")
        tty.wait_for_text("use it anyway? [y/N]:")
        tty.type("n\n")
        tty.wait_for(lambda tty: str(tty.lines).count("name) [vllm") == 2)
        tty.type("qwen3-4b\n")
        assert tty.wait() == 0
    assert _read(srchat) == {"base_url": server.url, "api_key": KEY, "model": "qwen3-4b"}


def _is_asked(question: str, times: int) -> Callable[[TerminalSession], bool]:
    return lambda tty: str(tty.lines).count(question) == times


def test_init_offers_another_server_where_one_fails(srchat: Srchat, serve: Serve) -> None:
    server = serve(error(400, "not today"), MODELS)
    with TerminalSession(srchat.command("config", "init"), srchat.env) as tty:
        for count, more in enumerate(
            ("use it anyway? [y/N]:", "model (a number, or the name) [vllm-primary]:"), 1
        ):
            tty.wait_for(_is_asked("or the URL) [1]:", count))
            tty.type(f"{server.url}\n")
            tty.wait_for(_is_asked("API key (hidden; empty: none):", count))
            tty.type("\n")
            tty.wait_for_text(more)
            tty.type("\n")
        assert tty.wait() == 0
    assert _read(srchat) == {"base_url": server.url, "model": "vllm-primary"}


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
    assert not _file(srchat).exists()


def test_init_saves_failed_values_on_request(srchat: Srchat, serve: Serve) -> None:
    server = serve(error(400, "not today"))
    with TerminalSession(srchat.command("config", "init"), srchat.env) as tty:
        tty.wait_for_text("or the URL) [1]:")
        tty.type(f"{server.url}\n")
        tty.wait_for_text("API key (hidden; empty: none):")
        tty.type("\n")
        tty.wait_for_text("use it anyway? [y/N]:")
        tty.type("y\n")
        tty.wait_for_text("model [vllm-primary]:")
        tty.type("\n")
        assert tty.wait() == 0
    assert _read(srchat) == {"base_url": server.url, "model": "vllm-primary"}


def test_init_reports_the_error_of_the_path_that_was_given(srchat: Srchat, serve: Serve) -> None:
    server = serve(error(404, "not here"), error(404, "nor there"))
    result = _run_init(srchat, server.url.removesuffix("/v1"), "")
    assert (result.code, "not here" in result.err, "nor there" in result.err) == (5, True, False)


@pytest.mark.parametrize(("command", "code"), [(["echo", KEY], 0), (["false"], 4)])
def test_init_asks_the_command_for_the_key(
    srchat: Srchat, serve: Serve, command: list[str], code: int
) -> None:
    server = serve(MODELS)
    srchat.configure(f'base_url = "{server.url}"\napi_key_command = {json.dumps(command)}\n')
    _file(srchat).chmod(0o600)
    result = _run_init(srchat, "", "", "")
    assert result.code == code, result.err
    assert "empty: the api_key_command" in result.err


@pytest.mark.parametrize(
    ("script", "about"),
    [
        (MODELS, "offers vllm-primary, qwen3-4b"),
        (error(401, "no"), "wants a key"),
        ([b"HTTP/1.0 200 OK\r\n\r\nHello"], None),
    ],
)
def test_init_finds_a_server_on_this_machine(
    srchat: Srchat, script: Script, about: str | None
) -> None:
    class Ollama(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.wfile.write(b"".join(step for step in script if isinstance(step, bytes)))

        def log_message(self, *_: object) -> None:
            pass

    try:
        server = HTTPServer(("127.0.0.1", 11434), Ollama)
    except OSError:
        pytest.skip("something listens on port 11434")
    with server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        result = _run_init(srchat, "2", KEY, "")
        server.shutdown()
        thread.join()
    if about is None:
        assert "11434" not in result.err
        return
    assert f"2: http://127.0.0.1:11434/v1 (Ollama? {about})" in result.err
    if script is MODELS:
        assert result.code == 0, result.err
        assert _read(srchat)["base_url"] == "http://127.0.0.1:11434/v1"


# --- start-up -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "words",
    [
        ("--help",),
        ("config", "--help"),
        ("config", "path"),
        ("config", "show"),
        ("config", "get", "model"),
    ],
)
def test_config_show_loads_no_slow_module(srchat: Srchat, words: tuple[str, ...]) -> None:
    program = (
        "import sys; from srchat.cli.app import main; main(sys.argv[1:]);"
        "slow = {'httpx', 'rich', 'prompt_toolkit', 'sqlite3', 'ssl'};"
        "sys.exit(str(slow & set(sys.modules)) if slow & set(sys.modules) else 0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, *words],
        env=srchat.plain_env,
        capture_output=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, b"")


def test_an_impossible_path_of_the_configuration_is_a_warning(srchat: Srchat) -> None:
    (srchat.home / "file").touch()
    path = srchat.home / "file/config.toml"
    result = srchat("ask", "-p", "demo", "hi", SRCHAT_CONFIG=str(path))
    assert result.code == 0
    assert result.err == f"srchat: warning: no configuration: {path.parent} is not a directory\n"


def test_set_accepts_name_equals_value(srchat: Srchat) -> None:
    assert srchat("config", "set", "model=a=b") == (0, b"", "")
    assert _read(srchat) == {"model": "a=b"}


def test_set_reads_a_key_from_a_pipe_and_confirms_it(srchat: Srchat) -> None:
    result = srchat("config", "set", "api_key", stdin=f"{KEY}\n".encode())
    assert result == (0, b"", f"srchat: saved api_key in {_file(srchat)}\n")
    assert _read(srchat) == {"api_key": KEY}


def test_check_fails_where_the_model_is_not_offered(srchat: Srchat, serve: Serve) -> None:
    result = srchat(
        "config", "check", SRCHAT_BASE_URL=serve(MODELS).url, SRCHAT_MODEL="vllm-primry"
    )
    assert result.code == 3
    assert "does not list the model vllm-primry\nhint: did you mean 'vllm-primary'?" in result.err


# --- headers of the configuration -----------------------------------------------------------


def test_headers_of_the_file_are_sent_and_their_values_never_shown(
    srchat: Srchat, serve: Serve
) -> None:
    secret = "0123456789abcdef-secret"
    server = serve(error(400, f"bad header {secret}"), json_response({"data": [{"id": "m"}]}))
    srchat.configure(f'base_url = "{server.url}"\n[headers]\nX-Team = "{secret}"\n')
    result = srchat("ask", "hi", "-v")
    assert server.requests[0].headers["x-team"] == secret
    assert result.code == 5
    assert "bad header [key …cret]" in result.err
    assert secret not in result.err
    assert srchat("models").code == 0
    assert server.requests[1].headers["x-team"] == secret
    for args in (("show",), ("show", "--json"), ("get", "headers")):
        shown = srchat("config", *args).out.decode()
        assert "X-Team" in shown
        assert secret not in shown


def test_a_header_that_is_a_label_is_not_redacted(srchat: Srchat, serve: Serve) -> None:
    server = serve(
        error(400, "the srchat team at https://example.com has no search, key abc123xyz")
    )
    srchat.configure(
        f'base_url = "{server.url}"\n[headers]\nX-Title = "srchat"\nX-Team = "search"\n'
        'HTTP-Referer = "https://example.com/app"\nX-Api-Key = "abc123xyz"\n'
    )
    result = srchat("ask", "hi")
    assert "the srchat team at https://example.com has no search, key [key" in result.err
    assert "abc123xyz" not in result.err


def test_a_configured_header_replaces_the_default(srchat: Srchat, serve: Serve) -> None:
    server = serve(MODELS)
    srchat.configure(f'base_url = "{server.url}"\n[headers]\nuser-agent = "mine"\n')
    assert srchat("models").code == 0
    assert server.requests[0].headers["user-agent"] == "mine"


def test_headers_are_not_sent_to_another_server(srchat: Srchat, serve: Serve) -> None:
    server = serve(MODELS)
    srchat.configure('base_url = "http://127.0.0.1:9/v1"\n[headers]\nX-Team = "a"\n')
    assert srchat("models", "--base-url", server.url).code == 0
    assert "x-team" not in server.requests[0].headers


def test_config_set_writes_headers_and_variables(srchat: Srchat) -> None:
    assert srchat("config", "set", "headers.X-Team", "a").code == 0
    assert srchat("config", "set", "-p", "tr", "vars.lang", "German").code == 0
    text = (srchat.home / "config.toml").read_text()
    assert text == '[headers]\nX-Team = "a"\n\n[profiles.tr.vars]\nlang = "German"\n'
    result = srchat("config", "set", "headers.Host", "a")
    assert result.code == 3
    assert "headers.Host is not allowed; headers takes names and" in result.err
    assert srchat("config", "unset", "headers.X-Team").code == 0
    assert "X-Team" not in (srchat.home / "config.toml").read_text()


@pytest.mark.parametrize("command", ["ask", "chat", "config"])
@pytest.mark.parametrize("variable", ["SRCHAT_CONFIG", "XDG_CONFIG_HOME"])
def test_a_configuration_far_below_a_file_is_a_warning(
    srchat: Srchat, command: str, variable: str
) -> None:
    file = srchat.home / "file"
    file.touch()
    del srchat.env["SRCHAT_CONFIG"]
    srchat.env[variable] = str(file / "x/config.toml")
    arguments = ["config", "show"] if command == "config" else [command, "-p", "demo", "hi"]
    result = srchat(*arguments)
    assert result.code == 0
    assert result.messages == [f"srchat: warning: no configuration: {file} is not a directory"]


@pytest.mark.parametrize(
    "words",
    [
        ("temperature", "=", "0.7"),
        ("temperature=", "0.7"),
        ("stop", "=", "END"),
        ("params.top_k", "=", "1"),
    ],
)
def test_set_with_spaces_around_the_equals_sign_says_how_to_write_it(
    srchat: Srchat, words: tuple[str, ...]
) -> None:
    name = words[0].removesuffix("=")
    result = srchat("config", "set", *words)
    assert (result.code, result.err.splitlines()) == (
        2,
        [
            f"srchat: error: config set: spaces around the = of {name}",
            f"hint: to set it: srchat config set {name} VALUE",
        ],
    )
    assert not _file(srchat).exists()


@pytest.mark.parametrize("words", [("api_key", "=", KEY), ("api_key=", KEY), ("api_key=", "-")])
def test_a_key_after_an_equals_sign_is_refused_as_a_key(
    srchat: Srchat, words: tuple[str, ...]
) -> None:
    result = srchat("config", "set", *words)
    assert (result.code, KEY in result.err) == (2, False)
    assert "api_key is not accepted on the command line" in result.err
    assert not _file(srchat).exists()


def test_set_suggests_the_url_of_a_host(srchat: Srchat) -> None:
    result = srchat("config", "set", "base_url", "localhost:8000")
    assert result.code == 3
    assert result.err.splitlines()[1] == "hint: did you mean http://localhost:8000/v1?"
    result = srchat("ask", "q", "--base-url", "localhost:8000")
    assert "'localhost:8000'; did you mean http://localhost:8000/v1?" in result.err


def test_init_refuses_a_number_that_no_model_has(srchat: Srchat, serve: Serve) -> None:
    server = serve(MODELS, MODELS)
    result = _run_init(srchat, server.url, "", "9")
    assert result.code == 3
    assert result.messages == [
        "srchat: error: the model must be a number from 1 to 2 or a name, not 9"
    ]
    with TerminalSession(srchat.command("config", "init"), srchat.env) as tty:
        tty.wait_for_text("or the URL) [1]:")
        tty.type(f"{server.url}\n")
        tty.wait_for_text("API key (hidden; empty: none):")
        tty.type("\n")
        tty.wait_for_text("[vllm-primary]:")
        tty.type("9\n")
        tty.wait_for(_is_asked("[vllm-primary]:", 2))
        tty.type("2\n")
        assert tty.wait() == 0
        assert "use it anyway" not in str(tty.lines)
    assert _read(srchat)["model"] == "qwen3-4b"


def test_init_without_a_key_does_not_suggest_itself(srchat: Srchat) -> None:
    result = _run_init(srchat, "1", "")
    assert result.code == 4
    assert result.err.endswith(
        "srchat: error: no API key for api.solidrust.ai\nhint: create one at console.solidrust.ai\n"
    )


def test_init_accepts_a_host_and_counts_the_models_that_it_does_not_show(
    srchat: Srchat, serve: Serve
) -> None:
    names = [f"m{number}" for number in range(25)]
    server = serve(json_response({"data": [{"id": name} for name in names]}))
    host = server.url.removeprefix("http://").removesuffix("/v1")
    result = _run_init(srchat, host, "", "25")
    assert result.code == 0
    assert "20: m19\nand 5 more\n" in result.err
    assert _read(srchat) == {"base_url": server.url, "model": "m24"}


def test_set_names_the_profile_of_a_key(srchat: Srchat) -> None:
    result = srchat("config", "set", "-p", "work", "api_key", stdin=KEY.encode())
    said = f"srchat: saved api_key in profile work of {_file(srchat)}\n"
    assert result == (0, b"", said)
