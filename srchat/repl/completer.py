"""Completes slash commands, their arguments, and `@PATH`. Everything shown is sanitized."""

import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document

from srchat.repl.mentions import begun_mention
from srchat.repl.slash_commands import ALIASES, COMMANDS
from srchat.repl.slash_syntax import may_be_command
from srchat.terminal.sanitize import one_line

_MAX_COMPLETIONS = 200
_MAX_TITLE = 60  # characters


@dataclass(frozen=True, kw_only=True)
class Values:
    """Sources of arguments.

    `models`: called with whether Tab was pressed, because only then may the server be asked.
    `conversations`: returns the IDs and rows of those that match some words.
    `settings`: the help of each setting.
    """

    models: Callable[[bool], Sequence[str]]
    conversations: Callable[[str], Sequence[tuple[str, str]]]
    settings: Mapping[str, str]


class ChatCompleter(Completer):
    """Completes `/name`, the argument of a command that has a list of values, and `@PATH`."""

    def __init__(self, values: Values) -> None:
        self._values = values

    def get_completions(self, document: Document, event: CompleteEvent) -> Iterable[Completion]:
        """Yield the completions at the cursor."""
        text = document.text_before_cursor
        if not may_be_command(text):
            if (mention := begun_mention(document.current_line_before_cursor)) is not None:
                yield from _mentioned(mention)
            return
        name, blank, argument = text[1:].partition(" ")
        if not blank:
            yield from _commands(name)
            return
        command = COMMANDS.get(ALIASES.get(name, name))
        if command and command.completes:
            is_tab = event.completion_requested
            yield from self._arguments(command.completes, argument.lstrip(), is_tab=is_tab)

    def _arguments(self, kind: str, typed: str, *, is_tab: bool) -> Iterator[Completion]:
        if kind == "commands":
            yield from _choices(((name, COMMANDS[name].help) for name in COMMANDS), typed)
        elif kind == "models":
            yield from _choices(((name, "") for name in self._values.models(is_tab)), typed)
        elif kind == "settings" and " " not in typed:
            yield from _choices(self._values.settings.items(), typed)
        elif kind == "conversations":
            for id_, row in self._values.conversations(typed)[:_MAX_COMPLETIONS]:
                yield Completion(id_, -len(typed), display=one_line(row, _MAX_TITLE))
        elif kind == "files":
            yield from _files(typed)


def _commands(typed: str) -> Iterator[Completion]:
    for command in COMMANDS.values():
        if command.name.startswith(typed):
            # Append a blank if an argument follows, so that its values are shown at once.
            blank = " " if command.completes else ""
            yield Completion(
                command.name + blank,
                -len(typed),
                display=f"{command.name} {command.arguments}".rstrip(),
                display_meta=command.help,
            )


def _choices(values: Iterable[tuple[str, str]], typed: str) -> Iterator[Completion]:
    """Yield the values that begin with `typed`, then those that contain it."""
    wanted = typed.lower()
    found = [
        (value, help_) for value, help_ in values if wanted in value.lower() and value.isprintable()
    ]
    found.sort(key=lambda choice: not choice[0].lower().startswith(wanted))
    for value, help_ in found[:_MAX_COMPLETIONS]:
        yield Completion(value, -len(typed), display=one_line(value), display_meta=one_line(help_))


def _mentioned(typed: str) -> Iterator[Completion]:
    """Yield the files for a path after an @; a path with blanks is quoted."""
    path = typed.removeprefix('"')
    for found in _files(path):
        whole = path[: len(path) + found.start_position] + found.text
        if '"' in whole:
            continue  # cannot be quoted
        if path == typed and not re.search(r"\s", whole):
            yield found
        else:
            end = "" if whole.endswith("/") else '"'
            yield Completion(f'"{whole}{end}', -len(typed), display=found.display)


def _files(typed: str) -> Iterator[Completion]:
    folder, name = os.path.split(typed)
    try:
        entries = sorted(os.scandir(Path(folder or ".").expanduser()), key=lambda entry: entry.name)
    except (OSError, ValueError, RuntimeError):
        return
    for entry in entries:
        hidden = entry.name.startswith(".") and not name.startswith(".")
        if entry.name.startswith(name) and not hidden and entry.name.isprintable():
            end = "/" if entry.is_dir() else ""
            yield Completion(entry.name + end, -len(name), display=one_line(entry.name) + end)
