"""Where configuration and data live: where the platform keeps them, or a variable says."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

import platformdirs

from srchat.errors import ConfigError, SrchatError, StoreError

_NOWHERE: Final = Path(os.devnull)  # no directory: nothing is found there, and nothing can be kept


def config_path(environ: Mapping[str, str]) -> Path:
    """Return the path of config.toml; `SRCHAT_CONFIG` names another one.

    Raises ConfigError for a user without a home directory.
    """
    if named := environ.get("SRCHAT_CONFIG"):
        return Path(os.path.expanduser(named))  # noqa: PTH111 - Path's own fails for ~nobody
    return _directory(platformdirs.user_config_dir, ConfigError) / "config.toml"


def data_path(environ: Mapping[str, str]) -> Path:
    """Return the directory of what srchat keeps; `SRCHAT_DATA` names another one.

    Raises StoreError for a user without a home directory.
    """
    if named := environ.get("SRCHAT_DATA"):
        return Path(os.path.expanduser(named))  # noqa: PTH111 - Path's own fails for ~nobody
    return _directory(platformdirs.user_data_dir, StoreError)


def database_path(environ: Mapping[str, str]) -> Path:
    """Return the path of the stored conversations."""
    return data_path(environ) / "history.db"


def typed_lines_path(environ: Mapping[str, str]) -> Path:
    """Return the path of the lines that were typed in chats."""
    try:
        return data_path(environ) / "typed_lines"
    except StoreError:
        return _NOWHERE / "typed_lines"


def cache_path() -> Path:
    """Return the directory of what can be fetched again."""
    try:
        return _directory(platformdirs.user_cache_dir, StoreError)
    except StoreError:
        return _NOWHERE


def _directory(place: Callable[..., str], failure: type[SrchatError]) -> Path:
    """Return where the platform keeps one kind of files.

    Raises `failure` for a user without a home, as a container may have: platformdirs raises
    RuntimeError, and its older versions return a directory `~` in the working directory.
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
