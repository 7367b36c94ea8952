"""`srchat config` as a process: what is shown and changed, and that secrets are not shown."""

import json
import os
import stat
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from srchat.config.settings import SETTINGS
from tests.conftest import Serve, Srchat
from tests.support.configuring import KEY, MODELS, config_file, read_config, write_script
from tests.support.pseudo_terminal import TerminalSession
from tests.support.server import error, json_response

# --- show and get ---------------------------------------------------------------------------


def test_path_is_the_platforms_own_or_the_variables(srchat: Srchat) -> None:
    assert srchat("config", "path").text == f"{config_file(srchat)}\n"
    home = str(srchat.home)
    assert srchat("config", "path", SRCHAT_CONFIG="").text == f"{home}/.config/srchat/config.toml\n"
    assert srchat("config", "path", SRCHAT_CONFIG="~/x.toml").text == f"{home}/x.toml\n"


def test_path_on_a_terminal_is_inert(srchat: Srchat) -> None:
    where = {"SRCHAT_CONFIG": str(srchat.home / "a\x1b[2Jb")}
    with TerminalSession(srchat.command("config", "path"), srchat.env | where, 200) as session:
        assert session.wait() == 0
        assert session.lines == [f"{srchat.home}/a\\x1b[2Jb"]


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
    config_file(srchat).chmod(0o600)
    lines = [" ".join(line.split()) for line in result.text.splitlines()]
    assert lines[:2] == [f"# {config_file(srchat)}", "# profile: work (available: demo, work)"]
    assert f'model = "file" # {config_file(srchat)}' in lines
    assert f'system = "" # {config_file(srchat)}' in lines
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
    assert document["path"] == str(config_file(srchat))
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
    config_file(srchat).chmod(0o600)
    assert srchat("config", "get", name) == (0, f"{shown}\n".encode(), "")


def test_get_prints_the_origin_first_and_unset_values(srchat: Srchat) -> None:
    result = srchat("config", "get", "--origin", "model", SRCHAT_MODEL="m")
    assert result.out == b"variable SRCHAT_MODEL\tm\n"
    assert srchat("config", "get", "top_p") == (0, b"", "srchat: top_p is not set\n")
    result = srchat("config", "get", "modell")
    assert (result.code, result.out) == (3, b"")
    assert "did you mean 'model'?" in result.err


# --- set ------------------------------------------------------------------------------------


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
    config_file(srchat).chmod(0o600)
    names = [name for name in SETTINGS if isinstance(SETTINGS[name].default, str | float | int)]
    words = [(name, str(SETTINGS[name].default).lower()) for name in names]
    words += [("-p", f"p{n}", "model", f"m{n}") for n in range(20 - len(words))]  # type: ignore[misc] # either length
    writers = [
        subprocess.Popen(srchat.command("config", "set", *these), env=srchat.env, umask=0)
        for these in words
    ]
    while any(writer.poll() is None for writer in writers):
        tomllib.loads(config_file(srchat).read_text())
        assert stat.S_IMODE(config_file(srchat).stat().st_mode) == 0o600
    assert [writer.returncode for writer in writers] == [0] * 20
    document = read_config(srchat)
    profiles = document.pop("profiles")
    assert document == {name: SETTINGS[name].default for name in names}
    assert profiles == {f"p{n}": {"model": f"m{n}"} for n in range(20 - len(names))}
    assert config_file(srchat).read_text().startswith("# kept\n")


# --- the key --------------------------------------------------------------------------------


def test_a_command_prints_the_key_for_the_server(srchat: Srchat, serve: Serve) -> None:
    server = serve(error(401, f"wrong key {KEY}"))
    command = write_script(srchat, "pass", f'echo "$2" >&2; echo {KEY}; touch "$0.ran"')
    srchat("config", "set", "-p", "w", "base_url", server.url)
    srchat("config", "set", "-p", "w", "api_key_command", command, "--", "show", "a b")
    assert read_config(srchat)["profiles"]["w"]["api_key_command"] == [command, "show", "a b"]
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
    env = srchat.env | {"SRCHAT_API_KEY_COMMAND": write_script(srchat, "ask", asking)}
    shell = 'trap : INT; "$@"; echo code $?; stty -a'
    command = ["sh", "-c", shell, "sh", *srchat.command("models")]
    with TerminalSession(command, env) as tty:
        tty.wait_for_text("Passphrase:")
        tty.type("\x03")
        tty.wait()
    assert b"code 130" in tty.raw
    assert b" echo " in tty.raw


def test_only_the_program_of_api_key_command_is_shown(srchat: Srchat) -> None:
    srchat.configure(f'api_key_command = ["echo", "{KEY}"]\nmodel = "x"\n')
    config_file(srchat).chmod(0o600)
    assert srchat("config", "get", "api_key_command").text == '["echo", "…"]\n'
    for words in (("show",), ("show", "--json"), ("get", "--origin", "api_key_command")):
        result = srchat("config", *words)
        assert "echo" in result.text
        assert KEY not in result.text


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
