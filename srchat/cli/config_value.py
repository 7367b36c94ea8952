"""The value for `srchat config set`: from arguments, stdin, or typed without echo."""

from pathlib import Path
from typing import Annotated

import typer

from srchat.api.key import checked_key
from srchat.cli.process import Process
from srchat.cli.questions import typed_secret
from srchat.config import file as config_file
from srchat.config.checks import checked, parsed, parsed_entry, setting_named
from srchat.config.settings import DEMO_PROFILE, PROFILE, TABLES
from srchat.config.value_types import StringList
from srchat.errors import ConfigError, UsageError
from srchat.suggestions import did_you_mean
from srchat.terminal.streams import is_terminal
from srchat.text_input import read_stdin


def profile_name(text: str) -> str:
    """Parse the name of a profile in the file, for an option."""
    if not text.strip():
        raise typer.BadParameter("a profile needs a name")
    return text


InProfile = Annotated[
    str | None,
    typer.Option(
        "-p",
        "--profile",
        parser=profile_name,
        metavar="NAME",
        help="Only in this profile.",
    ),
]


def new_value(
    process: Process, path: Path, name: str, words: list[str], profile: str | None
) -> object:
    """Return the checked value for `config set`.

    Raises UsageError for unusable arguments, ConfigError for an invalid value.
    """
    where = "config set"
    _check_equals_sign(name, words)
    if name == PROFILE:
        return _known_profile(path, _text(process, words, name), profile)
    table, _, entry_name = name.partition(".")
    if entry_name and table in TABLES:
        return parsed_entry(table, entry_name, _text(process, words, name), where)
    entry = setting_named(name, where)
    if entry.secret:
        return checked_key(_secret(process, words, name))
    if len(words) > 1 and isinstance(entry.value_type, StringList):
        return checked(name, words, where)
    text = _text(process, words, name)
    return parsed(name, text, where)


def _check_equals_sign(name: str, words: list[str]) -> None:
    """Raise UsageError for `NAME = VALUE` and `NAME= VALUE`."""
    bare = name.removesuffix("=")
    if words and (words[0] == "=" or bare != name):
        raise UsageError(
            f"config set: spaces around the = of {bare}",
            hint=f"to set it: srchat config set {bare} VALUE",  # the value may be a key
        )


def _text(process: Process, words: list[str], name: str) -> str:
    if not words:
        raise UsageError(
            f"config set: missing value for {name}", hint="give one, or - to read it from stdin"
        )
    if len(words) > 1:
        raise UsageError(
            f"config set: {name} takes one value, not {len(words)}",
            hint="quote text that contains spaces",
        )
    if words[0] != "-":
        return words[0]
    return read_stdin(process.stdin_fd, None).text.removesuffix("\n").removesuffix("\r")


def _secret(process: Process, words: list[str], name: str) -> str:
    if words not in ([], ["-"]):
        raise UsageError(
            f"config set: {name} is not accepted on the command line, where other users can see it",
            hint=f"srchat config set {name} prompts for it, or reads it from a pipe",
        )
    if is_terminal(process.stdin_fd):
        return typed_secret(f"{name} (hidden)", process.messages)
    return read_stdin(process.stdin_fd, None).text


def _known_profile(path: Path, name: str, profile: str | None) -> str:
    if profile:
        raise UsageError("config set: a profile cannot name a profile")
    names = [*config_file.load(path).profile_names, DEMO_PROFILE]
    if name not in names:
        raise ConfigError(f"config set: no profile {name!r}", hint=did_you_mean(name, names))
    return name
