"""Slash commands that take texts into a chat and out of it: files and the clipboard."""

import contextlib
import os
import re
import shlex
from pathlib import Path
from typing import Final

from srchat.errors import UsageError
from srchat.repl import clipboard, library_commands
from srchat.repl.terminal import Chat
from srchat.terminal.code_blocks import code_blocks
from srchat.text_input import read_file

NONE: Final = "-"  # as an argument: take away what is set
_NUMBER: Final = re.compile(r"[1-9][0-9]{0,5}")


def copy(chat: Chat, argument: str) -> None:
    """Copy the last answer as the model wrote it, or its Nth code block."""
    text, what = chat.session.conversation.answer, "the answer"
    if not text:
        raise UsageError("no answer to copy")
    if argument:
        place, blocks = number(argument, "/copy [N]"), code_blocks(text)
        if place > len(blocks):
            there = {0: "no code block", 1: "1 code block"}.get(
                len(blocks), f"{len(blocks)} code blocks"
            )
            raise UsageError(f"no code block {place}: the answer has {there}")
        text, what = blocks[place - 1], f"code block {place}"
    how = clipboard.copy(text, chat.terminal.environ, chat.terminal.screen)
    if not how:
        raise UsageError("no clipboard found", hint="install wl-copy, xclip or xsel; or /save FILE")
    chat.terminal.tell(f"copied {what} {how}: {len(text)} characters")


def save(chat: Chat, argument: str) -> None:
    """Write the conversation into a file: as Markdown, or as JSON if it ends in .json."""
    library_commands.save(chat, Path(_file_named(argument)))


def file(chat: Chat, argument: str) -> None:
    """Send a text file with the next prompt. `-` takes the files away again."""
    session = chat.session
    if argument == NONE:
        session.attachments = []
    elif argument:
        session.attachments.append(read_file(_file_named(argument)))
    names = [f"{name} ({len(text)} characters)" for name, text in session.attachments]
    chat.terminal.tell(
        f"attached to the next prompt: {', '.join(names)}" if names else "no files attached"
    )


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


def number(argument: str, usage: str) -> int:
    """Return the number that an argument is, 1 for none. Raises UsageError."""
    if not argument:
        return 1
    if not _NUMBER.fullmatch(argument):
        raise UsageError(f"usage: {usage} (N is 1 or more)")
    return int(argument)
