"""Paths for a user without a home directory."""

from collections.abc import Callable
from pathlib import Path

import platformdirs
import pytest

from srchat import model_cache, paths
from srchat.errors import ConfigError, StoreError
from srchat.repl.typed_history import TypedHistory


def refuses(*_: object, **__: object) -> str:
    raise RuntimeError("could not determine the home directory")


def returns_a_tilde(*_: object, **__: object) -> str:
    return "~/.config/srchat"


@pytest.fixture(params=[refuses, returns_a_tilde], ids=["new", "old"])
def homeless(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Let platformdirs do what its newer or older versions do without a home."""
    place: Callable[..., str] = request.param
    for kind in ("config", "data", "cache"):
        monkeypatch.setattr(platformdirs, f"user_{kind}_dir", place)
    monkeypatch.chdir(tmp_path)


@pytest.mark.usefixtures("homeless")
def test_without_a_home_there_is_a_hint() -> None:
    with pytest.raises(ConfigError, match="no home directory") as caught:
        paths.config_path({})
    assert "SRCHAT_CONFIG" in caught.value.hint
    with pytest.raises(StoreError, match="no home directory"):
        paths.database_path({})


@pytest.mark.usefixtures("homeless")
def test_without_a_home_the_variables_set_the_paths(tmp_path: Path) -> None:
    environ = {"SRCHAT_CONFIG": str(tmp_path / "c.toml"), "SRCHAT_DATA": str(tmp_path)}
    assert paths.config_path(environ) == tmp_path / "c.toml"
    assert paths.database_path(environ) == tmp_path / "history.db"


@pytest.mark.usefixtures("homeless")
def test_without_a_home_a_chat_has_no_input_history() -> None:
    warnings: list[str] = []
    typed = TypedHistory(paths.typed_lines_path({}), warnings.append)
    assert typed.load_history_strings() == []
    typed.store_string("hi")
    typed.store_string("hi again")
    assert len(warnings) == 1


@pytest.mark.usefixtures("homeless")
def test_without_a_home_no_cache_is_written(tmp_path: Path) -> None:
    model_cache.write(str(paths.cache_path()), "http://chat.test/v1", ["a"])
    assert model_cache.read(str(paths.cache_path()), "http://chat.test/v1") == []
    assert list(tmp_path.iterdir()) == []
