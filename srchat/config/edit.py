"""Set, unset and delete settings in config.toml; the rest of the file stays byte for byte."""

import tomllib
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

from srchat.config import file as config_file
from srchat.config.locked_file import is_exposed, locked, read_bytes, replace_bytes
from srchat.config.settings import TABLES
from srchat.config.toml_edit import EditError, with_value, without
from srchat.config.toml_scanner import Keys
from srchat.errors import ConfigError

Edit = Callable[[str], str]


def set_values(path: Path, profile: str | None, values: Mapping[str, object]) -> None:
    """Write checked values to the top level or to a profile, all or none; None unsets a setting.

    Raises ConfigError and leaves the file unchanged.
    """
    _check_is_here(path, profile)
    edits: list[Edit] = []
    for name, value in values.items():
        keys = _keys(profile, name)
        if value is None:
            edits.append(partial(without, keys=keys))
        else:
            edits.append(partial(with_value, keys=keys, value=value))
    _apply(path, edits)


def delete_profile(path: Path, profile: str) -> None:
    """Delete a profile, and the top-level `profile` if it names this one.

    Raises ConfigError and leaves the file unchanged.
    """
    _check_is_here(path, profile)
    edits = [
        partial(without, keys=("profiles", profile)),
        partial(_without_default, profile=profile),
    ]
    _apply(path, edits)


def is_set(path: Path, profile: str | None, name: str) -> bool:
    """Tell whether the file contains `name`, a known setting or not. Raises ConfigError."""
    *tables, last = _keys(profile, name)
    return last in _read_table(path, tuple(tables))


def list_profiles(path: Path) -> tuple[list[str], object]:
    """Return the names of all profiles, valid or not, and the default one. Raises ConfigError."""
    return list(_read_table(path, ("profiles",))), _read_table(path, ()).get("profile")


def replace_text(path: Path, old: bytes | None, text: bytes) -> None:
    """Replace the content of the file if it is still `old`. Raises ConfigError."""
    with locked(path) as target:
        if read_bytes(target) != old:
            raise ConfigError(f"{path} was changed by another program")
        replace_bytes(target, text)


def _check_is_here(path: Path, profile: str | None) -> None:
    """Raise ConfigError if the profile is in a separate file."""
    if profile and (own := config_file.profile_paths(path).get(profile)):
        raise ConfigError(f"profile {profile} is in {own}", hint="edit that file")


def _read_table(path: Path, keys: Keys) -> Mapping[str, object]:
    """Return a table of the file with its values unchecked; empty if missing."""
    data = read_bytes(path)
    table = config_file.parse_toml(path, config_file.decoded(path, data or b""))
    for key in keys:
        found = table.get(key)
        table = found if isinstance(found, dict) else {}
    return table


def _keys(profile: str | None, name: str) -> Keys:
    table, dot, entry = name.partition(".")
    if not dot or table not in TABLES:
        parts = [name]
    else:  # a dot in the name of a parameter nests
        parts = [table, *(entry.split(".") if table == "params" else [entry])]
    return ("profiles", profile, *parts) if profile else tuple(parts)


def _without_default(text: str, profile: str) -> str:
    default = tomllib.loads(text.removeprefix("\ufeff")).get("profile")
    return without(text, ("profile",)) if default == profile else text


def _apply(path: Path, edits: Sequence[Edit]) -> None:
    with locked(path) as target:
        data = read_bytes(target)
        old = config_file.decoded(path, data or b"")
        config_file.parse_toml(path, old)
        new = _edited(path, old, edits)
        _validate(path, old, new)
        if new != old or is_exposed(target):
            replace_bytes(target, _encoded(new))


def _edited(path: Path, text: str, edits: Sequence[Edit]) -> str:
    for edit in edits:
        try:
            text = edit(text)
        except EditError as exc:  # no known file triggers this
            raise ConfigError(f"cannot change {path}: {exc}", hint="srchat config edit") from exc
        except (TypeError, RecursionError):
            config_file.parse(path, text)  # raises with the line: the text is not a configuration
            raise  # pragma: no cover - the line above raises
    return text


def _validate(path: Path, old: str, new: str) -> None:
    """Raise ConfigError unless `new` is valid; `old` may be invalid, so that it can be fixed."""
    try:
        config_file.parse(path, new)
    except ConfigError:
        config_file.parse(path, old)  # raises with the line numbers of the file on disk
        raise  # pragma: no cover - no known value is valid alone and invalid in the file


def _encoded(text: str) -> bytes:
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError as exc:
        raise ConfigError("the value is not UTF-8 text") from exc
