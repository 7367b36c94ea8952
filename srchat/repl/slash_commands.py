"""The slash commands of a chat.

`/help COMMAND` shows the docstring of a command's function.
"""

import inspect
import json
import re
from collections.abc import Callable
from typing import Final, NamedTuple

from srchat.config.checks import parsed, parsed_entry
from srchat.config.parameters import KNOWN_PARAMETERS
from srchat.config.settings import SETTINGS
from srchat.conversation import CONTINUE_PROMPT
from srchat.errors import UsageError
from srchat.repl import file_commands, library_commands
from srchat.repl.file_commands import NONE, number
from srchat.repl.help_layout import help_lines
from srchat.repl.slash_syntax import line_of, split
from srchat.repl.terminal import Chat
from srchat.session.hints import joined
from srchat.session.session import Session
from srchat.session.turn import Events
from srchat.session.usage import usage_line
from srchat.suggestions import closest, did_you_mean
from srchat.text_input import text_or_file

_PARAMETERS: Final = ("params.", "param.")  # before the name of a request parameter
_CHANGEABLE: Final = [name for name, entry in SETTINGS.items() if entry.in_chat]
_ONCE: Final = re.compile(r"(\S+?):\s+(\S.*)", re.DOTALL)


class Command(NamedTuple):
    """A slash command. `completes`: the kind of its argument, for completion."""

    name: str
    arguments: str
    help: str
    run: Callable[[Chat, str], None]
    completes: str = ""


def run(chat: Chat, line: str) -> None:
    """Run a slash command. Raises UsageError if it is unknown or its arguments are wrong."""
    name, argument = split(line)
    command = COMMANDS.get(ALIASES.get(name, name))
    if command is None:
        hint = joined(
            _name_hint(name), f"to send this as a message, type: {_shortened(line_of(line))}"
        )
        raise UsageError(f"unknown command /{name}" if name else "no command after /", hint=hint)
    if argument and not command.arguments:
        raise UsageError(f"/{command.name} takes no argument")
    if not argument and command.arguments and not command.arguments.startswith("["):
        raise UsageError(f"usage: /{command.name} {command.arguments}")
    command.run(chat, argument)


def _name_hint(name: str) -> str:
    meant = closest(name, [*COMMANDS, *ALIASES])
    return f"did you mean /{meant}?" if meant else "/help lists the commands"


def _help(chat: Chat, argument: str) -> None:
    if argument:
        name = argument.lstrip("/")
        command = COMMANDS.get(ALIASES.get(name, name))
        if command is None:
            raise UsageError(f"unknown command /{name}", hint=_name_hint(name))
        chat.terminal.tell(f"{_usage(command)}\n{inspect.getdoc(command.run) or command.help}")
        return
    groups = {
        name: [(_usage(each), each.help) for each in group] for name, group in _GROUPS.items()
    }
    columns = chat.terminal.screen.size().columns
    chat.terminal.show_help(*help_lines(groups, _KEYS, columns))


def _usage(command: Command) -> str:
    return f"/{command.name} {command.arguments}".rstrip()


def _model(chat: Chat, argument: str) -> None:
    """Switch to a model, or list those of the server. `/model NAME: PROMPT` asks it only once."""
    session = chat.session
    if once := _ONCE.fullmatch(argument):
        _show(chat, session.send(file_commands.with_files(chat, once[2]), model=once[1]))
    elif argument:
        if argument.endswith(":") or len(argument.split()) > 1:
            raise UsageError("usage: /model NAME, or for one prompt: /model NAME: prompt")
        session.change(model=argument)
        chat.terminal.tell(f"model: {argument}")
        known = session.models.names(session.config, ask=False)
        if known and argument not in known:
            hint = did_you_mean(argument, known)
            chat.terminal.messages.warning(f"the server does not list the model {argument}", hint)
    else:
        names = library_commands.models(chat)
        current = session.config.model
        rows = [f"{'*' if name == current else ' '} {name}" for name in names]
        chat.terminal.tell("\n".join(rows if current in names else [f"* {current}", *rows]))


def _system(chat: Chat, argument: str) -> None:
    """Show or change the system prompt; `@FILE` reads it from a file, `-` removes it."""
    session = chat.session
    if argument == NONE:
        session.set_system(None)
        chat.terminal.tell("system prompt removed")
    elif argument:
        session.set_system(text_or_file(argument))
        chat.terminal.tell("system prompt set, starting with the next prompt")
    else:
        chat.terminal.tell(session.conversation.system or "no system prompt")


def _set(chat: Chat, argument: str) -> None:
    """Change a setting, or show all. `param.NAME` is a request parameter; `-` resets a value."""
    name, _, value = argument.partition(" ")
    if value.strip():
        _set_value(chat.session, name, value.strip())
    params = [f"param.{each}" for each in chat.session.config.params or {}]
    names = [name] if name else [*_CHANGEABLE, *params]
    chat.terminal.tell("\n".join(_shown(chat.session, each) for each in names))


def _retry(chat: Chat, _: str) -> None:
    """Send the last prompt again. The earlier answer is kept on another branch."""
    _show(chat, chat.session.retry())


def _continue(chat: Chat, _: str) -> None:
    """Continue an interrupted or truncated answer; send the prompt again if there is no answer."""
    _show(chat, chat.session.continue_())


def _undo(chat: Chat, argument: str) -> None:
    """Undo the last prompt and its answer, or the last N. The history keeps them."""
    for message in chat.session.undo(number(argument, "/undo [N]")):
        typed = "/continue" if message.text == CONTINUE_PROMPT else message.brief
        chat.terminal.tell(f"undone: {_shortened(typed)}")


def _edit(chat: Chat, _: str) -> None:
    """Edit the last prompt and send it again, with its files. The earlier answer is kept."""
    last = chat.session.last_typed
    chat.terminal.edit_next(last.words)
    if last.names:
        chat.terminal.tell(f"attached again: {', '.join(last.names)}")


def _new(chat: Chat, _: str) -> None:
    """Start a new conversation. The history keeps this one."""
    chat.session.new()
    chat.terminal.tell("new conversation")


def _history(chat: Chat, argument: str) -> None:
    """List the most recent conversations; with words, search all turns for them."""
    library_commands.show_history(chat, argument)


def _load(chat: Chat, argument: str) -> None:
    """Continue another conversation: give its ID or words of its title, or choose from a list."""
    library_commands.load(chat, argument)


def _title(chat: Chat, argument: str) -> None:
    """Set the title of this conversation."""
    chat.session.set_title(argument)
    chat.terminal.tell(f"title: {chat.session.conversation.title}")


def _usage_of(chat: Chat, _: str) -> None:
    """Show tokens, time and speed of the last answer and of this chat."""
    session, reply = chat.session, chat.session.reply
    window = f" of {session.window}" if session.window else ""
    rows = [f"last answer: {usage_line(reply)}"] if reply and reply.has_begun else []
    rows.append(f"this chat: {session.totals}")
    rows.append(f"context: {session.tokens}{window} tokens in use")
    chat.terminal.tell("\n".join(rows))


def _exit(chat: Chat, _: str) -> None:
    """Quit. `srchat chat --continue` continues the conversation."""
    chat.terminal.is_over = True


def _show(chat: Chat, events: Events) -> None:
    chat.terminal.show_turn(chat.session, events)


def _set_value(session: Session, name: str, text: str) -> None:
    """Set a setting from text; "-" restores the value at the start of the chat."""
    if name.startswith(_PARAMETERS):
        _set_parameter(session, name.removeprefix("params.").removeprefix("param."), text)
        return
    _check_changeable(name)
    before = getattr(session.initial_config, name)
    session.change(**{name: before if text == NONE else parsed(name, text, "/set")})


def _set_parameter(session: Session, name: str, text: str) -> None:
    params = dict(session.config.params or {})
    if text == NONE:
        params.pop(name, None)
    else:
        params[name] = parsed_entry("params", name, text, "/set")
    session.change(params=params)


def _shown(session: Session, name: str) -> str:
    """Return a line with a setting and its value."""
    if name.startswith(_PARAMETERS):
        name = name.removeprefix("params.").removeprefix("param.")
        params = session.config.params or {}
        return (
            f"param.{name} = {json.dumps(params[name])}" if name in params else f"{name} is not set"
        )
    _check_changeable(name)
    value = getattr(session.config, name)
    if value is None:
        return f"{name} is not set ({SETTINGS[name].help})"
    if isinstance(value, bool):
        value = str(value).lower()
    if isinstance(value, tuple):
        value = ", ".join(map(repr, value))
    return f"{name} = {value}"


def _check_changeable(name: str) -> None:
    if name in _CHANGEABLE:
        return
    hint = did_you_mean(name, _CHANGEABLE)
    if name == "system":
        hint = "use /system"
    elif name in SETTINGS:
        hint = f"takes effect in the next chat: srchat config set {name}"
    elif name in KNOWN_PARAMETERS:
        hint = f"to set a parameter of the request: /set param.{name} VALUE"
    raise UsageError(f"/set cannot change {name}", hint=hint)


def _shortened(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 60 else line[:59] + "…"


_GROUPS: Final = {
    "General": (
        Command("help", "[COMMAND]", "list commands, or describe one", _help, "commands"),
        Command("usage", "", "tokens, time and speed", _usage_of),
        Command("exit", "", "quit (also Ctrl-D)", _exit),
    ),
    "Model": (
        Command("model", "[NAME]", "switch models; NAME: PROMPT asks one once", _model, "models"),
        Command("system", "[TEXT]", "show or change the system prompt; - for none", _system),
        Command(
            "set",
            "[NAME [VALUE]]",
            "show or change settings, such as temperature",
            _set,
            "settings",
        ),
    ),
    "Prompt": (
        Command("file", "[PATH]", "attach files; - for none", file_commands.file, "files"),
        Command("retry", "", "send the last prompt again", _retry),
        Command("edit", "", "edit and resend the last prompt", _edit),
        Command("undo", "[N]", "undo the last prompt (the last N)", _undo),
    ),
    "Answer": (
        Command("continue", "", "continue an incomplete answer", _continue),
        Command("copy", "[N]", "copy the answer (its Nth code block)", file_commands.copy),
    ),
    "History": (
        Command("new", "", "start a new conversation", _new),
        Command("history", "[WORDS]", "list conversations, or search them", _history),
        Command("load", "[ID]", "continue another conversation", _load, "conversations"),
        Command("title", "TEXT", "set the title of this conversation", _title),
        Command("save", "FILE", "save the conversation to a file", file_commands.save, "files"),
    ),
}
COMMANDS: Final = {command.name: command for group in _GROUPS.values() for command in group}
ALIASES: Final = {"quit": "exit", "?": "help"}
_KEYS: Final = (
    ("Alt-Enter", "new line"),
    ("Ctrl-G", "open the editor"),
    ("Ctrl-R", "search earlier prompts"),
    ("Ctrl-C", "stop, or clear the line"),
    ("@PATH", "attach a file"),
    ("//", "start with a slash"),
)
