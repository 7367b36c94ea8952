"""The completion script for fish. Pure."""

from typing import Final

from srchat.cli.generate import setting_values
from srchat.cli.generate.command_tree import Argument, Command, Option, Values

_SCRIPT: Final = r"""# Completion of srchat for fish, made by `python -m srchat.cli.generate`.
#
# Commands and options stand here; only the names of models, profiles and conversations are
# asked from srchat, which reads them from files.

# Print the command on the line, and then its arguments so far, a line each.
function __srchat_words
    set -l command srchat
    set -l arguments
    set -l takes_value
    set -l ended
    for word in (commandline -opc)[2..]
        if set -q takes_value[1]
            set takes_value
        else if not set -q ended[1]; and test "$word" = --
            set ended 1
        else if not set -q ended[1]; and string match -q -- '-?*' "$word"
            contains -- "$command $word" $__srchat_with_value; and set takes_value 1
        else if contains -- "$command $word" $__srchat_commands
            set command "$command $word"
        else
            set -a arguments "$word"
        end
    end
    printf '%s\n' $command $arguments
end

# Tell whether the command is $argv[1], and the argument at the cursor the one of that number.
function __srchat_at
    set -l words (__srchat_words)
    test "$words[1]" = "$argv[1]"; or return
    not set -q argv[2]; and return
    test "$argv[2]" = '*'; or test (count $words) -eq "$argv[2]"
end

# Tell whether the argument before the cursor is $argv[1].
function __srchat_after
    test (__srchat_words)[-1] = $argv[1]
end

function __srchat_ask
    command srchat __complete $argv[1] (commandline -opc) 2>/dev/null
end

function __srchat_text_or_file
    set -l typed (string replace -r -- '^(--[a-z-]+=|-[a-z]+)' '' (commandline -ct))
    # An open quote is closed before it is taken away.
    set typed (string unescape -- "$typed" "$typed\"" "$typed'")[1]
    string match -q -- '@*' "$typed"; or return
    for path in (string sub -s 2 -- "$typed")*
        test -d "$path"; and set path "$path/"
        printf '%s\n' "@$path"
    end
end

set -g __srchat_commands @COMMANDS@
set -g __srchat_with_value @WITH_VALUE@

complete -c srchat -e
complete -c srchat -f
@COMPLETES@
"""


def script(tree: Command) -> str:
    """Return the script for a command tree."""
    commands = tree.walk()
    with_value = [
        f"{command.path} {flag}"
        for command in commands
        for option in command.options
        if option.values is not Values.NONE
        for flag in option.flags
    ]
    blocks = [_command(command) for command in commands]
    return (
        _SCRIPT.replace("@COMMANDS@", _list([command.path for command in commands[1:]]))
        .replace("@WITH_VALUE@", _list(with_value))
        .replace("@COMPLETES@", "\n\n".join("\n".join(block) for block in blocks))
    )


def _list(words: list[str]) -> str:
    return " \\\n    ".join(["", *(_quoted(word) for word in words)]).lstrip(" ")


def _command(command: Command) -> list[str]:
    """Return the lines for what can follow a command."""
    here = f"__srchat_at {_quoted(command.path)}"
    below = [
        _line(f"{here} 1", f"-a {sub.name} -d {_quoted(sub.summary)}") for sub in command.commands
    ]
    arguments = [
        line
        for number, argument in enumerate(command.arguments, 1)
        for line in _argument(here, number, argument)
    ]
    return [*below, *arguments, *(line for o in command.options for line in _option(here, o))]


def _line(condition: str, rest: str) -> str:
    return f"complete -c srchat -n {_quoted(condition)} {rest}"


def _argument(here: str, number: int, argument: Argument) -> list[str]:
    if argument.values is Values.SETTING_VALUE:
        return _setting_values(f"{here} {number}")
    if argument.values is Values.FREE:
        return []
    place = f"{here} '*'" if argument.many else f"{here} {number}"
    return [_line(place, _offers(argument))]


def _setting_values(here: str) -> list[str]:
    words = [
        _line(f"{here}; and __srchat_after {name}", f"-a {_quoted(' '.join(some))}")
        for name, some in setting_values.WORDS.items()
    ]
    asked = [
        _line(f"{here}; and __srchat_after {name}", f"-k -a '(__srchat_ask {values})'")
        for name, values in setting_values.ASKED.items()
    ]
    return [*words, *asked]


def _option(here: str, option: Option) -> list[str]:
    description = f"-d {_quoted(option.help.removesuffix('.'))}"
    first = _line(here, f"{_spellings(option.flags)}{_value(option)} {description}")
    return [first, *(_line(here, f"{_spellings((o,))} {description}") for o in option.opposites)]


def _spellings(flags: tuple[str, ...]) -> str:
    return " ".join(f"-l {f[2:]}" if f.startswith("--") else f"-s {f[1:]}" for f in flags)


def _value(option: Option) -> str:
    """Return the switches for the value of an option: -r for a file, -x for nothing but offers."""
    if option.values is Values.NONE:
        return ""
    return f" {'-r' if option.values is Values.FILES else '-x'} {_offers(option)}".rstrip()


def _offers(parameter: Option | Argument) -> str:
    """Return the switches of `complete` for what is offered; -k keeps its order."""
    match parameter.values:
        case Values.FREE:
            return ""
        case Values.FILES:
            return "-F"
        case Values.DIRECTORIES:
            return "-a '(__fish_complete_directories)'"
        case Values.CHOICES:
            return f"-k -a {_quoted(' '.join(parameter.choices))}"
        case Values.SETTINGS:
            return f"-k -a {_quoted(' '.join(setting_values.NAMES))}"
        case Values.TEXT_OR_FILE:
            return "-a '(__srchat_text_or_file)'"
        case asked:
            return f"-k -a '(__srchat_ask {asked})'"


def _quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
