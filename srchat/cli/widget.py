"""`srchat widget`: print a widget that turns typed words into a command."""

import re
from typing import Annotated, Final

import typer

from srchat.cli.completion import Shell
from srchat.cli.process import Process
from srchat.errors import UsageError
from srchat.widget_scripts import BINDINGS, EXAMPLE_KEYS, WIDGETS

# Names of keys in any shell, without characters that need quotes.
_KEY: Final = re.compile(r"[\w\\^\[\]?@,.:+=/-]{1,20}", re.ASCII)


def widget(
    ctx: typer.Context,
    shell: Annotated[Shell, typer.Argument(help="The shell.", show_default=False)],
    *,
    key: Annotated[
        str | None,
        typer.Option(
            "--key",
            metavar="KEYS",
            help="Key to bind, in the shell's notation.",
            show_default=False,
        ),
    ] = None,
) -> None:
    r"""Print a widget that turns typed words into a command.

    The command is put on the command line and not run. For bash:

        eval "$(srchat widget bash --key '\C-xs')"
    """
    process: Process = ctx.obj
    if key is not None and not _KEY.fullmatch(key):
        raise UsageError(
            f"--key {key!r} is not a key of {shell}", hint=f"for example: {EXAMPLE_KEYS[shell]}"
        )
    binding = BINDINGS[shell].replace("{key}", key or EXAMPLE_KEYS[shell])
    line = binding if key is not None else f"# To bind a key: {binding}"
    process.stdout.write(WIDGETS[shell].replace("{bind}", line))
