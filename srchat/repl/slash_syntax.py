"""Which typed lines are slash commands, and which are messages. Pure."""

import re
from typing import Final

# A second slash in the first word makes it a path, and so a message.
_COMMAND: Final = re.compile(r"/([A-Za-z?][^\s/]*|)(?:\s+(.*))?", re.DOTALL)
_ESCAPED: Final = re.compile(r"//+[A-Za-z?]")
_ESCAPED_BLANK: Final = re.compile(r"///+(?:\s|$)")


def message_of(line: str) -> str | None:
    """Return the message that a typed text is, None for a slash command.

    `//word` is the message `/word`, and `/// x` the message `/ x`. Pasted comments
    (`// like this`, `/* or this */`) and paths (`/usr/bin`) are messages as they are.
    """
    if _COMMAND.fullmatch(line):
        return None
    if _ESCAPED_BLANK.match(line):
        return line[2:]
    return line[1:] if _ESCAPED.match(line) else line


def may_be_command(begun: str) -> bool:
    """Tell whether what is being typed may become a slash command."""
    return begun.startswith("/") and not begun.startswith("//") and "\n" not in begun


def line_of(message: str) -> str:
    """Return what has to be typed to send a message."""
    if _ESCAPED_BLANK.match(message) or re.match(r"/(?:\s|$)", message):
        return f"//{message}"
    return f"/{message}" if _COMMAND.fullmatch(message) or _ESCAPED.match(message) else message


def split(line: str) -> tuple[str, str]:
    """Return the name and the argument of a slash command; the name may be ""."""
    found = _COMMAND.fullmatch(line)
    assert found
    return found[1], (found[2] or "").strip()
