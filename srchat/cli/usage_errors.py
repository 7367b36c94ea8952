"""Usage errors: the messages of Typer, with hints."""

import re
from collections.abc import Sequence
from typing import Final

from typer.exceptions import TyperException

from srchat.command_tree import COMMANDS
from srchat.errors import UsageError
from srchat.session.hints import joined
from srchat.suggestions import closest

# Names of commands and options in other tools.
_ALIASES: Final = {
    **dict.fromkeys(("list", "search", "show", "export", "import", "delete"), "srchat history"),
    **dict.fromkeys(("get", "set", "unset", "edit", "check"), "srchat config"),
}
_NO_OPTION: Final = "no such option: "
_SETUP_WORDS: Final = ("init", "login", "auth", "key", "setup")


def usage_error(exc: TyperException, arguments: Sequence[str]) -> UsageError:
    """Return the error for a command line that Typer rejects."""
    command = _command(arguments)
    where = f"{command.removeprefix('srchat ')}: " if " " in command else ""
    # Typer's suggestions are removed: they ignore prefixes, and repeat ours.
    message = _lower(re.split(r"\. Did you mean | \(Possible ", exc.format_message())[0])
    option = message.removeprefix(_NO_OPTION) if message.startswith(_NO_OPTION) else ""
    hint = _option_hint(command, option) if option else _command_hint(command, message, arguments)
    return UsageError(f"{where}{message}", hint=joined(hint, f"see: {command} --help"))


def _lower(message: str) -> str:
    return message[:1].lower() + message[1:].removesuffix(".")


def _command(arguments: Sequence[str]) -> str:
    """Return the command that was called. Not every exception of Typer knows it."""
    command = "srchat"
    for word in arguments:
        if f"{command} {word}" not in COMMANDS:
            break
        command = f"{command} {word}"
    return command


def _option_hint(command: str, option: str) -> str:
    # Without dashes, which would make any two short options similar.
    flags = [flag[2:] for flags, _, _ in COMMANDS[command][1] for flag in flags if flag[1] == "-"]
    if option.startswith("--") and (flag := closest(option[2:], flags)):
        return f"did you mean --{flag}?"
    if command == "srchat":
        return 'options come after the command: srchat ask -m MODEL "..."'
    return "put -- before a prompt that starts with a dash" if command == "srchat ask" else ""


def _command_hint(command: str, message: str, arguments: Sequence[str]) -> str:
    if not message.startswith("no such command"):
        return ""
    word = next((word for word in arguments if word not in command.split()), "")
    if command == "srchat":
        if word in _ALIASES:
            return f"did you mean: {_ALIASES[word]} {word}"
        if word in _SETUP_WORDS:
            return "did you mean: srchat config init"
    if meant := closest(word, [name for name, _ in COMMANDS[command][0]]):
        return f"did you mean: {command} {meant}"
    return 'to ask a question: srchat ask "..."' if command == "srchat" else ""
