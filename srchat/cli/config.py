"""`srchat config`: show and change settings."""

import os
from typing import Annotated, Any, NamedTuple

import typer

from srchat import paths
from srchat.api.key import masked
from srchat.cli import options
from srchat.cli.config_check import check
from srchat.cli.config_editing import edit
from srchat.cli.config_init import init
from srchat.cli.config_notices import (
    report_key_in_use,
    report_overrides,
)
from srchat.cli.config_unset import unset
from srchat.cli.config_value import InProfile, new_value
from srchat.cli.process import Process
from srchat.cli.settings import Settings, read_settings
from srchat.config import edit as config_edit
from srchat.config.checks import setting_named
from srchat.config.keys import KEY_SETTINGS
from srchat.config.layers import LayerKind
from srchat.config.resolution import Resolved
from srchat.config.settings import DEMO_PROFILE, PROFILE, SETTINGS
from srchat.config.tables import Headers
from srchat.config.toml_edit import toml_value
from srchat.config.value_types import CommandLine
from srchat.terminal.sanitize import one_line, sanitized
from srchat.terminal.streams import Output
from srchat.theme import NOTE, OWN_SETTING

config_app = typer.Typer(help="Show and change settings.", rich_markup_mode=None)

Name = Annotated[str, typer.Argument(metavar="NAME", help="The setting.", show_default=False)]
Values = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="VALUE...",
        help="Value; - reads it from stdin. Lists take several.",
        show_default=False,
    ),
]


@config_app.callback(invoke_without_command=True)
def config(ctx: typer.Context) -> None:
    """Show and change settings.

    Options override variables SRCHAT_NAME, which override the profile, which overrides the top
    level of the file. To enter a key without showing it: srchat config set api_key
    """
    if ctx.invoked_subcommand is None:
        typer.echo(ctx.get_help())


@config_app.command()
def show(
    ctx: typer.Context,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    profile: options.Profile = None,
) -> None:
    """Print every setting and its origin; the key is masked.

    Settings that are not the default come first, on a terminal in color.
    """
    process: Process = ctx.obj
    settings = read_settings(process, {"profile": profile})
    if as_json:
        process.print_json(_document(settings))
    else:
        process.stdout.write(_listing(settings, process.stdout))


@config_app.command()
def get(
    ctx: typer.Context,
    name: Name,
    *,
    origin: Annotated[
        bool, typer.Option("--origin", help="Print the origin, a tab and the value.")
    ] = False,
    profile: options.Profile = None,
) -> None:
    """Print the value of one setting."""
    process: Process = ctx.obj
    settings = read_settings(process, {"profile": profile})
    value, comes_from = _value(settings.resolved, name)
    if value is None:
        process.messages.info(f"{name} is not set")
        return
    text = value if isinstance(value, str) else toml_value(value)
    process.stdout.write_foreign(f"{comes_from}\t{text}\n" if origin else f"{text}\n")


@config_app.command("set")
def set_value(
    ctx: typer.Context, name: Name, values: Values = None, *, profile: InProfile = None
) -> None:
    """Set one setting. The rest of the file is unchanged.

    srchat config set model qwen3-4b

    srchat config set --profile work base_url https://llm.example.com/v1
    """
    process: Process = ctx.obj
    path = paths.config_path(process.environ)
    if not values and "=" in name:
        name, _, value_text = name.partition("=")
        values = [value_text]
    value = new_value(process, path, name, values or [], profile)
    config_edit.set_values(path, profile, {name: value})
    if process.stderr.is_terminal or name == "api_key":  # typed without echo
        where = f"profile {profile} of {path}" if profile else path
        process.messages.info(f"saved {name} in {where}")
    if not report_overrides(process, path, [name], profile) and name == "base_url":
        report_key_in_use(process, path, profile)


config_app.command()(unset)


@config_app.command("path")
def show_path(ctx: typer.Context) -> None:
    """Print the path of the configuration file, whether or not it exists."""
    process: Process = ctx.obj
    path = paths.config_path(process.environ)
    if process.stdout.is_terminal:
        process.stdout.write_foreign(f"{path}\n")
    else:
        process.stdout.write_bytes(os.fsencode(path) + b"\n")  # a path may not be UTF-8


config_app.command()(edit)
config_app.command()(init)
config_app.command()(check)


def _value(settings: Resolved, name: str) -> tuple[object, str]:
    """Return a value for display and its origin."""
    origin = one_line(settings.origins.get(name, ""))
    if name == PROFILE:
        return settings.profile, origin
    entry = setting_named(name, "config get")
    value = getattr(settings.config, name)
    if entry.secret and value:
        value = masked(str(value))
    elif isinstance(entry.value_type, Headers) and value:
        value = {header: masked(text) for header, text in value.items()}
    elif isinstance(entry.value_type, CommandLine) and value:
        value = (value[0], "…") if value[1:] else value  # its arguments may contain a key
    return value, origin


def _document(settings: Settings) -> dict[str, Any]:
    shown = {name: _value(settings.resolved, name) for name in SETTINGS}
    return {
        "path": settings.file.path,
        "profile": settings.resolved.profile,
        "profiles": sorted({*settings.file.profile_names, DEMO_PROFILE}),
        "settings": {name: {"value": v, "origin": origin} for name, (v, origin) in shown.items()},
    }


def _listing(settings: Settings, output: Output) -> str:
    """Return all settings as TOML with their origins as comments, the defaults last."""
    resolved = settings.resolved
    names = ", ".join(map(one_line, sorted({*settings.file.profile_names, DEMO_PROFILE})))
    profile = one_line(resolved.profile) if resolved.profile else "none"
    own = [name for name in SETTINGS if resolved.kinds[name] is not LayerKind.DEFAULT]
    rest = [name for name in SETTINGS if name not in own]
    own_rows = [row for name in own for row in _rows(resolved, name)]
    return "".join(
        f"{row}\n"
        for row in (
            output.styled(f"# {one_line(settings.file.path)}", NOTE),
            output.styled(f"# profile: {profile} (available: {names})", NOTE),
            *(row.shown(output, OWN_SETTING) for row in own_rows),
            *(["", output.styled("# Defaults", NOTE)] if own else []),
            *(row.shown(output) for name in rest for row in _rows(resolved, name)),
        )
    )


class _Row(NamedTuple):
    """A line of TOML: an assignment, and a comment."""

    assignment: str
    comment: str

    def shown(self, output: Output, style: str = "") -> str:
        """Return the line in the colors of the theme. `style`: of the assignment."""
        assignment = sanitized(self.assignment) if output.renders else self.assignment
        if style:
            assignment = output.styled(assignment, style)
        return "  ".join(filter(None, (assignment, output.styled(self.comment, NOTE))))


def _rows(resolved: Resolved, name: str) -> list[_Row]:
    width = max(map(len, SETTINGS))
    value, origin = _value(resolved, name)
    if value is None:
        return [_Row("", f"# {name} is not set")]
    if name in KEY_SETTINGS and resolved.withheld:
        origin += "; not sent: it belongs to another server"
    entries = {name: value}
    if isinstance(value, dict):
        entries = {f"{name}.{key}": each for key, each in value.items()}
    return [
        _Row(f"{key:<{width}} = {toml_value(each)}", f"# {origin}") for key, each in entries.items()
    ]
