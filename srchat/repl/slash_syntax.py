"""Which typed lines are slash commands, and which are messages. Pure."""

import re
from typing import Final

_COMMAND: Final = re.compile(r"/([A-Za-z?][^\s]*)\s*(.*)", re.DOTALL)
_ESCAPED: Final = re.compile(r"//+[A-Za-z?]")


def message_of(line: str) -> str | None:
    """Return the message that a typed text is, None where it is a slash command.

    One slash of two or more is taken off a word that would else be a command; a pasted
    comment (`// like this`, `/* or this */`) stays as it is.
    """
    if _COMMAND.match(line):
        return None
    return line[1:] if _ESCAPED.match(line) else line


def may_be_command(begun: str) -> bool:
    """Tell whether what is being typed may become a slash command."""
    return begun.startswith("/") and not begun.startswith("//") and "\n" not in begun


def line_of(message: str) -> str:
    """Return what has to be typed to send a message."""
    return f"/{message}" if _COMMAND.match(message) or _ESCAPED.match(message) else message


def split(line: str) -> tuple[str, str]:
    """Return the name and the argument of a slash command."""
    found = _COMMAND.match(line)
    assert found
    return found[1], found[2].strip()
