"""`srchat models`: list the models of the server."""

from typing import Annotated

import typer

from srchat.api.models import Model
from srchat.cli import options
from srchat.cli.process import Process
from srchat.cli.settings import open_library, open_session, read_settings
from srchat.terminal.sanitize import one_line
from srchat.turn_view import list_models


@options.with_connection_options
def models(
    ctx: typer.Context,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON array.")] = False,
    profile: options.Profile = None,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
    **_settings: object,
) -> None:
    """List the models that the server offers.

    A pipe gets one name per line.
    """
    process: Process = ctx.obj
    settings = read_settings(process, ctx.params)
    session = open_session(process, settings, open_library(process), keep=True)
    found = list_models(session, process.messages)
    if not found:
        process.messages.warning(f"{settings.config.base_url} lists no models")
    if as_json:
        process.print_json([model.to_json() for model in found])
    elif process.stdout.is_terminal:
        process.stdout.write_foreign(_table(found, settings.config.model))
    else:
        process.stdout.write_foreign("".join(f"{model.id}\n" for model in found))


def _table(found: list[Model], default: str) -> str:
    width = max((len(model.id) for model in found), default=0)
    return "".join(_row(model, width, is_default=model.id == default) for model in found)


def _row(model: Model, width: int, *, is_default: bool) -> str:
    window = f"{model.context_window} tokens" if model.context_window else ""
    details = "  ".join(filter(None, (one_line(model.owned_by), window)))
    mark = "*" if is_default else " "
    return f"{mark} {one_line(model.id):<{width}}  {details}".rstrip() + "\n"
