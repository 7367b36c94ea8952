"""config.toml: read with every value checked, and named with its line where it is wrong.

model = "qwen3-4b"              # the top level holds for every profile
profile = "work"                # the profile to use when none is named

[profiles.work]
base_url = "https://llm.example.com/v1"
"""

import re
import tomllib
from pathlib import Path
from typing import Any, Final

from srchat.config import FileSettings, checked
from srchat.errors import ConfigError

_BROKEN_HINT: Final = "mend it with an editor; nothing was changed"


def load(path: Path) -> FileSettings:
    """Return what the file at `path` sets; nothing where there is no file.

    Raises ConfigError that names the file, the line and the setting.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")  # Windows editors write a byte order mark
    except FileNotFoundError:
        return FileSettings(str(path))
    except OSError as exc:
        raise ConfigError(f"cannot read {path}: {exc.strerror}") from exc
    except UnicodeDecodeError as exc:
        raise ConfigError(f"{path} is not UTF-8 text", hint=_BROKEN_HINT) from exc
    try:
        document = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as exc:
        raise ConfigError(f"{path} is not valid TOML: {exc}", hint=_BROKEN_HINT) from exc
    return _Reading(path, text).settings(document)


class _Reading:
    """One reading of the file: the text is kept to tell the line of a wrong value."""

    def __init__(self, path: Path, text: str) -> None:
        self._path = path
        self._text = text

    def settings(self, document: dict[str, Any]) -> FileSettings:
        profiles = document.pop("profiles", {})
        profile = document.pop("profile", None)
        if not isinstance(profiles, dict):
            raise ConfigError(f"{self._where('profiles', '')}: profiles is not a table")
        if profile is not None and not isinstance(profile, str):
            raise ConfigError(f"{self._where('profile', '')}: profile is not the name of one")
        return FileSettings(
            path=str(self._path),
            profile=profile,
            values=self._table(document, ""),
            profiles={
                name: self._table(table, f"profiles.{name}") for name, table in profiles.items()
            },
        )

    def _table(self, table: object, name: str) -> dict[str, object]:
        if not isinstance(table, dict):
            raise ConfigError(f"{self._path}: {name} is not a table")
        return {key: checked(key, value, self._where(key, name)) for key, value in table.items()}

    def _where(self, key: str, table: str) -> str:
        line = _line_of(self._text, key, table)
        return f"{self._path}, line {line}" if line else str(self._path)


_HEADER: Final = re.compile(r"\s*\[\s*([^\[\]]+?)\s*\]")


def _line_of(text: str, key: str, table: str) -> int:
    """Return the line (from 1) on which a key of a table is set, 0 where it is not found."""
    section = ""
    wanted = re.compile(rf"""\s*["']?{re.escape(key)}["']?\s*[=.]""")
    for number, line in enumerate(text.splitlines(), 1):
        if header := _HEADER.match(line):
            section = header[1].replace('"', "").replace("'", "")
        elif section == table and wanted.match(line):
            return number
    return 0
