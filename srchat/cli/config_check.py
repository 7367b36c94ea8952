"""`srchat config check`: is the file right, and does the server answer?"""

from pathlib import Path

import typer

from srchat.cli import options
from srchat.cli.runtime import Runtime
from srchat.config.settings import did_you_mean
from srchat.output.sanitize import one_line


def check(
    ctx: typer.Context,
    *,
    profile: options.Profile = None,
    base_url: options.BaseUrl = None,
    timeout: options.Timeout = None,
    retries: options.Retries = None,
    max_wait: options.MaxWait = None,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
) -> None:
    """Check the file with all its profiles; try server and key."""
    runtime: Runtime = ctx.obj
    runtime.read_options(ctx.params)
    there = Path(runtime.file.path).exists()
    _print(runtime, f"{runtime.file.path}: {'valid' if there else 'not there, the defaults hold'}")
    config = runtime.config
    offered = [model.id for model in runtime.models()]
    _print(runtime, f"{config.base_url}: answers, models: {len(offered)}")
    if config.model in offered:
        _print(runtime, f"{config.model}: offered")
    else:
        # Not an error: servers know models by more names than they list.
        hint = did_you_mean(config.model, offered) if offered else "it offers none"
        runtime.messages.tell(f"the server does not list the model {config.model} ({hint})")


def _print(runtime: Runtime, text: str) -> None:
    runtime.stdout.write(f"{one_line(text)}\n")
