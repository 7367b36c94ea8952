"""Settings of config.toml set and taken out; the rest of the file stays as its owner wrote it."""

import tomllib
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

from srchat.config import file as config_file
from srchat.config.locked_file import is_exposed, locked, read_bytes
from srchat.config.toml_edit import EditError, with_value, without
from srchat.config.toml_scanner import Keys
from srchat.errors import ConfigError

Edit = Callable[[str], str]


def set_values(path: Path, profile: str | None, values: Mapping[str, object]) -> None:
    """Write checked values of settings to the top level or to a profile, all or none.

    None takes a setting out. Raises ConfigError; then the file is as it was.
    """
    edits: list[Edit] = []
    for name, value in values.items():
        keys = _keys(profile, name)
        if value is None:
            edits.append(partial(without, keys=keys))
        else:
            edits.append(partial(with_value, keys=keys, value=value))
    _change(path, edits)


def delete_profile(path: Path, profile: str) -> None:
    """Take a profile out with all its settings, and `profile` at the top level if it names it.

    Raises ConfigError; then the file is as it was.
    """
    edits = [
        partial(without, keys=("profiles", profile)),
        partial(_without_default, profile=profile),
    ]
    _change(path, edits)


def is_set(path: Path, profile: str | None, name: str) -> bool:
    """Tell whether the file sets `name`, be it a setting or not. Raises ConfigError."""
    return name in _table(path, _keys(profile, name)[:-1])


def profiles(path: Path) -> tuple[list[str], object]:
    """Return the names of all profiles, whatever is wrong in them, and of the default one.

    Raises ConfigError.
    """
    return list(_table(path, ("profiles",))), _table(path, ()).get("profile")


def replace_text(path: Path, old: bytes | None, text: bytes) -> None:
    """Put a whole new text into the file, unless it is no longer `old`. Raises ConfigError."""
    with locked(path) as file:
        if file.read() != old:
            raise ConfigError(f"{path} was changed by another program")
        file.write(text)


def _table(path: Path, keys: Keys) -> Mapping[str, object]:
    """Return a table of the file without any check of its values; empty where there is none."""
    data = read_bytes(path)
    table = config_file.parsed(path, config_file.decoded(path, data or b""))
    for key in keys:
        found = table.get(key)
        table = found if isinstance(found, dict) else {}
    return table


def _keys(profile: str | None, name: str) -> Keys:
    return ("profiles", profile, name) if profile else (name,)


def _without_default(text: str, profile: str) -> str:
    default = tomllib.loads(text.removeprefix("\ufeff")).get("profile")
    return without(text, ("profile",)) if default == profile else text


def _change(path: Path, edits: Sequence[Edit]) -> None:
    with locked(path) as file:
        data = file.read()
        old = config_file.decoded(path, data or b"")
        config_file.parsed(path, old)
        new = _edited(path, old, edits)
        _check(path, old, new)
        if new != old or is_exposed(file.path):
            file.write(_encoded(new))


def _edited(path: Path, text: str, edits: Sequence[Edit]) -> str:
    for edit in edits:
        try:
            text = edit(text)
        except EditError as exc:  # no file is known that needs this
            raise ConfigError(f"cannot change {path}: {exc}", hint="srchat config edit") from exc
        except (TypeError, RecursionError):
            config_file.read(path, text)  # raises with the line, since this is no configuration
            raise  # pragma: no cover - the line above has raised
    return text


def _check(path: Path, old: str, new: str) -> None:
    """Raise ConfigError unless the new text is a configuration.

    The old one need not have been: what is wrong in it can be set right.
    """
    try:
        config_file.read(path, new)
    except ConfigError:
        config_file.read(path, old)  # with the lines as they are in the file
        raise  # pragma: no cover - no value is known that is right alone and wrong in the file


def _encoded(text: str) -> bytes:
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError as exc:
        raise ConfigError("the value is not UTF-8 text") from exc
