"""Completion of slash commands and their arguments; what is shown of it is inert."""

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

_MAX_OFFERED = 200
_TITLE = 60  # characters


@dataclass(frozen=True, kw_only=True)
class Values:
    """Where arguments come from. `conversations`: ids and rows about some words.

    `models` is told whether Tab was pressed: only then may it ask the server.
    """

    models: Callable[[bool], Sequence[str]]
    conversations: Callable[[str], Sequence[tuple[str, str]]]
    settings: Mapping[str, str]


class ChatCompleter(Completer):
    """Completes `/name` and, for commands that have values to choose from, their argument."""

    def __init__(self, values: Values) -> None:
        self._values = values

    def get_completions(self, document: Document, event: CompleteEvent) -> Iterable[Completion]:
        """Yield what may stand at the cursor."""
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
            asked = event.completion_requested
            yield from self._arguments(command.completes, argument.lstrip(), asked=asked)

    def _arguments(self, kind: str, typed: str, *, asked: bool) -> Iterator[Completion]:
        if kind == "commands":
            yield from _choices(((name, COMMANDS[name].help) for name in COMMANDS), typed)
        elif kind == "models":
            yield from _choices(((name, "") for name in self._values.models(asked)), typed)
        elif kind == "settings" and " " not in typed:
            yield from _choices(self._values.settings.items(), typed)
        elif kind == "conversations":
            for id_, row in self._values.conversations(typed)[:_MAX_OFFERED]:
                yield Completion(id_, -len(typed), display=one_line(row, _TITLE))
        elif kind == "files":
            yield from _files(typed)


def _commands(typed: str) -> Iterator[Completion]:
    for command in COMMANDS.values():
        if command.name.startswith(typed):
            # A blank behind it where an argument follows, so that its values come up at once.
            blank = " " if command.completes else ""
            yield Completion(
                command.name + blank,
                -len(typed),
                display=f"{command.name} {command.arguments}".rstrip(),
                display_meta=command.help,
            )


def _choices(values: Iterable[tuple[str, str]], typed: str) -> Iterator[Completion]:
    """Yield the values that begin with what is typed, then those that have it inside."""
    wanted = typed.lower()
    found = [
        (value, help_) for value, help_ in values if wanted in value.lower() and value.isprintable()
    ]
    found.sort(key=lambda choice: not choice[0].lower().startswith(wanted))
    for value, help_ in found[:_MAX_OFFERED]:
        yield Completion(value, -len(typed), display=one_line(value), display_meta=one_line(help_))


def _mentioned(typed: str) -> Iterator[Completion]:
    """Yield files for a path behind an @; one with blanks is put in quotes."""
    path = typed.removeprefix('"')
    for found in _files(path):
        whole = path[: len(path) + found.start_position] + found.text
        if '"' in whole:
            continue  # it cannot be quoted
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
