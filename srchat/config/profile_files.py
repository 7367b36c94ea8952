"""Profiles in separate files: `profiles.d/NAME.toml` beside config.toml, or any path.

A profile from a path may come from a repository that the user does not trust. It must not set the
server, a key or headers, and it reads files only from its own directory.
"""

import os
from pathlib import Path
from typing import Final

from srchat.config import file as config_file
from srchat.config.resolution import FileSettings
from srchat.errors import ConfigError

_FORBIDDEN_SETTINGS: Final = ("base_url", "api_key", "api_key_command", "headers", "allow_http")


def is_path(profile: str) -> bool:
    """Tell whether the argument of --profile is a path rather than a name."""
    return "/" in profile or profile.endswith(".toml")


def with_profile(file: FileSettings, name: str, *, from_option: bool) -> FileSettings:
    """Return `file` with the profile `name` added if it is in a separate file.

    `from_option`: a path is allowed. Raises ConfigError.
    """
    if from_option and is_path(name):
        return _with(file, name, _read_from_path(name))
    if name not in file.profile_paths:
        return file
    path = file.profile_paths[name]
    if name in file.profiles:
        raise ConfigError(
            f"profile {name} is in both {file.path} and {path}", hint="delete one of them"
        )
    return _with(file, name, config_file.load_profile(Path(path)))


def check_profiles(file: FileSettings) -> None:
    """Check all profiles in profiles.d. Raises ConfigError for the first that is invalid."""
    for name in file.profile_names:
        with_profile(file, name, from_option=False)


def _with(file: FileSettings, name: str, own: FileSettings) -> FileSettings:
    return file._replace(
        profiles={**file.profiles, name: own.values},
        profile_paths={**file.profile_paths, name: own.path},
        exposed=(*file.exposed, *own.exposed),
    )


def _read_from_path(name: str) -> FileSettings:
    path = Path(os.path.expanduser(name))  # noqa: PTH111 - Path.expanduser raises for ~nobody
    if not path.is_file():
        raise ConfigError(f"no profile {name}: no such file")
    own = config_file.load_profile(path)
    if forbidden := [each for each in _FORBIDDEN_SETTINGS if each in own.values]:
        raise ConfigError(
            f"{name}: a profile given by its path may not set {forbidden[0]}",
            hint="if you trust it, move it to profiles.d beside your configuration file",
        )
    return own
