"""Manual pages, completion scripts and their data, from the command tree and the settings.

`python -m tools.generate` writes man/, completions/, srchat/command_tree.py and
srchat/help_text.py; `--check` compares them with a fresh run.
Every module here turns a tree into text and touches nothing else.
"""

from typing import Any, Final

import typer.main

from srchat.cli.app import build_app
from srchat.completion_scripts import SCRIPTS
from tools.generate import completion, manual
from tools.generate.command_tree import command_tree

_FILES: Final = {"bash": "srchat.bash", "zsh": "_srchat", "fish": "srchat.fish"}


_HELP_MODULE: Final = '''"""`srchat --help` on 80 columns, by `python -m tools.generate`."""

HELP = """\\
@HELP@
"""
'''


def generated() -> dict[str, str]:
    """Return every generated text by its path in the repository."""
    command = typer.main.get_command(build_app())
    tree = command_tree(command)
    pages = {f"man/{name}": text for name, text in manual.pages(tree).items()}
    scripts = {f"completions/{_FILES[shell]}": text for shell, text in SCRIPTS.items()}
    modules = {
        "srchat/command_tree.py": completion.module(tree),
        "srchat/help_text.py": _HELP_MODULE.replace("@HELP@", _help(command)),
    }
    return modules | scripts | pages


def _help(command: Any) -> str:  # noqa: ANN401 - private to typer
    context = command.make_context("srchat", [], resilient_parsing=True, terminal_width=80)
    return str(command.get_help(context))
