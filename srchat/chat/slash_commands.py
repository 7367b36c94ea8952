"""What can be typed after a slash in a chat: a table of name, arguments, help and function.

The docstring of a function is what `/help COMMAND` shows.
"""

import contextlib
import difflib
import os
import re
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Final, NamedTuple

from srchat.chat import settings as chat_settings
from srchat.chat.asked import GO_ON
from srchat.chat.host import Host
from srchat.chat.slash_line import split
from srchat.errors import UsageError
from srchat.hints import joined
from srchat.output.code import code_blocks
from srchat.prompt import read_file, split_message, text_or_file
from srchat.usage_line import usage_line

NONE: Final = "-"  # as an argument: take away what is set
_NUMBER: Final = re.compile(r"[1-9][0-9]{0,5}")
_ONCE: Final = re.compile(r"(\S+?):\s+(\S.*)", re.DOTALL)


class Command(NamedTuple):
    """A slash command. `completes`: what its argument is, for completion."""

    name: str
    arguments: str
    help: str
    run: Callable[[Host, str], None]
    completes: str = ""


def run(host: Host, line: str) -> None:
    """Run a slash command. Raises UsageError for one that is not known, or used wrongly."""
    name, argument = split(line)
    command = COMMANDS.get(ALIASES.get(name, name))
    if command is None:
        hint = joined(_meant(name), f"a message that begins with a slash: //{name}")
        raise UsageError(f"there is no command /{name}", hint=hint)
    if argument and not command.arguments:
        raise UsageError(f"/{command.name} takes no argument")
    if not argument and command.arguments and not command.arguments.startswith("["):
        raise UsageError(f"usage: /{command.name} {command.arguments}")
    command.run(host, argument)


def _meant(name: str) -> str:
    close = difflib.get_close_matches(name, [*COMMANDS, *ALIASES], n=1)
    return f"did you mean /{close[0]}?" if close else "/help lists them"


def _help(host: Host, argument: str) -> None:
    if argument:
        name = argument.lstrip("/")
        command = COMMANDS.get(ALIASES.get(name, name))
        if command is None:
            raise UsageError(f"there is no command /{name}", hint=_meant(name))
        host.tell(f"{_usage(command)}\n{command.run.__doc__ or command.help}")
        return
    width = max(len(_usage(command)) for command in COMMANDS.values())
    rows = [f"{_usage(command):<{width}}  {command.help}" for command in COMMANDS.values()]
    host.show_help([*rows, *_KEYS])


def _usage(command: Command) -> str:
    return f"/{command.name} {command.arguments}".rstrip()


def _model(host: Host, argument: str) -> None:
    """Without a name: the models of the server. `/model NAME: prompt` asks it just once."""
    chat = host.chat
    if once := _ONCE.fullmatch(argument):
        chat.send(once[2], model=once[1])
    elif argument:
        if argument.endswith(":") or len(argument.split()) > 1:
            raise UsageError("usage: /model NAME, or for one prompt: /model NAME: prompt")
        chat_settings.change(chat, model=argument)
        host.tell(f"{argument} answers from now on")
    else:
        names = host.models()
        current = chat.config.model
        rows = [f"{'*' if name == current else ' '} {name}" for name in names]
        host.tell("\n".join(rows if current in names else [f"* {current}", *rows]))


def _system(host: Host, argument: str) -> None:
    """Without a text: show it. `@FILE` reads it from a file; `-` takes it away."""
    chat = host.chat
    if argument == NONE:
        chat.set_system(None)
        host.tell("no system prompt from now on")
    elif argument:
        chat.set_system(text_or_file(argument))
        host.tell("this is the system prompt from the next prompt on")
    else:
        host.tell(chat.conversation.system or "there is no system prompt")


def _set(host: Host, argument: str) -> None:
    """Without a name: all settings. `-` as the value: as it was when the chat began."""
    name, _, value = argument.partition(" ")
    if value.strip():
        chat_settings.set_value(host.chat, name, value.strip())
    if name:
        host.tell(chat_settings.shown(host.chat, name))
    else:
        host.tell("\n".join(chat_settings.shown(host.chat, each) for each in chat_settings.NAMES))


def _retry(host: Host, _: str) -> None:
    """Ask the last prompt again. The answer that was there stays on a branch of its own."""
    host.chat.retry()


def _continue(host: Host, _: str) -> None:
    """Have an answer go on that broke off or reached max_tokens; where nothing came, ask again."""
    host.chat.go_on()


def _undo(host: Host, argument: str) -> None:
    """Take the last prompt and its answer back, or the last N of them."""
    for prompt in host.chat.undo(_number(argument, "/undo [N]")):
        typed = "/continue" if prompt == GO_ON else split_message(prompt).brief
        host.tell(f"taken back: {_glance(typed)}")


def _edit(host: Host, _: str) -> None:
    """Change the last prompt and ask again, with its files. The old answer is not lost."""
    last = host.chat.to_edit()
    host.edit_next(last.words)
    if last.names:
        host.tell(f"with it again: {', '.join(last.names)}")


def _new(host: Host, _: str) -> None:
    """Begin a new conversation. The one before stays in the history."""
    host.chat.begin()
    host.tell("a new conversation")


def _history(host: Host, argument: str) -> None:
    """The conversations used last; with words, the turns in which they occur."""
    host.show_history(argument)


def _load(host: Host, argument: str) -> None:
    """Go on with another conversation: by its id, by words of its title, or choose one."""
    host.load(argument)


def _title(host: Host, argument: str) -> None:
    """Give the conversation a title of your own."""
    host.chat.set_title(argument)
    host.tell(f"the title is now: {host.chat.conversation.title}")


def _copy(host: Host, argument: str) -> None:
    """Copy the last answer as the model wrote it, or its Nth code block."""
    text, what = host.chat.answer, "the answer"
    if not text:
        raise UsageError("there is no answer to copy")
    if argument:
        number, blocks = _number(argument, "/copy [N]"), code_blocks(text)
        if number > len(blocks):
            there = {0: "no code block", 1: "1 code block"}.get(
                len(blocks), f"{len(blocks)} code blocks"
            )
            raise UsageError(f"there is no code block {number}: the answer has {there}")
        text, what = blocks[number - 1], f"code block {number}"
    how = host.copy(text)
    if not how:
        raise UsageError(
            "there is no clipboard to copy to", hint="install wl-copy, xclip or xsel; or /save FILE"
        )
    host.tell(f"copied {what} {how}: {len(text)} characters")


def _save(host: Host, argument: str) -> None:
    """Write the conversation into a file: as Markdown, or as JSON if it ends in .json."""
    host.write_file(Path(_file_named(argument)))


def _file(host: Host, argument: str) -> None:
    """Send a text file with the next prompt. `-` takes the files away again."""
    chat = host.chat
    if argument == NONE:
        chat.attachments = []
    elif argument:
        chat.attachments.append(read_file(_file_named(argument)))
    names = [f"{name} ({len(text)} characters)" for name, text in chat.attachments]
    host.tell(f"with the next prompt: {', '.join(names)}" if names else "no files to send")


def _usage_of(host: Host, _: str) -> None:
    """Tokens, time and speed of the last answer, and of all since the chat began."""
    chat = host.chat
    window = f" of {chat.window}" if chat.window else ""
    rows = [f"last answer: {usage_line(chat.last)}"] if chat.last and chat.last.has_begun else []
    rows.append(f"this chat: {chat.totals}")
    rows.append(f"context: {chat.tokens}{window} tokens in use")
    host.tell("\n".join(rows))


def _exit(host: Host, _: str) -> None:
    """Leave. Everything is kept: srchat chat --continue goes on."""
    host.leave()


def _at_home(path: str) -> str:
    return os.path.expanduser(path)  # noqa: PTH111 - Path's own fails for ~nobody


def _file_named(argument: str) -> str:
    """Return the path of a file; it may be quoted as for a shell, as a terminal drops it."""
    path = _at_home(argument)
    if not os.path.exists(path):  # noqa: PTH110 - Path's own fails for what is too long
        with contextlib.suppress(ValueError):
            words = shlex.split(argument)
            return _at_home(words[0]) if len(words) == 1 else path
    return path


def _number(argument: str, usage: str) -> int:
    if not argument:
        return 1
    if not _NUMBER.fullmatch(argument):
        raise UsageError(f"usage: {usage}, N a whole number from 1 on")
    return int(argument)


def _glance(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 60 else line[:59] + "…"


_TABLE: Final = (
    Command("help", "[COMMAND]", "this list, or more about a command", _help, "commands"),
    Command("model", "[NAME]", "another model; NAME: PROMPT asks it once", _model, "models"),
    Command("system", "[TEXT]", "the system prompt: see it, change it; - for none", _system),
    Command(
        "set", "[NAME [VALUE]]", "settings of this chat, such as temperature", _set, "settings"
    ),
    Command("retry", "", "ask the last prompt again", _retry),
    Command("continue", "", "go on where the answer broke off", _continue),
    Command("undo", "[N]", "take back the last prompt (the last N)", _undo),
    Command("edit", "", "change the last prompt and ask again", _edit),
    Command("new", "", "begin a new conversation", _new),
    Command("history", "[WORDS]", "list conversations, or search them", _history),
    Command("load", "[ID]", "go on with another conversation", _load, "conversations"),
    Command("title", "TEXT", "give this conversation a title", _title),
    Command("copy", "[N]", "copy the answer (its Nth code block)", _copy),
    Command("save", "FILE", "write the conversation into a file", _save, "files"),
    Command("file", "[PATH]", "send a file with the next prompt; - for none", _file, "files"),
    Command("usage", "", "tokens, time and speed", _usage_of),
    Command("exit", "", "leave (also Ctrl-D)", _exit),
)
COMMANDS: Final = {command.name: command for command in _TABLE}
ALIASES: Final = {"quit": "exit", "?": "help"}
_KEYS: Final = (
    "A new line: Alt-Enter, or \\ before Enter. Editor: Ctrl-X Ctrl-E; search: Ctrl-R",
    "Ctrl-C stops an answer and clears a line. To send a message with a slash: //",
)
