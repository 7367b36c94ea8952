"""The data on this machine: the history, opened on first use, and cached names."""

import json
from pathlib import Path

import pytest

from srchat.api.models import Model
from srchat.history.export import Format, exported
from srchat.library import Library
from tests.conftest import Srchat
from tests.support.stored import store_conversation


def test_listing_without_a_history_creates_no_file(srchat: Srchat) -> None:
    assert srchat("history", "list") == (0, b"", "")
    assert srchat("history", "list", "--json").out == b"[]\n"
    assert srchat("history", "search", "x").code == 0
    for command in (["show"], ["export"], ["show", "abcd"], ["delete", "abcd", "--yes"]):
        assert srchat("history", *command).code == 2
    assert srchat("history", "delete", "--all", "--yes").code == 0
    assert not (srchat.home / ".local").exists()


def test_deleting_during_an_export_does_not_corrupt_it(srchat: Srchat) -> None:
    store_conversation(srchat, "aaaa1111", ("one", "1"))
    store_conversation(srchat, "bbbb2222", ("two", "2"))
    library = Library({"SRCHAT_DATA": str(srchat.history.parent)}, print)
    store = library.open()
    ids = store.ids()
    store.delete(["aaaa1111"])
    parts = "".join(exported(filter(None, map(store.load_or_none, ids)), Format.JSON, str))
    assert [each["id"] for each in json.loads(parts)["conversations"]] == ["bbbb2222"]
    library.close()


@pytest.mark.parametrize("args", [("list",), ("show",), ("search", "word")])
def test_an_unreadable_directory_is_reported(srchat: Srchat, args: tuple[str, ...]) -> None:
    place = srchat.home / ("x" * 300)  # a name too long fails even for root
    result = srchat("history", *args, SRCHAT_DATA=str(place))
    assert (result.code, result.out) == (9, b"")
    assert result.err == (
        f"srchat: error: cannot use the history {place}/history.db: File name too long\n"
    )


def test_cached_names_and_windows_are_those_of_the_server(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    environ = {"SRCHAT_DATA": str(tmp_path)}
    library = Library(environ, print)
    models = [Model("small", "", 1024), Model("unknown", "", None)]
    library.save_models("http://a/v1", models, windows=True)
    library.close()
    again = Library(environ, print)
    assert again.model_names("http://a/v1") == ["small", "unknown"]
    assert again.context_window("http://a/v1", "small") == 1024
    assert again.context_window("http://a/v1", "unknown") is None
    assert again.model_names("http://b/v1") == []
    assert again.context_window("http://b/v1", "small") is None
    again.close()
