"""Manual pages and completion data, made from the command tree and the table of settings.

`python -m tools.generate` writes man/ and srchat/command_tree.py, `--check` compares them.
Every module here turns a tree into text and touches nothing else.
"""

import typer.main

from srchat.cli.app import app
from tools.generate import completion, manual
from tools.generate.command_tree import command_tree


def generated() -> dict[str, str]:
    """Return every generated text by its path in the repository."""
    tree = command_tree(typer.main.get_command(app))
    pages = {f"man/{name}": text for name, text in manual.pages(tree).items()}
    return {"srchat/command_tree.py": completion.module(tree)} | pages
