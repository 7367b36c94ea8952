"""`srchat batch`: many requests from one file."""

import typer

from srchat.cli.batch_make import make
from srchat.cli.batch_read import read
from srchat.cli.batch_run import run
from srchat.cli.batch_server import cancel, fetch, status, submit

batch_app = typer.Typer(help="Run many prompts from one file.", rich_markup_mode=None)
batch_app.command()(make)
batch_app.command()(run)
batch_app.command()(read)
batch_app.command()(submit)
batch_app.command()(status)
batch_app.command()(fetch)
batch_app.command()(cancel)


@batch_app.callback(invoke_without_command=True)
def batch(ctx: typer.Context) -> None:
    """Run many prompts from one file.

    The file is in OpenAI's batch format, which other engines run, too.

    seq 3 | srchat batch make "square {line}" > in.jsonl
    """
    if ctx.invoked_subcommand is None:
        typer.echo(ctx.get_help())
