"""What is worth a word after the configuration was changed."""

import contextlib
from collections.abc import Iterable
from pathlib import Path

from srchat.cli.runtime import Runtime
from srchat.config import file as config_file
from srchat.config.settings import SETTINGS, Resolved, resolve
from srchat.errors import SrchatError


def tell_backup(runtime: Runtime, backup: Path | None) -> None:
    """Say that the file was written anew, and where the old one is."""
    if backup:
        runtime.messages.tell(
            f"the file could not be edited in place and was written anew; the old one is {backup}"
        )


def tell_what_is_stronger(
    runtime: Runtime, path: Path, names: Iterable[str], profile: str | None
) -> None:
    """Say of each setting that was set whether its new value is not the one in force."""
    own = f"profile {profile}" if profile else str(path)
    with contextlib.suppress(SrchatError):  # what else is wrong is told when it is used
        origins = _in_force(runtime, path, profile).origins
        for name in names:
            if name in SETTINGS and origins[name] != own:
                runtime.messages.say(f"{name} is set, but {origins[name]} is stronger")


def tell_where_the_key_goes(runtime: Runtime, path: Path, profile: str | None) -> None:
    """Say that the key of the file goes to the server that was set."""
    with contextlib.suppress(SrchatError):
        settings = _in_force(runtime, path, profile)
        if settings.key or settings.key_command:
            key = "api_key" if settings.key else "api_key_command"
            runtime.messages.say(
                f"the {key} of {settings.origins[key]} now goes to {settings.config.base_url}"
            )


def _in_force(runtime: Runtime, path: Path, profile: str | None) -> Resolved:
    return resolve(config_file.load(path), runtime.environ, {}, profile)
