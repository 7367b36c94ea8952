"""Distinguishes slash commands from messages. Pure."""

import re
from typing import Final

# A word with a second slash is a path, so the line is a message.
_COMMAND: Final = re.compile(r"/([A-Za-z?][^\s/]*|)(?:\s+(.*))?", re.DOTALL)
_ESCAPED: Final = re.compile(r"//+[A-Za-z?]")
_ESCAPED_BLANK: Final = re.compile(r"///+(?:\s|$)")


def message_of(line: str) -> str | None:
    """Return the message to send for a typed text, None for a slash command.

    `//word` sends `/word`, and `/// x` sends `/ x`. Pasted comments (`// like this`,
    `/* or this */`) and paths (`/usr/bin`) are sent unchanged.
    """
    if _COMMAND.fullmatch(line):
        return None
    if _ESCAPED_BLANK.match(line):
        return line[2:]
    return line[1:] if _ESCAPED.match(line) else line


def may_be_command(begun: str) -> bool:
    """Tell whether an incomplete line may become a slash command."""
    return begun.startswith("/") and not begun.startswith("//") and "\n" not in begun


def line_of(message: str) -> str:
    """Return the line to type to send a message: the inverse of `message_of`."""
    if _ESCAPED_BLANK.match(message) or re.match(r"/(?:\s|$)", message):
        return f"//{message}"
    return f"/{message}" if _COMMAND.fullmatch(message) or _ESCAPED.match(message) else message


def split(line: str) -> tuple[str, str]:
    """Split a slash command into its name, which may be "", and its argument."""
    found = _COMMAND.fullmatch(line)
    assert found
    return found[1], (found[2] or "").strip()
