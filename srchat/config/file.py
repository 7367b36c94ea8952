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

from srchat.config.locked_file import is_exposed, read_bytes
from srchat.config.settings import FileSettings, checked
from srchat.config.toml_scanner import Keys, line_of
from srchat.errors import ConfigError

MEND_HINT: Final = "fix it with: srchat config edit"
_PLACE: Final = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")
_SETTING: Final = re.compile(r"""\s*(?:[\w.-]+\.)?["']?(\w+)["']?\s*=""")


def load(path: Path) -> FileSettings:
    """Return what the file at `path` sets; nothing where there is no file.

    Raises ConfigError that names the file, the line and the setting.
    """
    data = read_bytes(path)
    if data is None:
        return FileSettings(str(path))
    return read(path, decoded(path, data))._replace(is_exposed=is_exposed(path))


def decoded(path: Path, data: bytes) -> str:
    """Return the text of a file, with its byte order mark. Raises ConfigError."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as exc:
        line = data.count(b"\n", 0, exc.start) + 1
        raise ConfigError(
            f"{path}, line {line}: not UTF-8 text (byte 0x{data[exc.start]:02x})",
            hint=MEND_HINT,
        ) from exc


def read(path: Path, text: str) -> FileSettings:
    """Return what `text` sets, which is or will be the content of the file at `path`.

    Raises ConfigError as `load`.
    """
    text = text.removeprefix("\ufeff")  # Windows editors write a byte order mark
    return _Reading(path, text).settings(parsed(path, text))


def parsed(path: Path, text: str) -> dict[str, Any]:
    """Return the TOML document that a text is. Raises ConfigError that names file and line."""
    try:
        return tomllib.loads(text.removeprefix("\ufeff"))
    except RecursionError as exc:
        raise ConfigError(f"{path}: nested too deeply", hint=MEND_HINT) from exc
    except ValueError as exc:  # of tomllib, or of int() for a number of thousands of digits
        raise _not_toml(path, text, exc) from exc


def _not_toml(path: Path, text: str, exc: ValueError) -> ConfigError:
    reason = str(exc)
    place = _PLACE.search(reason)
    if not place:
        reason = reason.partition(";")[0]  # int() goes on with advice for programmers
        return ConfigError(f"{path}: not valid TOML: {reason}", hint=MEND_HINT)
    lines = text.split("\n")
    number = int(place[1]) if place[1] else len(text.rstrip().split("\n"))
    # Of the line only the setting's name is shown: its value may be the key.
    setting = _SETTING.match(lines[number - 1])
    about = f" ({setting[1]})" if setting else ""
    return ConfigError(
        f"{path}, line {number}{about}: not valid TOML: {reason[: place.start()]}",
        hint=MEND_HINT,
    )


class _Reading:
    """One reading of the file: the text is kept to tell the line of a wrong value."""

    def __init__(self, path: Path, text: str) -> None:
        self._path = path
        self._text = text

    def settings(self, document: dict[str, Any]) -> FileSettings:
        profiles = document.pop("profiles", {})
        profile = document.pop("profile", None)
        if not isinstance(profiles, dict):
            raise ConfigError(f"{self._where(('profiles',))}: profiles is not a table")
        if profile is not None and not isinstance(profile, str):
            raise ConfigError(
                f"{self._where(('profile',))}: profile must be a name",
                hint="define profiles as [profiles.NAME]",
            )
        return FileSettings(
            path=str(self._path),
            profile=profile,
            values=self._table(document, ()),
            profiles={
                name: self._table(table, ("profiles", name)) for name, table in profiles.items()
            },
        )

    def _table(self, table: object, keys: Keys) -> dict[str, object]:
        if not isinstance(table, dict):
            raise ConfigError(f"{self._where(keys)}: {'.'.join(keys)} is not a table")
        return {key: self._value(value, (*keys, key)) for key, value in table.items()}

    def _value(self, value: object, keys: Keys) -> object:
        if isinstance(value, dict) and len(keys) == 1:
            raise ConfigError(
                f"{self._where(keys)}: unknown table {keys[0]!r}",
                hint=f"did you mean [profiles.{keys[0]}]?",
            )
        try:
            return checked(keys[-1], value, "")
        except ConfigError:
            # Only now is it worth finding the line; so the check is made once more.
            return checked(keys[-1], value, self._where(keys))

    def _where(self, keys: Keys) -> str:
        try:
            line = line_of(self._text, keys)
        except ValueError:  # pragma: no cover - no file is known that it stumbles over
            line = 0
        return f"{self._path}, line {line}" if line else str(self._path)
