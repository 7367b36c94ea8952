"""`srchat completion`: print the completion script for a shell."""

from enum import StrEnum
from typing import Annotated

import typer

from srchat.cli.process import Process
from srchat.completion_scripts import SCRIPTS


class Shell(StrEnum):
    """The shells with completion."""

    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"


def completion(
    ctx: typer.Context, shell: Annotated[Shell, typer.Argument(help="The shell.")]
) -> None:
    """Print the completion script for a shell.

    For bash, add this line to ~/.bashrc; for zsh, to ~/.zshrc with `zsh` in place of `bash`:

        eval "$(srchat completion bash)"
    """
    process: Process = ctx.obj
    process.stdout.write(SCRIPTS[shell])
