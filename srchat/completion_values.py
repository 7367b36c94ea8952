"""Values for shell completion: models, profiles, conversations and files.

Only files are read. Values that cannot be typed, or that contain control characters, are left out.
"""

from __future__ import annotations

import os
import sys

from srchat import model_cache
from srchat.config.profile_reader import Tables, read_profiles

TYPE_CHECKING = False  # importing it from typing costs 5 ms
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

# Copies from srchat.config.settings, which takes 30 ms to load; a test compares them.
_DEMO_PROFILE = "demo"
_DEMO_BASE_URL = "http://demo.invalid/v1"
_DEFAULT_BASE_URL = "https://api.solidrust.ai/v1"

_PLACES = {
    "config": ("XDG_CONFIG_HOME", "/.config"),
    "data": ("XDG_DATA_HOME", "/.local/share"),
    "cache": ("XDG_CACHE_HOME", "/.cache"),
}
_MAX_CONFIG_BYTES = 1024 * 1024
_MAX_CONVERSATIONS = 20
_MAX_TITLE = 60
_LOCK_TIMEOUT = 0.2  # seconds
_CONVERSATIONS = "SELECT uid, title FROM conversation ORDER BY used_at DESC, id DESC LIMIT ?"


def stored(kind: str, options: Mapping[str, str]) -> Iterable[tuple[str, str]]:
    """Return models, profiles or conversations, each with a description or "".

    `options`: options of the command line by their long spelling, to determine the server.
    """
    if kind == "conversations":
        return _conversations(os.environ)
    tables = _tables(os.environ)
    if kind == "models":
        base_url = base_url_of(options, os.environ, tables)
        names = model_cache.read(directory("cache", os.environ), base_url)
    else:
        names = [*filter(None, tables), _DEMO_PROFILE]
    return [(name, "") for name in dict.fromkeys(names) if _can_be_typed(name)]


def files(typed: str) -> list[str]:
    """Return the paths that begin with `typed`; directories end in a slash."""
    folder, slash, name = typed.rpartition("/")
    folder += slash
    try:
        with os.scandir(os.path.expanduser(folder) or ".") as found:  # noqa: PTH111 - pathlib costs 9 ms
            paths = [f"{folder}{entry.name}{'/' * entry.is_dir()}" for entry in found]
    except OSError:
        return []
    is_shown = name[:1] == "."
    paths = [path for path in paths if path.startswith(typed) and _can_be_typed(path)]
    return sorted(path for path in paths if is_shown or path[len(folder)] != ".")


def base_url_of(options: Mapping[str, str], environ: Mapping[str, str], tables: Tables) -> str:
    """Return the base URL for a command line, resolved as in config.resolution."""
    profile = options.get("--profile") or environ.get("SRCHAT_PROFILE")
    profile = profile or tables[""].get("profile") or ""
    found = (
        options.get("--base-url")
        or (_DEMO_BASE_URL if profile == _DEMO_PROFILE else "")
        or environ.get("SRCHAT_BASE_URL")
        or (tables.get(profile, {}).get("base_url") if profile else "")
        or environ.get("SOLIDRUST_BASE_URL")
        or tables[""].get("base_url")
        or _DEFAULT_BASE_URL
    )
    return found.strip().rstrip("/")


def _tables(environ: Mapping[str, str]) -> Tables:
    """Return the tables of the configuration file, {} if it is missing or invalid."""
    named = environ.get("SRCHAT_CONFIG")
    path = os.path.expanduser(named) if named else f"{directory('config', environ)}/config.toml"  # noqa: PTH111 - pathlib costs 9 ms
    folder = f"{path.rpartition('/')[0] or '.'}/profiles.d"
    try:
        names = sorted(name[:-5] for name in os.listdir(folder) if name.endswith(".toml"))  # noqa: PTH208 - as above
    except OSError:
        names = []
    own = {name: _read_tables(f"{folder}/{name}.toml").get("", {}) for name in names if name}
    return own | _read_tables(path)


def _read_tables(path: str) -> Tables:
    try:
        with open(path, "rb") as file:  # noqa: PTH123 - as above
            return read_profiles(file.read(_MAX_CONFIG_BYTES).decode())
    except (OSError, ValueError, RecursionError):
        return {"": {}}


def _conversations(environ: Mapping[str, str]) -> Iterable[tuple[str, str]]:
    import sqlite3  # noqa: PLC0415, TID251 - the store itself costs 25 ms more to load

    named = environ.get("SRCHAT_DATA")
    path = f"{os.path.expanduser(named) if named else directory('data', environ)}/history.db"  # noqa: PTH111 - as above
    connection = sqlite3.connect(_uri(path), timeout=_LOCK_TIMEOUT, uri=True)
    connection.text_factory = lambda data: data.decode("utf-8", "replace")
    rows = connection.execute(_CONVERSATIONS, (_MAX_CONVERSATIONS,)).fetchall()
    connection.close()
    return [(uid, _shown(title) or "(no title)") for uid, title in rows if _can_be_typed(uid)]


def _uri(path: str) -> str:
    """Return a URI that opens the file for reading only and does not create it."""
    for mark in "%?#":
        path = path.replace(mark, f"%{ord(mark):02x}")
    return f"file:{path}?mode=ro"


def _can_be_typed(value: str) -> bool:
    return bool(value) and value.isprintable()


def _shown(title: str) -> str:
    return "".join(char if char.isprintable() else " " for char in title[:_MAX_TITLE]).strip()


def directory(kind: str, environ: Mapping[str, str]) -> str:
    """Return srchat's directory for configuration, data or the cache.

    The common case of Linux is computed here, because platformdirs takes 15 ms to load.
    """
    variable, usual = _PLACES[kind]
    place = environ.get(variable) or (environ.get("HOME") or "~") + usual
    if sys.platform == "linux" and place[:1] == "/" and place.strip() == place:
        return f"{place}/srchat"
    from srchat import paths  # noqa: PLC0415 - as above

    if kind == "cache":
        return str(paths.cache_path())
    return str(paths.data_path(environ) if kind == "data" else paths.config_path(environ).parent)
