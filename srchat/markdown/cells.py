"""Measures text in terminal cells, and wraps it.

Terminals disagree about joined characters (flags, families, skin tones, emoji presentation) and
spacing marks (the vowel signs of Hindi or Tamil): two cells in one are four or more in another.
An underestimated row would be wrapped by the terminal, and the tracked cursor position would be
wrong. So each character is measured on its own, at the largest width that any terminal uses.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Final

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

# Ranges in which some characters are wider on some terminals than in Rich.
_UNSURE: Final = re.compile(
    "[\u0900-\u109f\u1700-\u1cff\u200d\u302e\u302f\u3164\u3248-\u324f\ua800-\uabff\ufe0f\uffa0"
    "\U00011000-\U00011fff\U00016f00-\U00016fff\U00018cd6-\U000191d2\U0001b100-\U0001b1ff"
    "\U0001d165-\U0001d172\U0001f1ae\U0001f1e6-\U0001f1ff\U0001f3fb-\U0001f3ff\U0001f6d9\U0001f7da"
    "\U0001fa8b-\U0001faff]"
)
# Those of two cells: halves of flags, skin tones, fillers, circled numbers, and letters that are
# wide only since Unicode 16.
_WIDE: Final = re.compile(
    "[\u302e\u302f\u3164\u3248-\u324f\U00016ff0\U00016ff1\U00018cd6-\U000191d2"
    "\U0001b123-\U0001b128\U0001b168\U0001f1ae\U0001f1e6-\U0001f1ff\U0001f3fb-\U0001f3ff\U0001f6d9"
    "\U0001f7da\U0001fa8b-\U0001faff]"
)
_NARROW: Final = "\ufe0f\uffa0"  # emoji presentation makes a narrow symbol wide


def cells(text: str) -> int:
    """Return the maximum width of `text`, which has no newlines, in cells."""
    return cell_len(text) if text.isascii() else _cells(text)


@lru_cache(maxsize=1024)  # each frame measures the same lines
def _cells(text: str) -> int:
    return sum(map(_character_cells, text)) if _UNSURE.search(text) else cell_len(text)


@lru_cache(maxsize=4096)
def _character_cells(character: str) -> int:
    if _WIDE.match(character):
        return 2
    # A spacing mark, or a character that is newer than this Python.
    takes_one = character in _NARROW or unicodedata.category(character) in ("Mc", "Cn")
    return max(cell_len(character), int(takes_one))


def wrapped(console: Console, text: Text, width: int) -> list[Text]:
    """Return `text` as lines of at most `width` cells. Only trailing blanks are dropped."""
    plain = text.plain
    if "\n" not in plain and "\t" not in plain and cells(plain) <= width:
        return [text]
    if not _UNSURE.search(plain):
        lines = list(text.wrap(console, width, overflow="fold"))
        for line in lines:
            line.rstrip()
        return lines
    return _wrapped_by_stand_ins(console, text, width)


def _wrapped_by_stand_ins(console: Console, text: Text, width: int) -> list[Text]:
    """Wrap a text with unsure characters, each replaced by one that Rich measures as `cells` does.

    Rich measures joined characters as one, truncates what does not fit, and raises if a joiner
    joins nothing.
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
    """Return a character that has the same width in Rich as this one in `cells`."""
    if not _UNSURE.match(character):
        return character
    return ("\u0300", "x", "\u65e5")[_character_cells(character)]
