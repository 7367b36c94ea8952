"""Completion scripts and manual pages, made from the command tree and the table of settings.

`python -m srchat.cli.generate` writes them into completions/ and man/, `--check` compares.
Every module here turns a tree into text and touches nothing else; the wheel leaves them out.
"""

import typer.main

from srchat.cli.app import app
from srchat.cli.generate import bash, fish, manual, zsh
from srchat.cli.generate.command_tree import Command, command_tree


def generated() -> dict[str, str]:
    """Return every generated text by its path in the repository."""
    tree = command_tree(typer.main.get_command(app))
    return completions(tree) | {f"man/{name}": text for name, text in manual.pages(tree).items()}


def completions(tree: Command) -> dict[str, str]:
    """Return the completion scripts by their path in the repository."""
    return {
        "completions/srchat.bash": bash.script(tree),
        "completions/_srchat": zsh.script(tree),
        "completions/srchat.fish": fish.script(tree),
    }
