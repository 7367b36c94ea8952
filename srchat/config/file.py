"""Reads config.toml and checks every value; errors name the line and the setting.

model = "qwen3-4b"              # the top level applies to every profile
profile = "work"                # the profile to use when none is named

[profiles.work]
base_url = "https://llm.example.com/v1"
"""

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from srchat.config.checks import checked
from srchat.config.locked_file import is_exposed, read_bytes
from srchat.config.resolution import FileSettings
from srchat.config.settings import SETTINGS
from srchat.errors import ConfigError

if TYPE_CHECKING:
    from srchat.config.toml_scanner import Keys

EDIT_HINT: Final = "fix it with: srchat config edit"
_POSITION: Final = r" \(at (?:line (\d+), column (\d+)|end of document)\)$"
_SETTING: Final = r"""\s*(?:[\w.-]+\.)?["']?(\w+)["']?\s*="""


def load(path: Path) -> FileSettings:
    """Return the settings of the file at `path`; none if it does not exist.

    Raises ConfigError that names the file, the line and the setting.
    """
    data = read_bytes(path)
    found = FileSettings(str(path))
    if data is not None:
        found = parse(path, decoded(path, data))._replace(exposed=_exposed(path))
    return found._replace(profile_paths=profile_paths(path))


def profile_paths(path: Path) -> dict[str, str]:
    """Return the files in `profiles.d` beside config.toml, by the names of their profiles."""
    try:
        found = sorted(os.listdir(path.parent / "profiles.d"))  # noqa: PTH208 - only the names are needed
    except OSError:
        return {}
    names = [name.removesuffix(".toml") for name in found if name.endswith(".toml")]
    return {name: str(path.parent / "profiles.d" / f"{name}.toml") for name in names if name}


def load_profile(path: Path) -> FileSettings:
    """Return the settings of a profile in a separate file. Raises ConfigError like `load`."""
    data = read_bytes(path) or b""
    text = decoded(path, data).removeprefix("\ufeff")
    document = parse_toml(path, text)
    reader = _Reader(path, text)
    values = reader.table(document, ())
    # Most profiles are templates without secrets.
    exposed = _exposed(path) if {"api_key", "headers"} & values.keys() else ()
    return FileSettings(str(path), values=values, exposed=exposed)


def _exposed(path: Path) -> tuple[str, ...]:
    return (str(path),) if is_exposed(path) else ()


def decoded(path: Path, data: bytes) -> str:
    """Return the text of a file, including its byte order mark. Raises ConfigError."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as exc:
        line = data.count(b"\n", 0, exc.start) + 1
        raise ConfigError(
            f"{path}, line {line}: not UTF-8 text (byte 0x{data[exc.start]:02x})",
            hint=EDIT_HINT,
        ) from exc


def parse(path: Path, text: str) -> FileSettings:
    """Return the settings in `text`, the present or future content of the file at `path`.

    Raises ConfigError like `load`.
    """
    text = text.removeprefix("\ufeff")  # Windows editors write a byte order mark
    return _Reader(path, text).settings(parse_toml(path, text))


def parse_toml(path: Path, text: str) -> dict[str, Any]:
    """Return `text` parsed as TOML. Raises ConfigError that names the file and the line."""
    import tomllib  # noqa: PLC0415 - 2 ms, only if there is a file

    try:
        return tomllib.loads(text.removeprefix("\ufeff"))
    except RecursionError as exc:
        raise ConfigError(f"{path}: nested too deeply", hint=EDIT_HINT) from exc
    except ValueError as exc:  # from tomllib, or from int() for thousands of digits
        raise _syntax_error(path, text, exc) from exc


def _syntax_error(path: Path, text: str, exc: ValueError) -> ConfigError:
    reason = str(exc)
    position = re.search(_POSITION, reason)
    if not position:
        reason = reason.partition(";")[0]  # int() adds advice for programmers
        return ConfigError(f"{path}: not valid TOML: {reason}", hint=EDIT_HINT)
    lines = text.split("\n")
    number = int(position[1]) if position[1] else len(text.rstrip().split("\n"))
    # Only the name of the setting is shown: its value may be the key.
    setting = re.match(_SETTING, lines[number - 1])
    about = f" ({setting[1]})" if setting else ""
    return ConfigError(
        f"{path}, line {number}{about}: not valid TOML: {reason[: position.start()]}",
        hint=EDIT_HINT,
    )


class _Reader:
    """Checks the values of a file; keeps its text to find the line of a wrong one."""

    def __init__(self, path: Path, text: str) -> None:
        self._path = path
        self._text = text

    def settings(self, document: dict[str, Any]) -> FileSettings:
        profiles = document.pop("profiles", {})
        profile = document.pop("profile", None)
        if not isinstance(profiles, dict):
            raise ConfigError(f"{self._location(('profiles',))}: profiles is not a table")
        if profile is not None and not isinstance(profile, str):
            raise ConfigError(
                f"{self._location(('profile',))}: profile must be a name",
                hint="define profiles as [profiles.NAME]",
            )
        return FileSettings(
            path=str(self._path),
            profile=profile,
            values=self.table(document, ()),
            profiles={
                name: self.table(table, ("profiles", name)) for name, table in profiles.items()
            },
        )

    def table(self, table: object, keys: "Keys") -> dict[str, object]:
        if not isinstance(table, dict):
            raise ConfigError(f"{self._location(keys)}: {'.'.join(keys)} is not a table")
        return {key: self._value(value, (*keys, key)) for key, value in table.items()}

    def _value(self, value: object, keys: "Keys") -> object:
        if isinstance(value, dict) and len(keys) == 1 and keys[0] not in SETTINGS:
            raise ConfigError(
                f"{self._location(keys)}: unknown table {keys[0]!r}",
                hint=f"did you mean [profiles.{keys[0]}]?",
            )
        try:
            return checked(keys[-1], value, "")
        except ConfigError:
            # Finding the line is slow, so it is done only for an error.
            return checked(keys[-1], value, self._location(keys))

    def _location(self, keys: "Keys") -> str:
        from srchat.config.toml_scanner import line_of  # noqa: PLC0415 - only for an error

        try:
            line = line_of(self._text, keys)
        except ValueError:  # pragma: no cover - no known file triggers this
            line = 0
        return f"{self._path}, line {line}" if line else str(self._path)
