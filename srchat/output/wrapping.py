"""How many cells text takes on a terminal, and lines that fit.

Terminals do not agree about joined characters (flags, families, skin tones, emoji
presentation): what one shows in two cells takes four or more in another. A row that is
longer than the screen would be wrapped by the terminal, and the painter would lose count;
so each character counts as if it stood alone.
"""

from __future__ import annotations

import re
from typing import Final

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

# What Rich counts as less than a terminal may take that does not join characters.
_JOINED: Final = re.compile("[\u200d\ufe0f\U0001f1e6-\U0001f1ff\U0001f3fb-\U0001f3ff]")
_EXTRA: Final = {"\u200d": 0, "\ufe0f": 1} | {chr(code): 2 for code in range(0x1F3FB, 0x1F400)}


def cells(text: str) -> int:
    """Return how many cells `text`, without newlines, takes at most."""
    joined = [] if text.isascii() else _JOINED.findall(text)
    if not joined:
        return cell_len(text)
    # A half of a flag is counted as one cell, and may take two.
    return sum(map(cell_len, text)) + sum(_EXTRA.get(character, 1) for character in joined)


def wrapped(console: Console, text: Text, width: int) -> list[Text]:
    """Return `text` as lines of at most `width` cells; nothing is lost but blanks at ends."""
    plain = text.plain
    if "\n" not in plain and "\t" not in plain and cells(plain) <= width:
        return [text]
    room = width
    while True:
        lines = list(text.wrap(console, room, overflow="fold"))
        for line in lines:
            line.rstrip()
        too_long = max((cells(line.plain) for line in lines), default=0) - width
        if too_long <= 0 or room == 1:
            return lines
        room = max(1, room - too_long)
