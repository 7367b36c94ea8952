"""Setting values as they are checked, with errors that name the setting. Pure."""

import re
from typing import Final

from srchat.config.parameters import REMOVED
from srchat.config.settings import SETTINGS
from srchat.config.value_types import Setting, ValueType
from srchat.errors import ConfigError
from srchat.suggestions import did_you_mean

_KEY_LIKE: Final = re.compile(r"sk-|(?=[\d-]*[^\W\d])[\w-]{13}")  # digits alone are not a key
_HIDDEN: Final = "is invalid"  # of a value that may be a key
_MAX_SHOWN_CHARACTERS: Final = 60  # of a wrong value in a message


def checked(name: str, value: object, where: str) -> object:
    """Return a typed value converted for Config. Raises ConfigError that begins with `where`."""
    return _converted(setting_named(name, where), value, where, parse=False)


def parsed(name: str, text: str, where: str) -> object:
    """Return text parsed as the value of a setting. Raises ConfigError like `checked`."""
    return _converted(setting_named(name, where), text, where, parse=True)


def parsed_entry(table: str, name: str, text: str, where: str) -> object:
    """Return text parsed as a value of a table setting. Raises ConfigError like `checked`."""
    value_type = SETTINGS[table].value_type
    try:
        found = value_type.parse(f"{name}={text}")
    except (ValueError, RecursionError):
        problem = f"{table}.{name} is not allowed; {table} takes {value_type.description}"
        raise ConfigError(f"{where}: {problem}") from None
    assert isinstance(found, dict)
    if found[name] is REMOVED:
        raise ConfigError(f"{where}: missing value for {table}.{name}")
    return found[name]


def setting_named(name: str, where: str) -> Setting:
    """Return the setting of that name. Raises ConfigError that suggests a similar one."""
    if name not in SETTINGS:
        shown = "of that name" if name.startswith("sk-") else repr(name)  # a misplaced key
        raise ConfigError(f"{where}: unknown setting {shown}", hint=did_you_mean(name, SETTINGS))
    return SETTINGS[name]


def _converted(entry: Setting, value: object, where: str, *, parse: bool) -> object:
    value_type: ValueType = entry.value_type
    try:
        return value_type.parse(str(value)) if parse else value_type.check(value)
    except (ValueError, RecursionError):
        shown = _shown(entry, value)
        meant = value_type.suggestion(str(value)) if shown != _HIDDEN else ""
        raise ConfigError(
            f"{where}: {entry.name} {shown}; must be {value_type.description}",
            hint=f"did you mean {meant}?" if meant else "",
        ) from None


def _shown(entry: Setting, value: object) -> str:
    text = str(value).lower() if isinstance(value, bool) else repr(value)
    # A misplaced key, or a URL with a password, is not shown.
    if entry.secret or isinstance(value, dict | list) or "@" in text or _KEY_LIKE.search(text):
        return _HIDDEN
    return (
        f"is {text if len(text) <= _MAX_SHOWN_CHARACTERS else text[:_MAX_SHOWN_CHARACTERS] + '…'}"
    )
