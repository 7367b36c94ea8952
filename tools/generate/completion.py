"""Generates srchat/command_tree.py: the command tree as data for shell completion. Pure."""

from pprint import pformat
from typing import Final

from tools.generate import setting_values
from tools.generate.command_tree import Argument, Command, Option, Values

_MODULE: Final = '''"""The command tree as data for shell completion, by `python -m tools.generate`.

COMMANDS: for each command its subcommands (name, summary), its options (spellings, kind of value,
help) and the kind of each argument; a * marks a repeatable one. SETTINGS: kind of value and help.
Kinds of values: "" none, "free" any text, "choices A B", "files", "directories", "text_or_file",
"models", "profiles", "conversations", "settings", "setting_value".
"""

Offers = tuple[tuple[str, str], ...]
Options = tuple[tuple[tuple[str, ...], str, str], ...]

COMMANDS: dict[str, tuple[Offers, Options, tuple[str, ...]]] = {
@COMMANDS@
}

SETTINGS: dict[str, tuple[str, str]] = {
@SETTINGS@
}
'''


def module(tree: Command) -> str:
    """Return the source of the module for a command tree."""
    commands = [f"    {command.path!r}: {_literal(_data(command))}," for command in tree.walk()]
    settings = [
        f"    {name!r}: {_literal((_setting(name), about))},"
        for name, about in setting_values.HELP.items()
    ]
    return _MODULE.replace("@COMMANDS@", "\n".join(commands)).replace(
        "@SETTINGS@", "\n".join(settings)
    )


def _literal(value: object) -> str:
    return pformat(value, width=96).replace("\n", "\n    ")


def _data(command: Command) -> tuple[object, object, object]:
    below = tuple((sub.name, sub.summary) for sub in command.commands)
    options = [line for option in command.options for line in _option(option)]
    return below, tuple(options), tuple(map(_argument, command.arguments))


def _option(option: Option) -> list[tuple[tuple[str, ...], str, str]]:
    """Return an option and its opposite. The longest spelling comes last."""
    about = option.help.removesuffix(".")
    kind = "" if option.values is Values.NONE else _value_kind(option)
    opposite = (
        [(option.opposites, "", f"Opposite of {option.flags[-1]}")] if option.opposites else []
    )
    return [(tuple(sorted(option.flags, key=len)), kind, about), *opposite]


def _argument(argument: Argument) -> str:
    return _value_kind(argument) + "*" * argument.many


def _value_kind(parameter: Option | Argument) -> str:
    if parameter.values is Values.CHOICES:
        return f"choices {' '.join(parameter.choices)}"
    return str(parameter.values)


def _setting(name: str) -> str:
    if words := setting_values.WORDS.get(name):
        return f"choices {' '.join(words)}"
    return str(setting_values.DYNAMIC.get(name, Values.FREE))
