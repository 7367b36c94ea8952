"""`srchat config unset`: unset one setting, or delete a profile."""

from pathlib import Path
from typing import Annotated

import typer

from srchat import paths
from srchat.cli.config_notices import report_key_in_use
from srchat.cli.config_value import InProfile
from srchat.cli.process import Process
from srchat.cli.questions import Questions
from srchat.config import edit as config_edit
from srchat.config import file as config_file
from srchat.config.checks import setting_named
from srchat.config.settings import DEMO_PROFILE, PROFILE, TABLES
from srchat.errors import ConfigError, UsageError
from srchat.suggestions import did_you_mean


def unset(
    ctx: typer.Context,
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="[NAME]",
            help="The setting; default: delete the whole profile.",
            show_default=False,
        ),
    ] = None,
    *,
    profile: InProfile = None,
    yes: Annotated[bool, typer.Option("-y", "--yes", help="Do not ask for confirmation.")] = False,
) -> None:
    """Unset one setting, or delete a profile. The rest of the file is unchanged."""
    process: Process = ctx.obj
    path = paths.config_path(process.environ)
    if name:
        _unset_setting(process, path, name, profile)
    elif profile:
        _delete_profile(process, path, profile, yes=yes)
    else:
        raise UsageError(
            "config unset: which setting, or which profile?",
            hint="srchat config unset NAME; srchat config unset -p PROFILE",
        )


def _unset_setting(process: Process, path: Path, name: str, profile: str | None) -> None:
    if name == "profiles" and not profile:
        raise UsageError(
            "config unset: delete one profile at a time",
            hint="srchat config unset -p PROFILE",
        )
    if config_edit.is_set(path, profile, name):
        config_edit.set_values(path, profile, {name: None})
        if name == "base_url":
            report_key_in_use(process, path, profile)
        return
    if name != PROFILE and name.partition(".")[0] not in TABLES:
        setting_named(name, "config unset")
    place = f"profile {profile} of {path}" if profile else f"{path}"
    process.messages.info(f"{name} is not set in {place}")


def _delete_profile(process: Process, path: Path, profile: str, *, yes: bool) -> None:
    names, default = config_edit.list_profiles(path)
    if profile not in [*names, *config_file.profile_paths(path)]:
        if profile == DEMO_PROFILE:
            raise UsageError(f"config unset: the profile {DEMO_PROFILE} is built in")
        hint = did_you_mean(profile, names) if names else "there are no profiles"
        raise ConfigError(f"config unset: no profile {profile!r} in {path}", hint=hint)
    if not yes:
        _confirm(process, profile)
    config_edit.delete_profile(path, profile)
    rest = "; it was the default profile, now none is set" if profile == default else ""
    process.messages.info(f"profile {profile} deleted{rest}")


def _confirm(process: Process, profile: str) -> None:
    questions = Questions(process)
    if not questions.interactive:
        raise UsageError(f"deleting the profile {profile!r} without a terminal needs --yes")
    if not questions.confirm(f"delete the profile {profile!r}?", default=False):
        raise UsageError("nothing was deleted")
