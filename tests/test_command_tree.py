"""The generated command tree: the same as that of the command line."""

from typing import Any

from typer.main import get_command

from srchat import command_tree as committed
from srchat.cli.app import build_app
from srchat.config.settings import SETTINGS
from tools.generate.command_tree import command_tree
from tools.generate.completion import module


def test_the_command_tree_equals_a_fresh_one() -> None:
    fresh: dict[str, Any] = {}
    exec(module(command_tree(get_command(build_app()))), fresh)
    assert fresh["COMMANDS"] == committed.COMMANDS
    assert fresh["SETTINGS"] == committed.SETTINGS


def test_every_subcommand_has_an_entry_and_every_setting_a_help() -> None:
    named = {
        f"{path} {name}" for path, (below, *_) in committed.COMMANDS.items() for name, _ in below
    }
    assert named <= {*committed.COMMANDS, "srchat help"}
    assert set(SETTINGS) <= set(committed.SETTINGS)
    assert all(text for _, text in committed.SETTINGS.values())
