"""Where configuration and data live: the platform's own places, unless a variable says else."""

from collections.abc import Mapping
from pathlib import Path

import platformdirs


def config_path(environ: Mapping[str, str]) -> Path:
    """Return the path of config.toml; `SRCHAT_CONFIG` names another one."""
    if named := environ.get("SRCHAT_CONFIG"):
        return Path(named).expanduser()
    return Path(platformdirs.user_config_dir("srchat", appauthor=False)) / "config.toml"
