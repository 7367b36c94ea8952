"""The command tree as data, for completion scripts and manual pages."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from typer.core import TyperArgument, TyperGroup, TyperOption

from srchat.config.parameters import KNOWN_PARAMETERS
from srchat.config.settings import SETTINGS


class Values(StrEnum):
    """The kinds of values of options and arguments, for completion.

    The values of MODELS, PROFILES and CONVERSATIONS come from srchat under these names.
    """

    NONE = "none"  # an option that takes no value
    FREE = "free"  # any text or number
    CHOICES = "choices"
    FILES = "files"
    DIRECTORIES = "directories"
    TEXT_OR_FILE = "text_or_file"  # text, or @FILE
    MODELS = "models"
    PROFILES = "profiles"
    CONVERSATIONS = "conversations"
    SETTINGS = "settings"
    SETTING_VALUE = "setting_value"  # a value of the setting in the previous argument


@dataclass(frozen=True)
class Option:
    """An option: its spellings, the spellings of its opposite, and its kind of value."""

    name: str
    flags: tuple[str, ...]
    opposites: tuple[str, ...]
    metavar: str
    help: str
    values: Values
    choices: tuple[str, ...] = ()
    repeatable: bool = False


@dataclass(frozen=True)
class Argument:
    """A positional argument. `many`: takes all remaining words."""

    name: str
    metavar: str
    help: str
    required: bool
    many: bool
    values: Values
    choices: tuple[str, ...] = ()


@dataclass(frozen=True)
class Command:
    """A command by its full name (`srchat config set`), or a group of commands."""

    path: str
    paragraphs: tuple[str, ...]
    options: tuple[Option, ...]
    arguments: tuple[Argument, ...]
    commands: tuple["Command", ...]

    @property
    def name(self) -> str:
        """The last word of its name."""
        return self.path.split()[-1]

    @property
    def summary(self) -> str:
        """Its summary without a full stop."""
        return self.paragraphs[0].removesuffix(".") if self.paragraphs else ""

    def walk(self) -> list["Command"]:
        """Return it and all its subcommands, depth first."""
        return [self, *(sub for command in self.commands for sub in command.walk())]


# The kind of a value follows from the name of the parameter, or else from its metavar.
_BY_NAME: Final = {
    "conversation": Values.CONVERSATIONS,
    "model": Values.MODELS,
    "profile": Values.PROFILES,
    "system": Values.TEXT_OR_FILE,
}
_BY_METAVAR: Final = {
    "DIRECTORY": Values.DIRECTORIES,
    "FILE": Values.FILES,
    "ID": Values.CONVERSATIONS,
    "PATH": Values.FILES,
}
_BY_NAME_IN_CONFIG: Final = {
    "name": Values.SETTINGS,
    "value": Values.SETTING_VALUE,
    "values": Values.SETTING_VALUE,
}
_HELP: Final = Option("help", ("-h", "--help"), (), "", "Show the help.", Values.NONE)


def command_tree(command: Any, path: str = "srchat") -> Command:  # noqa: ANN401 - private to typer
    """Return the result of `typer.main.get_command` as data, without hidden parts."""
    shown = [param for param in command.params if not getattr(param, "hidden", False)]
    subcommands = command.commands if isinstance(command, TyperGroup) else {}
    return Command(
        path=path,
        paragraphs=paragraphs(command.help or ""),
        options=(*(_option(p) for p in shown if isinstance(p, TyperOption)), _HELP),
        arguments=tuple(_argument(p, path) for p in shown if isinstance(p, TyperArgument)),
        commands=tuple(
            command_tree(sub, f"{path} {name}")
            for name, sub in subcommands.items()
            if not sub.hidden
        ),
    )


def paragraphs(text: str) -> tuple[str, ...]:
    """Return the paragraphs of a text, each on one line."""
    return tuple(" ".join(part.split()) for part in text.split("\n\n") if part.strip())


def _option(param: TyperOption) -> Option:
    values = Values.NONE if param.is_flag else _values(param, _BY_NAME)
    return Option(
        name=param.name or "",
        flags=tuple(param.opts),
        opposites=tuple(param.secondary_opts),
        metavar="" if param.is_flag else _metavar(param),
        help=param.help or "",
        values=values,
        choices=_choices(param),
        repeatable=param.multiple,
    )


def _argument(param: TyperArgument, path: str) -> Argument:
    names = _BY_NAME_IN_CONFIG if path.startswith("srchat config ") else _BY_NAME
    return Argument(
        name=param.name or "",
        metavar=_metavar(param),
        help=param.help or "",
        required=param.required,
        many=param.nargs == -1,
        values=_values(param, names),
        choices=_choices(param),
    )


def _metavar(param: TyperOption | TyperArgument) -> str:
    if param.metavar:
        return param.metavar.strip("[].")
    if choices := _choices(param):
        return "|".join(choices)
    return (param.name or "").upper()


def _choices(param: TyperOption | TyperArgument) -> tuple[str, ...]:
    if param.name == "params":
        return tuple(f"{name}=" for name in KNOWN_PARAMETERS if name not in SETTINGS)
    choices = getattr(param.type, "choices", ())
    return tuple(str(getattr(choice, "value", choice)) for choice in choices)


def _values(param: TyperOption | TyperArgument, names: dict[str, Values]) -> Values:
    if _choices(param):
        return Values.CHOICES
    return names.get(param.name or "") or _BY_METAVAR.get(_metavar(param), Values.FREE)
