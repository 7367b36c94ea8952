"""Values for shell completion: correct, silent, sanitized, and from files only."""

import json
import os
import re
import sqlite3  # noqa: TID251 - to create unusual histories
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from srchat import model_cache, paths
from srchat.completion_values import base_url_of, directory
from srchat.config import profile_reader
from srchat.config.file import parse
from srchat.config.resolution import FileSettings, resolve
from srchat.config.settings import DEMO_BASE_URL
from srchat.shell_completion import Line, open_quote, split, unquoted
from tests.conftest import Serve, Srchat
from tests.support.server import json_response
from tests.support.waiting import WAIT_TIMEOUT

LINES = [
    "", "# [profiles.no]", "[profiles.work]", "[profiles.home-2] # here", "  [ profiles.work ]",
    '[profiles."my work"]', "[profiles]", "[other]", "[other.work]", "[[profiles]]",
    "[profiles.a.b]", 'base_url = "http://a/v1"', "base_url='http://b/v1' # b",
    'base_url = "http://\\u0063/v1"', 'base_url = """', '"""', "base_url = 7",
    'profile = "work"', "profile=''", 'profile = "x" y',
    'model = "[profiles.no]"', "system = '''", "[profiles.in-a-text]", "'''", "stop = [", "]",
    'stop = ["a]", "b"]', 'stop = [["a"]', "stop = ['#', ']'", "temperature = 0.5",
    'profiles.dotted.base_url = "http://d/v1"', "profiles = {}", "inline = { a = 1 }",
    "base_url", "= 1", "broken = = 1", '"quoted" = 1', "a.b = 1", "\ufeff", 'x = "#"  # "',
]  # fmt: skip


@pytest.mark.slow
@settings(max_examples=2000)
@given(st.lists(st.sampled_from(LINES), max_size=6), st.sampled_from(["\n", "\r\n"]))
@example(["system = '''", "[profiles.in-a-text]", "'''"], "\n")
@example(['system = """', "[profiles.in-a-text]", '"""'], "\n")
@example(['stop = ["""', "[profiles.in-a-text]", 'x = 1"""]'], "\n")
@example(["stop = [", '["a=1"', "],", "# [profiles.no]", "]", "[profiles.work]"], "\n")
@example(["\ufeff[profiles.work]"], "\n")
@example(["\ufeff", '[profiles."my work"]'], "\r\n")
@example(["profiles = { inline = {} }"], "\n")
@example(['profiles.dotted.base_url = "http://d/v1"'], "\n")
@example(['"base_url" = "http://quoted/v1"', '[profiles."work"]'], "\n")
def test_the_profile_reader_agrees_with_tomllib(lines: list[str], newline: str) -> None:
    text = newline.join(lines)
    try:
        document = tomllib.loads(text.removeprefix("\ufeff"))
    except tomllib.TOMLDecodeError:
        return  # for a broken file any result is correct if nothing is printed
    profiles = document.get("profiles")
    tables = {"": document} | (profiles if isinstance(profiles, dict) else {})
    seen = profile_reader.read_profiles(text)
    assert seen.keys() == tables.keys()
    for name, table in tables.items():
        found = table if isinstance(table, dict) else {}
        for key in profile_reader.KEYS:
            expected = found.get(key)
            assert seen[name].get(key) == (expected if isinstance(expected, str) else None)


def test_a_plain_file_is_read_without_a_parser(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tomllib", None)
    text = 'profile = "a"\nstop = ["x", "y"]\n[profiles.a] # one\nbase_url = "http://a/v1"\n'
    expected = {"": {"profile": "a"}, "a": {"base_url": "http://a/v1"}}
    assert profile_reader.read_profiles(text) == expected
    with pytest.raises(ImportError):
        profile_reader.read_profiles('[profiles."a b"]')


FILES = [
    "",
    'base_url = "http://top/v1/"',
    'base_url = "http://top/v1"\nprofile = "work"\n[profiles.work]\nbase_url = "http://work/v1"',
    'profile = "plain"\n[profiles.plain]\nmodel = "x"\n[profiles.work]\nbase_url = "http://w:1/v1"',
    'profile = "demo"\n[profiles.work]\nmodel = "x"',
]
VARIABLES: list[tuple[str, list[str]]] = [
    ("SRCHAT_BASE_URL", ["http://variable/v1", ""]),
    ("SOLIDRUST_BASE_URL", ["http://service/v1", ""]),
    ("SRCHAT_PROFILE", ["demo", ""]),
]
ENVIRONMENTS = st.fixed_dictionaries(
    {}, optional={name: st.sampled_from(values) for name, values in VARIABLES}
)


@settings(max_examples=500)
@given(
    st.sampled_from(FILES),
    ENVIRONMENTS,
    st.sampled_from(
        [
            [],
            ["-p", "demo"],
            ["--profile=demo"],
            ["-p", "x", "-p", "work"],
            ["-xqp", "demo"],
            ["-pdemo"],
            ["-vpwork"],
        ]
    ),
    st.sampled_from([[], ["--base-url", "http://option/v1/"], ["--base-url=http://option/v1"]]),
)
def test_completion_offers_the_models_of_the_configured_server(
    text: str, environ: Mapping[str, str], profile: list[str], base_url: list[str]
) -> None:
    file: FileSettings = parse(Path("config.toml"), text)
    options = {"base_url": "http://option/v1"} if base_url else {}
    named = re.sub("^(--profile=|-v?p)", "", profile[-1]) if profile else None
    assume(named != "work" or named in file.profiles)
    asked = resolve(file, environ, options, named).config.base_url
    line = Line(["ask", *profile, *base_url, "-m"], "")
    assert base_url_of(line.options, environ, profile_reader.read_profiles(text)) == asked


@pytest.mark.parametrize(
    ("typed", "understood"),
    [
        ("plain", "plain"),
        ("my\\ work", "my work"),
        ("'my work'", "my work"),
        ("--profile='my work'", "--profile=my work"),
        ('"it\'s"', "it's"),
        ("'a\\b'", "a\\b"),
        ("'it'\\''s'", "it's"),
        ("it's", "its"),
        ('"open', "open"),
        ("end\\", "end"),
        ('"\\\\"', "\\"),
    ],
)
def test_a_word_is_unquoted_like_in_a_shell(typed: str, understood: str) -> None:
    assert unquoted(typed) == understood


@pytest.mark.parametrize(
    ("line", "words", "quote"),
    [
        ("", [""], ""),
        ("srchat ", ["srchat", ""], ""),
        ("a  'b c' d", ["a", "'b c'", "d"], ""),
        ("a 'b c", ["a", "'b c"], "'"),
        ('a "b\\" c', ["a", '"b\\" c'], '"'),
        ("a b\\ c", ["a", "b\\ c"], ""),
    ],
)
def test_a_line_is_split_like_in_a_shell(line: str, words: list[str], quote: str) -> None:
    assert split(line) == words
    assert open_quote(words[-1]) == quote


@pytest.mark.parametrize(
    ("words", "typed", "takes", "before"),
    [
        ([], "", "commands", ""),
        (["config"], "", "commands", ""),
        (["config", "set"], "", "settings", ""),
        (["config", "set", "keys"], "", "setting_value", ""),
        (["ask"], "-", "options", ""),
        (["ask"], "--mo", "options", ""),
        (["ask"], "--model=", "models", "--model="),
        (["ask", "-m"], "", "models", ""),
        (["ask"], "-mx", "models", "-m"),
        (["ask"], "-xqmx", "models", "-xqm"),
        (["ask"], "-xqm", "options", ""),
        (["ask", "-xqm"], "", "models", ""),
        (["ask", "--"], "-m", "free", ""),
        (["ask", "-f", "-m"], "", "free", ""),
        (["history", "show"], "", "conversations", ""),
        (["history", "show", "a"], "", "free", ""),
        (["history", "delete", "a"], "", "conversations", ""),
        (["models", "x"], "", "free", ""),
        (["ask", "--raw=x"], "", "free", ""),
        (["ask", "config"], "", "free", ""),
    ],
)
def test_the_word_at_the_cursor_is_classified(
    words: list[str], typed: str, takes: str, before: str
) -> None:
    line = Line(words, typed)
    assert (line.takes, line.before) == (takes, before)


@pytest.mark.parametrize("set_to", [None, "/elsewhere", "relative", "", " /blank ", "/blank "])
def test_completion_uses_the_same_paths_as_the_program(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, set_to: str | None
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    for variable in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME"):
        if set_to is None:
            monkeypatch.delenv(variable, raising=False)
        else:
            monkeypatch.setenv(variable, set_to)
    assert Path(directory("config", os.environ)) == paths.config_path({}).parent
    assert Path(directory("data", os.environ)) == paths.data_path({})
    assert Path(directory("cache", os.environ)) == paths.cache_path()


def test_without_home_the_directories_are_those_of_the_account(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for variable in ("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(variable, raising=False)
    assert Path(directory("config", os.environ)) == paths.config_path({}).parent


def loaded(srchat: Srchat, *args: str) -> set[str]:
    """Return the modules that a call imports."""
    script = (
        "import sys; from srchat.__main__ import main\nmain()\n"
        "print('loaded:', *sys.modules, file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, *args],
        env=srchat.plain_env, capture_output=True, text=True, timeout=WAIT_TIMEOUT, check=True,
    )  # fmt: skip
    return set(done.stderr.rpartition("loaded:")[2].split())


def fish_call(kind: str, *options: str) -> tuple[str, ...]:
    """Return the arguments with which fish requests one kind of values."""
    flag = {"models": "-m", "profiles": "-p", "conversations": "--conversation"}[kind]
    return ("__complete", "fish", "srchat", "ask", *options, flag, "")


@pytest.mark.parametrize("kind", ["models", "profiles"])
def test_completing_a_value_imports_hardly_more_than_version(srchat: Srchat, kind: str) -> None:
    srchat.configure('model = "m"\n[profiles.work]\nbase_url = "http://127.0.0.1:9/v1"\n')
    more = loaded(srchat, *fish_call(kind)) - loaded(srchat, "--version")
    assert more <= {
        "__future__", "zlib", "srchat.shell_completion", "srchat.config",
        "srchat.config.profile_reader", "srchat.model_cache", "srchat.command_tree",
        "srchat.completion_values",
    }  # fmt: skip


def test_completing_conversations_imports_only_sqlite_in_addition(srchat: Srchat) -> None:
    assert srchat("ask", "-p", "demo", "--no-stream", "hi").code == 0
    more = loaded(srchat, *fish_call("conversations"))
    assert "sqlite3" in more
    assert not more & {"typer", "httpx", "rich", "prompt_toolkit", "platformdirs", "pathlib"}
    assert not more & {"socket", "srchat.history.store", "srchat.config.settings"}


def test_models_are_those_that_the_server_offered_last(srchat: Srchat, serve: Serve) -> None:
    listed = {
        "data": [
            {"id": "one"},
            {"id": "odd\x1b[2J"},
            {"id": "a b"},
            {"id": "x\u202ey"},
            {"id": "x\ny"},
        ]
    }
    server = serve(json_response(listed), json_response({"data": [{"id": "two"}]}))
    asked = fish_call("models", "--base-url", server.url)
    assert srchat(*asked) == (0, b"", "")
    assert srchat("models", "--base-url", server.url).code == 0
    assert srchat(*asked) == (0, b"one\na b\n", "")
    assert srchat("models", "--base-url", server.url).code == 0
    assert srchat(*asked) == (0, b"two\n", "")
    assert srchat(*fish_call("models")) == (0, b"", "")
    assert len(server.requests) == 2


def test_the_cache_is_private_and_errors_are_ignored(srchat: Srchat) -> None:
    assert srchat("models", "-p", "demo").code == 0
    (kept,) = (srchat.home / ".cache/srchat").iterdir()
    assert kept.stat().st_mode & 0o777 == 0o600
    assert kept.parent.stat().st_mode & 0o777 == 0o700
    (srchat.home / "file").touch()
    srchat.env["XDG_CACHE_HOME"] = str(srchat.home / "file")
    assert srchat("models", "-p", "demo") == (0, b"srchat-demo\n", "")
    assert srchat(*fish_call("models", "-p", "demo")) == (0, b"", "")


def test_servers_do_not_share_a_cache(tmp_path: Path) -> None:
    urls = ["http://a/v1", "http://a_v1", "http://" + "x" * 300, "http://" + "x" * 301]
    for url in urls:
        model_cache.write(str(tmp_path), url, [url])
    assert [model_cache.read(str(tmp_path), url) for url in urls] == [[url] for url in urls]


def test_a_failed_write_leaves_no_file(tmp_path: Path) -> None:
    model_cache.write(str(tmp_path), "http://a/v1", ["m"])
    (kept,) = tmp_path.iterdir()
    kept.unlink()
    kept.mkdir()  # a directory instead of the file
    model_cache.write(str(tmp_path), "http://a/v1", ["m"])
    assert list(tmp_path.iterdir()) == [kept]


def test_profiles_that_could_not_be_typed_are_left_out(srchat: Srchat) -> None:
    srchat.configure(
        '[profiles.work]\n[profiles."my work"]\n[profiles."\\u001b[2J"]\n[profiles."a\\nb"]\n'
        '[profiles.""]\n[profiles.demo]\n'
    )
    assert srchat(*fish_call("profiles")) == (0, b"work\nmy work\ndemo\n", "")


def test_conversations_come_with_titles_newest_first(srchat: Srchat) -> None:
    for prompt in ("first", "second \x1b[2J\ttab"):
        assert srchat("ask", "-p", "demo", "--no-stream", prompt).code == 0
    result = srchat(*fish_call("conversations"))
    lines = [line.split("\t") for line in result.text.splitlines()]
    assert [title for _, title in lines] == ["second  [2J tab", "first"]
    shown = json.loads(srchat("history", "list", "--json").out)
    assert [id_ for id_, _ in lines] == [entry["id"] for entry in shown]


def test_without_a_history_no_file_is_created(srchat: Srchat) -> None:
    assert srchat(*fish_call("conversations")) == (0, b"", "")
    srchat.env["SRCHAT_DATA"] = str(srchat.home)
    assert srchat(*fish_call("conversations")) == (0, b"", "")
    assert list(srchat.home.iterdir()) == []


def test_a_history_whose_name_means_something_to_sqlite_is_only_read(srchat: Srchat) -> None:
    place = srchat.home / "a?mode=rwc#%41"
    place.mkdir()
    with sqlite3.connect(place / "history.db") as made:
        made.execute("CREATE TABLE conversation (id, uid, title, used_at)")
        made.execute("INSERT INTO conversation VALUES (1, 'abc', 'title', 0)")
    made.close()
    result = srchat(*fish_call("conversations"), SRCHAT_DATA=str(place))
    assert result == (0, b"abc\ttitle\n", "")


@pytest.mark.parametrize("text", ["= = =", '[profiles."', "a = [" * 10_000, "\udcff\udcff"])
def test_an_invalid_configuration_gives_no_candidates_and_no_error(
    srchat: Srchat, text: str
) -> None:
    (srchat.home / "config.toml").write_bytes(text.encode("utf-8", "surrogateescape"))
    for kind in ("profiles", "models", "conversations"):
        result = srchat(*fish_call(kind))
        assert (result.code, result.err) == (0, "")


def test_a_damaged_history_gives_no_candidates_and_no_error(srchat: Srchat) -> None:
    srchat.env["SRCHAT_DATA"] = str(srchat.home)
    (srchat.home / "history.db").write_bytes(b"nonsense" * 1000)
    assert srchat(*fish_call("conversations")) == (0, b"", "")


@pytest.mark.parametrize("args", [[], ["nonsense"], ["bash"], ["zsh"], ["fish", "srchat"]])
def test_an_invalid_completion_call_is_silent(srchat: Srchat, args: list[str]) -> None:
    result = srchat("__complete", *args)
    assert (result.code, result.err) == (0, "")


def test_a_closed_pipe_is_no_error(srchat: Srchat) -> None:
    done = subprocess.run(
        ["sh", "-c", '"$@" >&-; "$@" > /dev/full', "sh", *srchat.command(*fish_call("profiles"))],
        env=srchat.env, capture_output=True, text=True, timeout=WAIT_TIMEOUT, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")


def test_the_demo_needs_no_file() -> None:
    assert base_url_of({"--profile": "demo"}, {}, {"": {}}) == DEMO_BASE_URL


@pytest.mark.parametrize(
    ("arguments", "lines"),
    [
        (("bash", "srchat conf", "9", ":="), ["config"]),
        (("bash", "srchat config set stream ", "37", ":="), ["true", "false"]),
        (("bash", "srchat ask --model=a:", "9", ":="), []),
        (("bash", "srchat ask -f ", "9", ":="), ["files"]),
        (("bash", "srchat ask -s @fi", "9", "@:="), ["@file\\ one"]),
        (("bash", "srchat ask -s '@fi", "9", "@:="), ["@file one"]),
        (("bash", 'srchat ask -s "@fi', "9", "@:="), ["@file one"]),
        (("bash", "srchat ask -s x", "9", ":="), []),
        (("zsh", "srchat", "conf"), ["ask:Ask one question and print the answer"]),
        (("zsh", "srchat", "ask", "--file=x"), ["files 7"]),
        (("zsh", "srchat", "ask", "-s", "@x"), ["files 1"]),
        (("zsh", "srchat", "ask", "-s", "x"), []),
        (("fish", "srchat", "config", "set", "keys", "v"), ["emacs", "vi"]),
        (("fish", "srchat", "config", "set", "nothing", "v"), []),
        (("fish", "srchat", "ask", "-f", "no/such/"), []),
    ],
)
def test_each_shell_gets_the_format_that_it_supports(
    srchat: Srchat, arguments: tuple[str, ...], lines: list[str]
) -> None:
    (srchat.home / "file one").touch()
    result = srchat("__complete", *arguments)
    assert (result.code, result.err) == (0, "")
    found = result.text.splitlines()
    assert (found[: len(lines)] if arguments[0] == "zsh" else found) == lines


def test_bash_gets_descriptions_only_where_it_lists(srchat: Srchat) -> None:
    listed = srchat("__complete", "bash", "srchat ", "63", ":=").text.splitlines()
    assert "ask  (Ask one question and print the answer)" in listed
    assert "ask" in srchat("__complete", "bash", "srchat ", "37", ":=").text.splitlines()


def test_profiles_in_separate_files_are_offered_with_their_models(srchat: Srchat) -> None:
    folder = srchat.home / "profiles.d"
    folder.mkdir()
    (folder / "own.toml").write_text('base_url = "http://own.example/v1"\n')
    (folder / "notes.md").write_text("")
    cache = srchat.home / ".cache/srchat"
    model_cache.write(str(cache), "http://own.example/v1", ["own-model"])
    found = srchat("__complete", "fish", "srchat", "ask", "-p", "").out.decode()
    assert found.split() == ["own", "demo"]
    found = srchat("__complete", "fish", "srchat", "ask", "-p", "own", "-m", "").out.decode()
    assert found.split() == ["own-model"]


def test_an_option_without_a_value_takes_none() -> None:
    assert Line(["ask", "-q"], "").takes == Line(["ask"], "").takes
    assert Line(["ask", "-qm"], "").takes == "models"
    assert Line(["ask", "-qmname"], "").options == {"--model": "name"}


def test_options_and_settings_are_offered_with_their_help() -> None:
    offered = dict(Line(["history", "show"], "-").offers())
    assert set(offered) >= {"--all", "--reasoning", "--json"}
    assert offered["--reasoning"] == "Show the reasoning before each answer"
    settings = dict(Line(["config", "get"], "").offers())
    assert "temperature" in settings
    assert all(settings.values())
