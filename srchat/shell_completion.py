"""`srchat __complete models|profiles|conversations [WORD]...`: values for a shell at a TAB.

The completion scripts call this with the words on the line. It answers from files alone,
a value a line, with a description behind a tab; it is silent about everything that is wrong.
Nothing slow is loaded, so that a TAB is answered as fast as Python starts. Values that could
not be typed, or would drive a terminal, are left out.
"""

from __future__ import annotations

import os
import sys

from srchat import model_cache
from srchat.config.glance import Tables, glance

TYPE_CHECKING = False  # that of typing, which costs 5 ms to load
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

# As in srchat.config.settings, which takes 30 ms to load; a test holds them together.
_DEMO_PROFILE = "demo"
_DEMO_BASE_URL = "http://demo.invalid/v1"
_DEFAULT_BASE_URL = "https://api.solidrust.ai/v1"

# The options of one letter that take no value: others may stand behind them in one word, -qpwork.
_WITHOUT_VALUE = "cehqvxy"
_PLACES = {
    "config": ("XDG_CONFIG_HOME", "/.config"),
    "data": ("XDG_DATA_HOME", "/.local/share"),
    "cache": ("XDG_CACHE_HOME", "/.cache"),
}
_MOST_BYTES = 1024 * 1024
_MOST_CONVERSATIONS = 200
_LONGEST_TITLE = 60
_PATIENCE = 0.2  # seconds to wait for a locked history
_CONVERSATIONS = "SELECT uid, title FROM conversation ORDER BY used_at DESC, id DESC LIMIT ?"


def main(arguments: Sequence[str]) -> None:
    """Print the values of one kind. Nothing is raised."""
    try:
        text = "".join(f"{line}\n" for line in _values(arguments, os.environ))
        data = text.encode()
        while data:
            data = data[os.write(1, data) :]
    except (Exception, KeyboardInterrupt):  # noqa: BLE001 - a shell that completes shows no errors
        return


def _values(arguments: Sequence[str], environ: Mapping[str, str]) -> Iterable[str]:
    kind, words = arguments[0], [_unquoted(word) for word in arguments[1:]]
    if kind == "models":
        base_url = base_url_of(words, environ, _tables(environ))
        return filter(_can_be_typed, model_cache.read(_directory("cache", environ), base_url))
    if kind == "profiles":
        names = [name for name in _tables(environ) if name]
        return filter(_can_be_typed, dict.fromkeys([*names, _DEMO_PROFILE]))
    if kind == "conversations":
        return _conversations(environ)
    return ()


def base_url_of(words: Sequence[str], environ: Mapping[str, str], tables: Tables) -> str:
    """Return the server that a command line is about, by the order of `srchat.config.settings`."""
    profile = _option(words, "p", "--profile") or environ.get("SRCHAT_PROFILE")
    profile = profile or tables[""].get("profile") or ""
    found = (
        _option(words, "", "--base-url")
        or (_DEMO_BASE_URL if profile == _DEMO_PROFILE else "")
        or environ.get("SRCHAT_BASE_URL")
        or (tables.get(profile, {}).get("base_url") if profile else "")
        or environ.get("SOLIDRUST_BASE_URL")
        or tables[""].get("base_url")
        or _DEFAULT_BASE_URL
    )
    return found.strip().rstrip("/")


def _option(words: Sequence[str], short: str, long: str) -> str:
    """Return the value of an option, the last one where there are several, "" for none."""
    value = ""
    for word, following in zip(words, [*words[1:], ""], strict=True):
        if word.startswith(f"{long}="):
            value = word.removeprefix(f"{long}=")
        elif word == long:
            value = following
        elif short and word[:1] == "-" and (bundle := word[1:].lstrip(_WITHOUT_VALUE))[:1] == short:
            value = bundle[1:] or following
    return value


def _unquoted(word: str) -> str:
    """Return a word about as a shell would: bash and zsh hand over what was typed."""
    plain, quote, escaped = "", "", False
    for char in word:
        if escaped:
            plain, escaped = plain + char, False
        elif char == "\\" and quote != "'":
            escaped = True
        elif char in "\"'" and quote in ("", char):
            quote = "" if quote else char
        else:
            plain += char
    return word if quote or escaped else plain


def _tables(environ: Mapping[str, str]) -> Tables:
    """Return what the configuration file says, nothing where it is broken or missing."""
    named = environ.get("SRCHAT_CONFIG")
    path = os.path.expanduser(named) if named else f"{_directory('config', environ)}/config.toml"  # noqa: PTH111 - pathlib costs 9 ms
    try:
        with open(path, "rb") as file:  # noqa: PTH123 - as above
            return glance(file.read(_MOST_BYTES).decode())
    except (OSError, ValueError, RecursionError):
        return {"": {}}


def _conversations(environ: Mapping[str, str]) -> Iterable[str]:
    import sqlite3  # noqa: PLC0415, TID251 - the store itself costs 25 ms more to load

    named = environ.get("SRCHAT_DATA")
    path = f"{os.path.expanduser(named) if named else _directory('data', environ)}/history.db"  # noqa: PTH111 - as above
    connection = sqlite3.connect(_uri(path), timeout=_PATIENCE, uri=True)
    connection.text_factory = lambda data: data.decode("utf-8", "replace")
    rows = connection.execute(_CONVERSATIONS, (_MOST_CONVERSATIONS,)).fetchall()
    connection.close()
    return [f"{uid}\t{_shown(title)}" for uid, title in rows if _can_be_typed(uid)]


def _uri(path: str) -> str:
    """Return the name under which SQLite only reads the file, and makes none."""
    for mark in "%?#":
        path = path.replace(mark, f"%{ord(mark):02x}")
    return f"file:{path}?mode=ro"


def _can_be_typed(value: str) -> bool:
    return bool(value) and value.isprintable()


def _shown(title: str) -> str:
    return "".join(char if char.isprintable() else " " for char in title[:_LONGEST_TITLE]).strip()


def _directory(kind: str, environ: Mapping[str, str]) -> str:
    """Return srchat's directory for configuration, data or the cache.

    The plain case of Linux is worked out here: platformdirs costs 15 ms to load.
    """
    variable, usual = _PLACES[kind]
    place = environ.get(variable) or (environ.get("HOME") or "~") + usual
    if sys.platform == "linux" and place[:1] == "/" and place.strip() == place:
        return f"{place}/srchat"
    from srchat import paths  # noqa: PLC0415 - as above

    if kind == "cache":
        return str(paths.cache_path())
    return str(paths.data_path(environ) if kind == "data" else paths.config_path(environ).parent)
