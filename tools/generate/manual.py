"""The manual pages, in man(7) macros. Pure."""

from collections.abc import Iterable
from typing import Final

from srchat.config.settings import SETTINGS
from srchat.errors import EXIT_MEANINGS, ExitCode
from srchat.repl.slash_commands import COMMANDS
from srchat.repl.slash_commands import Command as SlashCommand
from tools.generate import config_manual
from tools.generate.command_tree import Argument, Command, Option, paragraphs
from tools.generate.environment import (
    FILES,
    SETTINGS_WITHOUT_OPTION,
    VARIABLES,
    Traits,
    traits_of,
)
from tools.generate.prose import PROSE, Prose
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
    subsection,
)
from tools.generate.setting_values import allowed, default

_SERVER_CODES: Final = (
    ExitCode.AUTHENTICATION,
    ExitCode.REFUSED,
    ExitCode.SERVER,
    ExitCode.RATE_LIMIT,
    ExitCode.NETWORK,
)


def pages(tree: Command) -> dict[str, str]:
    """Return the pages by their file names: one per top-level command, and the two others."""
    commands = [tree, *(sub for sub in tree.commands if sub.name != "help")]
    names = [*(f"{_title(command)}(1)" for command in commands), "srchat-config(5)"]
    texts = {f"{_title(command)}.1": _page(command, names) for command in commands}
    return texts | {"srchat-config.5": config_manual.page(tree, names)}


def _title(command: Command) -> str:
    return command.path.replace(" ", "-")


def _page(command: Command, names: list[str]) -> str:
    traits, more = traits_of(command), PROSE.get(command.path, Prose())
    own = f"{_title(command)}(1)"
    lines = [
        *head(_title(command), 1, command.summary),
        *section("SYNOPSIS", _synopsis(command)),
        *section("DESCRIPTION", _description(command, more)),
        *_commands(command),
        *section("OPTIONS", _items(command)),
        *_slash_commands(command),
        *_examples(more),
        *_environment(traits),
        *_files(traits),
        *_exit_status(traits),
        *see_also(name for name in names if name != own),
    ]
    return "\n".join(lines) + "\n"


def _synopsis(command: Command) -> list[str]:
    """Return one line per command; none for the main page."""
    if command.path == "srchat":
        words = (italic("command"), rf"[{italic('argument')}]...")
        return [" ".join([bold("srchat"), rf"[{italic('option')}]...", *words])]
    usages = [_usage(sub) for sub in command.walk() if not sub.commands]
    return "\n.br\n".join(usages).splitlines()


def _usage(command: Command) -> str:
    words = [_placeholder(argument) for argument in command.arguments]
    return " ".join([bold(command.path), rf"[{italic('option')}]...", *words])


def _placeholder(argument: Argument) -> str:
    name = italic(argument.metavar) if argument.required else f"[{italic(argument.metavar)}]"
    return f"{name}..." if argument.many else name


def _description(command: Command, more: Prose) -> list[str]:
    first, *rest = command.paragraphs or ("",)
    texts = (sentence(first), *rest, *paragraphs(more.more))
    return [line for text in texts if text for line in paragraph(text)]


def _commands(command: Command) -> list[str]:
    """Return the commands of a group, at the top level with their pages, else their options."""
    if not command.commands:
        return []
    parts = [
        item(_reference(sub), [sentence(sub.summary)])
        if command.path == "srchat"
        else subsection(sub.path, [*_description(sub, PROSE.get(sub.path, Prose())), *_items(sub)])
        for sub in command.commands
    ]
    return section("COMMANDS", _joined(parts))


def _reference(command: Command) -> str:
    """Return the name of a command's page; `srchat help` has none."""
    return bold(command.path) if command.name == "help" else f"{bold(_title(command))}(1)"


def _joined(parts: Iterable[Iterable[str]]) -> list[str]:
    return [line for part in parts for line in part]


def _items(command: Command) -> list[str]:
    """Return the arguments and the options of a command."""
    arguments = [item(_placeholder(arg), [sentence(arg.help)]) for arg in command.arguments]
    options = [item(_flags(option), _about(option)) for option in command.options]
    return _joined([*arguments, *options])


def _flags(option: Option) -> str:
    value = f" {italic(option.metavar)}" if option.metavar else ""
    return ", ".join(f"{bold(flag)}{value}" for flag in (*option.flags, *option.opposites))


def _about(option: Option) -> list[str]:
    """Return the description of an option; for a setting also allowed values and default."""
    entry = SETTINGS.get(option.name)
    if not entry or not option.metavar or option.repeatable:
        return [sentence(option.help)]
    return [" ".join(filter(None, [sentence(option.help), allowed(entry), default(entry)]))]


def _slash_commands(command: Command) -> list[str]:
    if command.name != "chat":
        return []
    items = [item(_slash_usage(slash), [sentence(slash.help)]) for slash in COMMANDS.values()]
    return section("SLASH COMMANDS", _joined(items))


def _slash_usage(slash: SlashCommand) -> str:
    name = bold(f"/{slash.name}")
    return f"{name} {italic(slash.arguments)}" if slash.arguments else name


def _examples(more: Prose) -> list[str]:
    if not more.examples:
        return []
    shown = [[*paragraph(what), *example(command)] for what, command in more.examples]
    return section("EXAMPLES", _joined(shown))


def _environment(traits: Traits) -> list[str]:
    general = [variable for variable in VARIABLES if variable.applies_to(traits)]
    # The variables of settings with an option here, and others that the command uses.
    without_option = {
        entry.name
        for entry in SETTINGS.values()
        if entry.variable and not entry.flags and SETTINGS_WITHOUT_OPTION[entry.name](traits)
    }
    names = traits.options | without_option
    settings = [entry for entry in SETTINGS.values() if entry.name in names and entry.variable]
    items = [
        *(item(bold(variable.name), [variable.help]) for variable in general),
        *(item(bold(entry.variable), [sentence(entry.help)]) for entry in settings),
    ]
    return section("ENVIRONMENT", _joined(items))


def _files(traits: Traits) -> list[str]:
    shown = [item(italic(file.name), [file.help]) for file in FILES if file.applies_to(traits)]
    return section("FILES", _joined(shown))


def _exit_status(traits: Traits) -> list[str]:
    shown = [
        item(bold(str(int(code))), [meaning])
        for code, meaning in EXIT_MEANINGS.items()
        if (traits.sends_requests or code not in _SERVER_CODES)
        and (traits.uses_history or code is not ExitCode.STORE)
    ]
    return section("EXIT STATUS", _joined(shown))
