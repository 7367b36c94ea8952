"""The manual page of the configuration file, from the table of settings. Pure."""

from typing import Final

from srchat.config.settings import SETTINGS
from srchat.config.value_types import Setting
from tools.generate.command_tree import Command, paragraphs
from tools.generate.environment import FILES
from tools.generate.roff import (
    bold,
    example,
    head,
    italic,
    item,
    paragraph,
    section,
    see_also,
    sentence,
)
from tools.generate.setting_values import HELP, allowed, default

_DESCRIPTION: Final = """
One TOML file sets what `srchat`(1) does. `srchat config set` changes a setting and leaves
everything else in the file as it is, comments too; `srchat config show` tells where each value
in force comes from. The file is made readable only for its owner.

The strongest of these holds: an option of the command line; a variable `SRCHAT_NAME`; the
profile in use; `SOLIDRUST_API_KEY` and `SOLIDRUST_BASE_URL`; the top level of the file; the
default. A variable that is empty counts as unset; only an empty `SRCHAT_SYSTEM` is a value, no
system prompt.

A list stands in a variable as in the file, `["a", "b"]`, or as its only text; the words of
`SRCHAT_API_KEY_COMMAND` may be quoted as in a shell.
"""
_PROFILES: Final = """
A table `[profiles.NAME]` may hold every setting. It is used by the option `--profile NAME`, by
the variable `SRCHAT_PROFILE`, or by the setting `profile` at the top level of the file.

The profile `demo` is built in: a small responder inside srchat answers, without a key and
without a network.
"""
_KEY: Final = """
The key goes to the server that was configured where the key was given, and nowhere else: a
profile with a `base_url` of its own gets its own `api_key` or `api_key_command`. A key is never
taken from the command line, where other users can see it. Listings show no more of it than its
last four characters, and of `api_key_command` the program alone.

The `api_key_command` is run without a shell, and only when a request is about to be sent. It may
ask on the terminal: its standard error is that of srchat, its standard input is empty. It is
run once, and in a chat once more after the server refused its key, which may have expired; a key
that was set in the file meanwhile is found then, too.
"""
_EXAMPLE: Final = """\
model = "vllm-primary"

[profiles.commit]                      # git diff | srchat ask -p commit
system = "Write a commit message for this diff. Only the message."
temperature = 0.2

[profiles.local]
base_url = "http://127.0.0.1:8000/v1"
model = "qwen3-4b"
"""
_UNSET: Final = "Unset by default."


def page(tree: Command, names: list[str]) -> str:
    """Return the page."""
    flags = _flags(tree)
    settings = [_setting(entry, flags) for entry in SETTINGS.values()]
    profile = _item("profile", _UNSET, "SRCHAT_PROFILE", flags)
    file = item(italic(FILES[0].name), ["The file; `SRCHAT_CONFIG` names another one."])
    lines = [
        *head("srchat-config", 5, "configuration file of srchat"),
        *section("DESCRIPTION", _told(_DESCRIPTION)),
        *section("SETTINGS", [*(line for entry in settings for line in entry), *profile]),
        *section("PROFILES", _told(_PROFILES)),
        *section("THE KEY", _told(_KEY)),
        *section("EXAMPLES", example(*_EXAMPLE.splitlines())),
        *section("FILES", file),
        *see_also(name for name in names if name != "srchat-config(5)"),
    ]
    return "\n".join(lines) + "\n"


def _told(text: str) -> list[str]:
    return [line for part in paragraphs(text) for line in paragraph(part)]


def _flags(tree: Command) -> dict[str, str]:
    """Return how the command line spells each setting."""
    return {
        option.name: ", ".join(f"`{flag}`" for flag in (*option.flags, *option.opposites))
        for command in tree.walk()
        for option in command.options
    }


def _setting(entry: Setting, flags: dict[str, str]) -> list[str]:
    values = f"{allowed(entry)} {default(entry) or _UNSET}".lstrip()
    return _item(entry.name, values, entry.variable, flags)


def _item(name: str, values: str, variable: str, flags: dict[str, str]) -> list[str]:
    option = f"option {flags[name]}" if name in flags else "no option"
    about = f"{sentence(HELP[name])} {values}"
    return item(bold(name), [about, f"Variable `{variable}`; {option}."])
