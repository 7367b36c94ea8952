"""`srchat config check`: check the file, the server and the key."""

from pathlib import Path

import typer

from srchat.cli import options
from srchat.cli.process import Process
from srchat.cli.settings import open_library, open_session, read_settings
from srchat.config import file as config_file
from srchat.errors import ConfigError
from srchat.plural import counted
from srchat.suggestions import did_you_mean
from srchat.terminal.sanitize import one_line
from srchat.turn_view import list_models


@options.with_connection_options
def check(
    ctx: typer.Context,
    *,
    profile: options.Profile = None,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
    **_settings: object,
) -> None:
    """Check the file with all its profiles, then the server and the key."""
    from srchat.config.profile_files import check_profiles  # noqa: PLC0415 - few users have any

    process: Process = ctx.obj
    settings = read_settings(process, ctx.params)
    path, config = settings.file.path, settings.config
    check_profiles(config_file.load(Path(path)))
    is_there = Path(path).exists()
    _print(process, f"{path}: {'valid' if is_there else 'not found, using defaults'}")
    session = open_session(process, settings, open_library(process), keep=False)
    found = list_models(session, process.messages)
    offered = [model.id for model in found]
    _print(process, f"{config.base_url}: OK, {counted(len(offered), 'model')}")
    if config.model in offered:
        _print(process, f"{config.model}: offered")
    else:
        hint = did_you_mean(config.model, offered) if offered else "it lists no models"
        raise ConfigError(f"the server does not list the model {config.model}", hint=hint)


def _print(process: Process, text: str) -> None:
    process.stdout.write(f"{one_line(text)}\n")
