"""Manual pages, completion scripts and their data, from the command tree and the settings.

`python -m tools.generate` writes man/, completions/ and srchat/command_tree.py; `--check`
compares them with a fresh run.
Every module here turns a tree into text and touches nothing else.
"""

from typing import Final

import typer.main

from srchat.cli.app import build_app
from srchat.completion_scripts import SCRIPTS
from tools.generate import completion, manual
from tools.generate.command_tree import command_tree

_FILES: Final = {"bash": "srchat.bash", "zsh": "_srchat", "fish": "srchat.fish"}


def generated() -> dict[str, str]:
    """Return every generated text by its path in the repository."""
    tree = command_tree(typer.main.get_command(build_app()))
    pages = {f"man/{name}": text for name, text in manual.pages(tree).items()}
    scripts = {f"completions/{_FILES[shell]}": text for shell, text in SCRIPTS.items()}
    return {"srchat/command_tree.py": completion.module(tree)} | scripts | pages
