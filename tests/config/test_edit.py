"""Editing config.toml without losing data."""

import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from srchat.config import edit as config_edit
from srchat.errors import ConfigError
from tests.support.config_files import mode_of, names_in


def test_none_unsets_a_setting(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text("retries = 1 # why\n# kept\nmodel = 'x'\n")
    config_edit.set_values(path, None, {"retries": None, "model": "y", "top_p": None})
    assert path.read_text() == '# kept\nmodel = "y"\n'


@pytest.mark.parametrize(
    "text", ["model = x\n", "modell = 'x'\n", "[profiles.w]\ntop_p = 7\n", "profiles = 3\n", "\xff"]
)
def test_an_invalid_file_is_never_overwritten(tmp_path: Path, text: str) -> None:
    path = tmp_path / "config.toml"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(ConfigError):
        config_edit.set_values(path, "work", {"retries": 1})
    assert path.read_bytes() == text.encode("latin-1")
    assert names_in(tmp_path) == ["config.toml"]


def test_invalid_values_can_be_fixed_and_unknown_settings_unset(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text("retries = -1\nmodel = 'x'\n")
    config_edit.set_values(path, None, {"retries": 1})
    assert path.read_text() == "retries = 1\nmodel = 'x'\n"
    path.write_text("modell = 'y'\nmodel = 'x'\n")
    assert config_edit.is_set(path, None, "modell")
    config_edit.set_values(path, None, {"modell": None})
    assert path.read_text() == "model = 'x'\n"


def test_an_invalid_profile_can_be_deleted(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(
        "# mine\nprofile = 'work'\n[profiles.work]\nretries = -1\n\n[profiles.home]\nretries = 1\n"
    )
    assert config_edit.list_profiles(path) == (["work", "home"], "work")
    config_edit.delete_profile(path, "work")
    assert path.read_text() == "# mine\n[profiles.home]\nretries = 1\n"
    path.write_text("profile = 'work'\n[profiles.home]\n")
    config_edit.delete_profile(path, "home")
    assert path.read_text() == "profile = 'work'\n"


def test_a_value_with_a_surrogate_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text("model = 'x'\n")
    with pytest.raises(ConfigError, match="not UTF-8 text"):
        config_edit.set_values(path, None, {"model": "\udc80"})
    assert path.read_text() == "model = 'x'\n"


def test_a_table_in_place_of_a_setting_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text("[profiles.p.model]\na = 1\n")
    with pytest.raises(ConfigError):
        config_edit.set_values(path, "p", {"model": "x"})
    assert path.read_text() == "[profiles.p.model]\na = 1\n"


_WRITER = """
import sys
from pathlib import Path
from srchat.config import edit as config_edit

for round in range(10):
    config_edit.set_values(Path(sys.argv[1]), sys.argv[2], {"retries": round})
"""


def test_twenty_concurrent_writers_lose_nothing(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text("# kept\r\nmodel = 'x'\r\n")
    path.chmod(0o600)
    writers = [
        subprocess.Popen([sys.executable, "-c", _WRITER, str(path), f"p{n}"], umask=0)
        for n in range(20)
    ]
    looks = 0
    while any(writer.poll() is None for writer in writers):
        tomllib.loads(path.read_text())
        assert mode_of(path) == 0o600
        looks += 1
    assert looks > 20
    assert [writer.returncode for writer in writers] == [0] * 20
    document: dict[str, Any] = tomllib.loads(path.read_text())
    assert document["profiles"] == {f"p{n}": {"retries": 9} for n in range(20)}
    assert path.read_bytes().startswith(b"# kept\r\nmodel = 'x'\r\n")
    assert names_in(tmp_path) == ["config.toml"]
