"""The models of a server are listed once and remembered."""

import threading
from pathlib import Path

import pytest

from srchat.config.resolution import Resolved
from srchat.library import Library
from srchat.session.model_list import ModelList
from srchat.session.windows import Windows
from tests.conftest import Serve
from tests.support.connecting import connected, library_in
from tests.support.server import ScriptedServer, error, json_response
from tests.support.settings import resolve_work
from tests.support.waiting import WAIT_TIMEOUT

MODELS = json_response({"data": [{"id": "small", "max_model_len": 4096}, {"id": "large"}]})


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Library:
    return library_in(tmp_path, monkeypatch)


@pytest.fixture
def server(serve: Serve) -> ScriptedServer:
    return serve(MODELS, error(500))


def settings(server: ScriptedServer, **work: object) -> Resolved:
    return resolve_work(work={"base_url": server.url, "model": "small", **work})


@pytest.mark.parametrize("keeps", [True, False])
def test_names_and_context_windows_are_remembered(
    library: Library, server: ScriptedServer, keeps: bool
) -> None:
    resolved, windows = settings(server), Windows()
    config = resolved.config
    with connected(resolved) as connection:
        models = ModelList(connection, library, windows, keeps=keeps)
        assert models.names(config, ask=False) == []
        assert [model.id for model in models.ask(config, lambda _: None)] == ["small", "large"]
        assert models.names(config, ask=False) == ["small", "large"]
    assert windows.window(config) == 4096
    assert library.context_window(server.url, "small") == (4096 if keeps else None)
    library.close()


def test_names_are_requested_once_in_the_background(
    library: Library, server: ScriptedServer
) -> None:
    resolved, fetched = settings(server), threading.Event()
    with connected(resolved) as connection:
        models = ModelList(connection, library, Windows(), keeps=True)
        models.on_change = fetched.set
        assert models.names(resolved.config, ask=True) == []
        assert fetched.wait(WAIT_TIMEOUT)
        assert models.names(resolved.config, ask=True) == ["small", "large"]
    assert len(server.requests) == 1


def test_no_command_is_run_for_the_names(
    library: Library, server: ScriptedServer, tmp_path: Path
) -> None:
    resolved = settings(server, api_key_command=("touch", str(tmp_path / "canary")))
    with connected(resolved) as connection:
        models = ModelList(connection, library, Windows(), keeps=True)
        before = set(threading.enumerate())
        assert models.names(resolved.config, ask=True) == []
        assert set(threading.enumerate()) <= before
    assert not (tmp_path / "canary").exists()
    assert server.requests == []
