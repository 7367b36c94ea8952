"""Where configuration and data live: where the platform keeps them, or a variable says."""

import os
from collections.abc import Mapping
from pathlib import Path

import platformdirs


def config_path(environ: Mapping[str, str]) -> Path:
    """Return the path of config.toml; `SRCHAT_CONFIG` names another one."""
    if named := environ.get("SRCHAT_CONFIG"):
        return Path(os.path.expanduser(named))  # noqa: PTH111 - Path's own fails for ~nobody
    return Path(platformdirs.user_config_dir("srchat", appauthor=False)) / "config.toml"


def data_path(environ: Mapping[str, str]) -> Path:
    """Return the directory of what srchat keeps; `SRCHAT_DATA` names another one."""
    if named := environ.get("SRCHAT_DATA"):
        return Path(os.path.expanduser(named))  # noqa: PTH111 - Path's own fails for ~nobody
    return Path(platformdirs.user_data_dir("srchat", appauthor=False))


def database_path(environ: Mapping[str, str]) -> Path:
    """Return the path of the stored conversations."""
    return data_path(environ) / "history.db"


def typed_lines_path(environ: Mapping[str, str]) -> Path:
    """Return the path of the lines that were typed in chats."""
    return data_path(environ) / "typed_lines"


def cache_path() -> Path:
    """Return the directory of what can be fetched again."""
    return Path(platformdirs.user_cache_dir("srchat", appauthor=False))
