"""Slash commands for files and the clipboard."""

import contextlib
import glob
import itertools
import os
import re
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from srchat.attachments import Attachment
from srchat.errors import UsageError
from srchat.repl import clipboard, library_commands
from srchat.repl.mentions import expanded, without_mentions
from srchat.repl.terminal import Chat
from srchat.terminal.code_blocks import code_blocks
from srchat.text_input import MAX_INPUT, check_size, read_file

NONE: Final = "-"  # as an argument: remove the value
_PATTERN: Final = re.compile(r"[*?\[]")
_MAX_FILES: Final = 100  # matches of a pattern
_NUMBER: Final = re.compile(r"[1-9][0-9]{0,5}")


def copy(chat: Chat, argument: str) -> None:
    """Copy the last answer as the model wrote it, or its Nth code block."""
    text, what = chat.session.conversation.answer, "the answer"
    if not text:
        raise UsageError("no answer to copy")
    if argument:
        place, blocks = number(argument, "/copy [N]"), code_blocks(text)
        if place > len(blocks):
            found = {0: "no code block", 1: "1 code block"}.get(
                len(blocks), f"{len(blocks)} code blocks"
            )
            raise UsageError(f"no code block {place}: the answer has {found}")
        text, what = blocks[place - 1], f"code block {place}"
    how = clipboard.copy(text, chat.terminal.environ, chat.terminal.screen)
    if not how:
        raise UsageError("no clipboard found", hint="install wl-copy, xclip or xsel; or /save FILE")
    chat.terminal.tell(f"copied {what} {how}: {len(text)} characters")


def save(chat: Chat, argument: str) -> None:
    """Save the conversation to a file: .json, .html, or anything else for Markdown."""
    library_commands.save(chat, Path(_file_named(argument)))


def file(chat: Chat, argument: str) -> None:
    """Attach text files to the next prompt; PATH may be a pattern. `-` detaches all.

    In a prompt, @PATH does the same.
    """
    session = chat.session
    if argument == NONE:
        session.attachments = []
    elif argument:
        paths = _files_named(argument)
        _attach(chat, paths, skips=len(paths) > 1)
    listed = _listed(session.attachments)
    chat.terminal.tell(f"attached to the next prompt: {listed}" if listed else "no files attached")


def with_files(chat: Chat, message: str, attached: Sequence[str] = ()) -> str:
    """Attach the files that a message mentions, and list them; return the message to send.

    `attached`: the names of files that are attached already. In a script, @PATH is text.
    """
    if not chat.terminal.lines.interactive:
        return message
    known = set(map(_real, attached))
    message, paths = without_mentions(message)
    if paths := [path for path in paths if _real(path) not in known]:
        _attach(chat, paths)
        chat.terminal.tell(f"attached: {_listed(chat.session.attachments)}")
    return message


def _attach(chat: Chat, paths: Sequence[str], *, skips: bool = False) -> None:
    """Attach files, each once. One that is already attached is read again.

    `skips`: skip files that cannot be attached, with a warning.
    """
    new = {}
    for path in paths:
        try:
            read = read_file(path)
        except UsageError as exc:
            if not skips:
                raise
            chat.terminal.messages.warning(f"not attached: {exc.message}")
        else:
            new[_real(path)] = read
    kept = [each for each in chat.session.attachments if _real(each.name) not in new]
    chat.session.attachments = [*kept, *new.values()]


def _real(name: str) -> str:
    """Return the real path of a file. A stored name may be any text, even an invalid path."""
    try:
        return os.path.realpath(name)
    except ValueError:
        return name


def _listed(attachments: Sequence[Attachment]) -> str:
    return ", ".join(f"{name} ({len(text)} characters)" for name, text in attachments)


def _files_named(argument: str) -> list[str]:
    """Return the path of a file, or those that a pattern matches. Raises UsageError if none."""
    path = _file_named(argument)
    if os.path.lexists(path) or not _PATTERN.search(path):
        return [path]
    found = []
    with contextlib.suppress(ValueError):  # an embedded NUL
        matches = glob.iglob(path, recursive=True)  # noqa: PTH207 - Path.glob rejects absolute patterns
        found = list(itertools.islice(filter(os.path.isfile, matches), _MAX_FILES + 1))
    if not found:
        raise UsageError(f"no file matches {argument}")
    if len(found) > _MAX_FILES:
        raise UsageError(f"{argument} matches more than {_MAX_FILES} files")
    check_size(sum(map(os.path.getsize, found)), MAX_INPUT, argument)
    return sorted(found)


def _file_named(argument: str) -> str:
    """Return the path of a file. It may be quoted for a shell, as by a terminal's drag and drop."""
    path = expanded(argument)
    if not os.path.exists(path):  # noqa: PTH110 - Path.exists raises for a name that is too long
        with contextlib.suppress(ValueError):
            words = shlex.split(argument)
            return expanded(words[0]) if len(words) == 1 else path
    return path


def number(argument: str, usage: str) -> int:
    """Return an argument as a positive number, 1 if it is empty. Raises UsageError."""
    if not argument:
        return 1
    if not _NUMBER.fullmatch(argument):
        raise UsageError(f"usage: {usage} (N is 1 or more)")
    return int(argument)
