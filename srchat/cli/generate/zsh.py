"""The completion script for zsh. Pure."""

from typing import Final

from srchat.cli.generate import setting_values
from srchat.cli.generate.command_tree import Argument, Command, Option, Values

_SCRIPT: Final = r"""#compdef srchat
# Completion of srchat for zsh, made by `python -m srchat.cli.generate`.
#
# Commands and options stand here; only the names of models, profiles and conversations are
# asked from srchat, which reads them from files.

# Offer what srchat knows: a name a line, with a description behind a tab.
_srchat_ask() {
  local kind=$1 line value description
  local -a found
  for line in "${(@f)$(command srchat __complete $kind "${(@)words}" 2>/dev/null)}"; do
    [[ -n $line ]] || continue
    line=${line//\\/\\\\}
    value=${${line%%$'\t'*}//:/\\:}
    description=${line#*$'\t'}
    [[ $description == $line ]] && found+=("$value") || found+=("$value:$description")
  done
  _describe -V -t $kind "${kind%s}" found
}

# A word that only the user knows. Its message would keep zsh from inserting an option.
_srchat_free() {
  [[ $PREFIX == -* ]] || _message "$1"
}

_srchat_text_or_file() {
  if compset -P @; then _files; else _message 'text, or @file'; fi
}

_srchat_settings() {
  local -a found=(
@SETTINGS@
  )
  _describe -t settings setting found
}

_srchat_setting_value() {
  case $line[1] in
@SETTING_VALUES@
    *) _srchat_free value ;;
  esac
}

@COMMANDS@

if [[ $funcstack[1] == _srchat ]]; then
  _srchat "$@"
else
  compdef _srchat srchat
fi
"""
_GROUP: Final = r"""
  local -a commands=(
@COMMANDS@
  )
  case $state in
    command) _describe -t commands command commands ;;
    arguments)
      curcontext=${curcontext%:*}-$line[1]:
      case $line[1] in
@CALLS@
      esac
      ;;
  esac"""
# The blank before a function keeps _arguments from handing it options of compadd.
_ACTIONS: Final = {
    Values.FREE: " ",
    Values.FILES: "_files",
    Values.DIRECTORIES: "_files -/",
    Values.TEXT_OR_FILE: " _srchat_text_or_file",
    Values.MODELS: " _srchat_ask models",
    Values.PROFILES: " _srchat_ask profiles",
    Values.CONVERSATIONS: " _srchat_ask conversations",
    Values.SETTINGS: " _srchat_settings",
    Values.SETTING_VALUE: " _srchat_setting_value",
}


def script(tree: Command) -> str:
    """Return the script for a command tree."""
    settings = "\n".join(
        f"    {_quoted(f'{name}:{_escaped(help_)}')}" for name, help_ in setting_values.HELP.items()
    )
    words = [
        f"    {name}) _values value {' '.join(some)} ;;"
        for name, some in setting_values.WORDS.items()
    ]
    asked = [
        f"    {name}) _srchat_ask {values} ;;" for name, values in setting_values.ASKED.items()
    ]
    # The one at the top comes last: what it calls stands above it.
    functions = "\n\n".join(_function(command) for command in reversed(tree.walk()))
    return (
        _SCRIPT.replace("@SETTINGS@", settings)
        .replace("@SETTING_VALUES@", "\n".join([*words, *asked]))
        .replace("@COMMANDS@", functions)
    )


def _function(command: Command) -> str:
    specs = [spec for option in command.options for spec in _option(option)]
    if command.commands:
        specs += ["'1: :->command'", "'*:: :->arguments'"]
    else:
        specs += [_argument(number, arg) for number, arg in enumerate(command.arguments, 1)]
    arguments = " \\\n    ".join(["_arguments -C -s -S", *specs])
    return (
        f"{_name(command)}() {{\n"
        "  local curcontext=$curcontext state line\n"
        f"  local -A opt_args\n  {arguments}{_group(command)}\n}}"
    )


def _name(command: Command) -> str:
    return "_" + command.path.replace(" ", "_command_", 1).replace(" ", "_")


def _group(command: Command) -> str:
    if not command.commands:
        return ""
    described = [
        f"    {_quoted(f'{sub.name}:{_escaped(sub.summary)}')}" for sub in command.commands
    ]
    calls = [f"        {sub.name}) {_name(sub)} ;;" for sub in command.commands]
    return _GROUP.replace("@COMMANDS@", "\n".join(described)).replace("@CALLS@", "\n".join(calls))


def _option(option: Option) -> list[str]:
    """Return the specifications of an option for _arguments: one, or two with its opposite."""
    help_ = f"[{_escaped(option.help.removesuffix('.'))}]"
    every = (*option.flags, *option.opposites)
    if option.opposites:
        return [_quoted(f"({' '.join(every)}){flag}{help_}") for flag in every]
    if option.name in ("help", "version"):
        return [_quoted(f"(- *){flag}{help_}") for flag in every]
    guard = "*" if option.repeatable else f"({' '.join(every)})"
    return [_quoted(f"{guard}{_spelling(option, f)}{help_}{_value(option)}") for f in every]


def _spelling(option: Option, flag: str) -> str:
    if option.values is Values.NONE:
        return flag
    return f"{flag}=" if flag.startswith("--") else f"{flag}+"


def _value(option: Option) -> str:
    if option.values is Values.NONE:
        return ""
    return f":{_escaped(option.metavar)}:{_action(option)}"


def _argument(number: int, argument: Argument) -> str:
    place = "*" if argument.many else str(number) if argument.required else f"{number}:"
    free = f" _srchat_free {argument.metavar}"
    action = free if argument.values is Values.FREE else _action(argument)
    return _quoted(f"{place}:{_escaped(argument.metavar)}:{action}")


def _action(parameter: Option | Argument) -> str:
    if parameter.values is Values.CHOICES:
        return f"({' '.join(parameter.choices)})"
    return _ACTIONS[parameter.values]


def _escaped(text: str) -> str:
    for mark in "\\:[]":
        text = text.replace(mark, f"\\{mark}")
    return text


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"
