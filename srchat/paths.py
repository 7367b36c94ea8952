"""The paths of configuration and data: the platform's, or from a variable."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

import platformdirs

from srchat.errors import ConfigError, SrchatError, StoreError

_NOWHERE: Final = Path(os.devnull)  # not a directory, so that nothing is found or stored


def config_path(environ: Mapping[str, str]) -> Path:
    """Return the path of config.toml; `SRCHAT_CONFIG` overrides it.

    Raises ConfigError if the user has no home directory.
    """
    if named := environ.get("SRCHAT_CONFIG"):
        return Path(os.path.expanduser(named))  # noqa: PTH111 - Path.expanduser raises for ~nobody
    return _directory(platformdirs.user_config_dir, ConfigError) / "config.toml"


def data_path(environ: Mapping[str, str]) -> Path:
    """Return the data directory; `SRCHAT_DATA` overrides it.

    Raises StoreError if the user has no home directory.
    """
    if named := environ.get("SRCHAT_DATA"):
        return Path(os.path.expanduser(named))  # noqa: PTH111 - Path.expanduser raises for ~nobody
    return _directory(platformdirs.user_data_dir, StoreError)


def database_path(environ: Mapping[str, str]) -> Path:
    """Return the path of the history."""
    return data_path(environ) / "history.db"


def typed_lines_path(environ: Mapping[str, str]) -> Path:
    """Return the path of the input history of chats."""
    try:
        return data_path(environ) / "typed_lines"
    except StoreError:
        return _NOWHERE / "typed_lines"


def cache_path() -> Path:
    """Return the cache directory."""
    try:
        return _directory(platformdirs.user_cache_dir, StoreError)
    except StoreError:
        return _NOWHERE


def _directory(place: Callable[..., str], failure: type[SrchatError]) -> Path:
    """Return the platform's directory for one kind of files.

    Raises `failure` if the user has no home directory, as in some containers. platformdirs raises
    RuntimeError then, and older versions return a directory `~` in the working directory.
    """
    try:
        path = Path(place("srchat", appauthor=False))
    except RuntimeError:
        path = Path("~")
    if not path.is_absolute():
        raise failure(
            "this user has no home directory",
            hint="set HOME, or SRCHAT_CONFIG and SRCHAT_DATA",
        )
    return path
