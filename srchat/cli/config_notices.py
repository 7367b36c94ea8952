"""Notices after a change of the configuration."""

import contextlib
from collections.abc import Iterable
from pathlib import Path

from srchat.cli.process import Process
from srchat.config import file as config_file
from srchat.config.keys import KEY_SETTINGS
from srchat.config.layers import LayerKind
from srchat.config.resolution import Resolved, resolve
from srchat.errors import SrchatError


def report_overrides(
    process: Process, path: Path, names: Iterable[str], profile: str | None
) -> bool:
    """Report what overrides the settings just set. Return whether anything does."""
    own = LayerKind.PROFILE if profile else LayerKind.FILE
    found = False
    with contextlib.suppress(SrchatError):  # other errors are reported when the settings are used
        settings = _effective(process, path, profile)
        for name in names:
            if override := _override_of(settings, name, own):
                process.messages.warning(f"{name} is set, but {override}")
                found = True
    return found


def report_key_in_use(process: Process, path: Path, profile: str | None) -> None:
    """Report which key is sent to the server, after a change of its base URL."""
    with contextlib.suppress(SrchatError):
        settings = _effective(process, path, profile)
        if settings.key_setting:
            process.messages.info(f"{_key(settings)} goes to {settings.config.base_url}")


def _effective(process: Process, path: Path, profile: str | None) -> Resolved:
    return resolve(config_file.load(path), process.environ, {}, profile)


def _override_of(settings: Resolved, name: str, own: LayerKind) -> str:
    """Return what overrides a value, "" if nothing does."""
    base_url = settings.config.base_url
    if name not in settings.kinds:  # parameters of all layers are merged
        return ""
    if settings.kinds[name] is not own:
        precedence = f"{settings.origins[name]} takes precedence"
        return (
            f"{precedence}: requests go to {base_url}{_with_key(settings)}"
            if name == "base_url"
            else precedence
        )
    if name in KEY_SETTINGS and settings.withheld_kind is own:
        return f"it is not sent to {base_url} ({settings.origins['base_url']})"
    if name in KEY_SETTINGS and settings.key_setting not in (None, name):
        return f"{_key(settings)} takes precedence"
    return ""


def _with_key(settings: Resolved) -> str:
    return f", with {_key(settings)}" if settings.key_setting else ""


def _key(settings: Resolved) -> str:
    name = settings.key_setting or ""
    return f"the {name} of {settings.origins[name]}"
