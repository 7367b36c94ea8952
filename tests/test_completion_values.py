"""Values for shell completion: correct, silent, sanitized, and from files only."""

import json
import os
import re
import sqlite3  # noqa: TID251 - to create unusual histories
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from srchat import model_cache, paths
from srchat.completion_values import base_url_of, directory
from srchat.config import profile_reader
from srchat.config.file import parse
from srchat.config.resolution import FileSettings, resolve
from srchat.config.settings import DEMO_BASE_URL
from srchat.shell_completion import Line
from tests.conftest import Serve, Srchat
from tests.support.server import json_response
from tests.support.shells import fish_call

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


def test_the_demo_needs_no_file() -> None:
    assert base_url_of({"--profile": "demo"}, {}, {"": {}}) == DEMO_BASE_URL


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
