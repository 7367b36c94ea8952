"""Updates the last rows on a terminal, the tail, by writing only the difference.

While an answer grows by plain words, only these words are written.
"""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Sequence
from typing import Final

_ESC: Final = "\x1b"
_RESET: Final = "\x1b[0m"
_STYLE: Final = re.compile(r"\x1b\[[0-9;]*m")
_STYLES: Final = re.compile(rf"^(?:{_STYLE.pattern})+")
# Synchronized output: nothing is shown until the end. Terminals without it ignore the sequences.
_BEGIN_FRAME: Final = "\x1b[?2026h"
_END_FRAME: Final = "\x1b[?2026l"


class ScreenDiff:
    """Tracks the rows that may still change. The cursor is at the end of the last one.

    It returns the text to write and writes nothing itself. Rows must fit the width of the screen.
    """

    def __init__(self) -> None:
        self._tail = [""]
        self._columns = 0

    def last_frame(self, final: list[str], size: os.terminal_size) -> str:
        """Return the text that replaces the tail by the rows `final` and ends the last line."""
        if final and self._tail[-1]:
            # The terminal may have echoed a ^C at the cursor, so the row must be written again.
            self._tail[-1] += "^C"
        return self.frame(final, [], size)

    def reset(self) -> str:
        """Forget the tail, so that the next frame is written completely.

        Returns the text that makes room for it at the cursor.
        """
        self._tail = [""]
        return "\r\x1b[J"

    def frame(self, final: list[str], tail: list[str], size: os.terminal_size) -> str:
        """Return the text that replaces the tail by the rows `final` and a new tail.

        The final rows are never changed again. With an empty tail, the cursor moves to the start of
        the row below.
        """
        columns, height = size
        old, new = self._tail, final + (tail or [""])
        if columns != self._columns:
            # The terminal has truncated or rewrapped the rows, so all of them must be written.
            old = ["\0"] * len(old) if self._columns else old
            self._columns = columns
        self._tail = tail or [""]
        if old == new:
            return ""
        moved, cursor = "", len(old) - 1
        if not final and (gone := _scrolled_off(old, new)):
            moved, cursor, old = f"\r{_vertically(-cursor, height)}\x1b[{gone}M", 0, old[gone:]
        row, column = _difference(old, new)
        rest = "".join(f"\n{line}" for line in new[row + 1 :])
        if not moved and row == cursor and column == len(old[row]):
            return new[row][column:] + rest
        kept = _reachable(new[row][:column], columns)
        moved += "\r"
        if row < len(old) - 1:
            # From the row below, because tmux saves a copy of a screen that is erased from its top.
            moved += f"{_vertically(row + 1 - cursor, height)}\x1b[J"
            cursor = row + 1
        moved += f"{_vertically(row - cursor, height)}{_forward(kept)}\x1b[K"
        return f"{_BEGIN_FRAME}{moved}{new[row][len(kept) :]}{rest}{_END_FRAME}"


def _vertically(rows: int, height: int) -> str:
    if rows < 0:
        # Rows that have scrolled off the top cannot be reached.
        return f"\x1b[{min(-rows, height - 1)}A"
    return f"\x1b[{rows}B" if rows else ""


def _forward(text: str) -> str:
    cells = len(_STYLE.sub("", text))
    return f"\x1b[{cells}C" if cells else ""


def _scrolled_off(old: list[str], new: list[str]) -> int:
    """Return how many rows at the top of `old` are gone in `new`, with the others moved up."""
    if len(old) != len(new):
        return 0
    # The last row may have grown.
    return next((n for n in range(1, len(old) - 1) if old[n:-1] == new[: -n - 1]), 0)


def _difference(old: list[str], new: list[str]) -> tuple[int, int]:
    """Return the row, and the index in it, up to which `old` and `new` are the same."""
    same = _common(old, new)
    if same == len(old):
        return same - 1, _joint(old[-1], new[same - 1])
    if same == len(new):
        return same - 1, len(new[-1])
    return same, _joint(old[same], new[same])


def _joint(old: str, new: str) -> int:
    """Return how many characters of the row `old` on the screen can be kept for `new`."""
    same = _common(old, new)
    last_style = new.rfind(_ESC, 0, same)
    if last_style != new.rfind(_RESET, 0, same):
        same = last_style
    # The preview may have had a combining character there that is gone.
    return same if _starts_a_cell(new[same:]) and _starts_a_cell(old[same:]) else 0


def _common(old: Sequence[str], new: Sequence[str]) -> int:
    pairs = enumerate(zip(old, new, strict=False))
    return next((index for index, (a, b) in pairs if a != b), min(len(old), len(new)))


def _reachable(text: str, columns: int) -> str:
    """Return `text`, or "" if the cursor cannot be moved to its end.

    The end may be at the edge of the screen, and terminals disagree about the width of characters.
    """
    return text if text.isascii() and len(_STYLE.sub("", text)) < columns else ""


def _starts_a_cell(text: str) -> bool:
    """Tell whether `text` cannot combine with the character before it (accents, joined emoji)."""
    text = _STYLES.sub("", text, count=1)
    return not text or text[0].isascii() or unicodedata.category(text[0])[0] in "LNPZ"
