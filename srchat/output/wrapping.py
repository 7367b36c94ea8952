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
    if not _JOINED.search(plain):
        lines = list(text.wrap(console, width, overflow="fold"))
        for line in lines:
            line.rstrip()
        return lines
    return _wrapped_by_stand_ins(console, text, width)


def _wrapped_by_stand_ins(console: Console, text: Text, width: int) -> list[Text]:
    """Wrap a text with joined characters as one in which each stands alone.

    Rich counts joined characters together, cuts off what then does not fit, and fails where
    they join nothing.
    """
    text = text.copy()
    text.expand_tabs(console.tab_size)
    plain, shape = text.plain, text.copy()
    shape.plain = stand_ins = "".join(map(_stand_in, plain))
    lines, place = list(shape.wrap(console, max(width, 2), overflow="fold")), 0
    for line in lines:
        line.rstrip()
        place = stand_ins.index(line.plain, place)
        end = place + len(line.plain)
        line.plain = plain[place:end]
        place = end
    return lines


def _stand_in(character: str) -> str:
    """Return a character that Rich counts as what `cells` counts this one as."""
    if not _JOINED.match(character):
        return character
    return ("\u0300", "x", "\u65e5")[min(cells(character), 2)]
