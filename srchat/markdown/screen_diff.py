"""Rows on a terminal whose last ones, the tail, may change.

What is written is what differs and nothing else: while an answer grows by plain words,
only these words.
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
# Between these a terminal shows nothing halfway done; others ignore them.
_BEGIN_FRAME: Final = "\x1b[?2026h"
_END_FRAME: Final = "\x1b[?2026l"


class ScreenDiff:
    """Knows the rows that may change, and that the cursor stands behind the last of them.

    It says what to write and writes nothing itself. Rows must fit the screen's width.
    """

    def __init__(self) -> None:
        self._tail = [""]
        self._columns = 0

    def last_frame(self, final: list[str], size: os.terminal_size) -> str:
        """Return what turns the old tail into the rows `final` and ends the last of them."""
        if final and self._tail[-1]:
            # The terminal may have put a ^C behind the cursor: the row is written once more.
            self._tail[-1] += "^C"
        return self.frame(final, [], size)

    def begin_anew(self) -> str:
        """Forget the tail: it is somewhere above, and the next frame shows all of it again.

        Returns what makes room for it.
        """
        self._tail = [""]
        return "\r\x1b[J"

    def frame(self, final: list[str], tail: list[str], size: os.terminal_size) -> str:
        """Return what turns the old tail into the rows `final`, then the rows `tail`.

        The final rows are never touched again. Without a tail the cursor comes to the
        start of the row below.
        """
        columns, height = size
        old, new = self._tail, final + (tail or [""])
        if columns != self._columns:
            # Terminals cut rows or wrap them anew: nothing is where, or what, it was.
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
            # From the row below: tmux keeps a copy of a screen that is erased from its top.
            moved += f"{_vertically(row + 1 - cursor, height)}\x1b[J"
            cursor = row + 1
        moved += f"{_vertically(row - cursor, height)}{_forward(kept)}\x1b[K"
        return f"{_BEGIN_FRAME}{moved}{new[row][len(kept) :]}{rest}{_END_FRAME}"


def _vertically(rows: int, height: int) -> str:
    if rows < 0:
        # What has left the screen at the top cannot be reached.
        return f"\x1b[{min(-rows, height - 1)}A"
    return f"\x1b[{rows}B" if rows else ""


def _forward(text: str) -> str:
    cells = len(_STYLE.sub("", text))
    return f"\x1b[{cells}C" if cells else ""


def _scrolled_off(old: list[str], new: list[str]) -> int:
    """Return how many rows at the top of `old` are gone in `new`, the others having moved up."""
    if len(old) != len(new):
        return 0
    # The last row may have grown.
    return next((n for n in range(1, len(old) - 1) if old[n:-1] == new[: -n - 1]), 0)


def _difference(old: list[str], new: list[str]) -> tuple[int, int]:
    """Return the row and the index in it up to which `old` and `new` are the same."""
    same = _common(old, new)
    if same == len(old):
        return same - 1, _joint(old[-1], new[same - 1])
    if same == len(new):
        return same - 1, len(new[-1])
    return same, _joint(old[same], new[same])


def _joint(old: str, new: str) -> int:
    """Return how much of the row `new` can be left as it is on the screen, where `old` is."""
    same = _common(old, new)
    last_style = new.rfind(_ESC, 0, same)
    if last_style != new.rfind(_RESET, 0, same):
        same = last_style
    # A preview may also have had an accent there that is gone.
    return same if _starts_a_cell(new[same:]) and _starts_a_cell(old[same:]) else 0


def _common(old: Sequence[str], new: Sequence[str]) -> int:
    pairs = enumerate(zip(old, new, strict=False))
    return next((index for index, (a, b) in pairs if a != b), min(len(old), len(new)))


def _reachable(text: str, columns: int) -> str:
    """Return `text`, or "" where the cursor cannot be put behind it.

    It cannot go beyond the edge, and only the terminal knows how wide some characters are.
    """
    return text if text.isascii() and len(_STYLE.sub("", text)) < columns else ""


def _starts_a_cell(text: str) -> bool:
    """Tell whether `text` does not change the character before it (accents, joined emoji)."""
    text = _STYLES.sub("", text, count=1)
    return not text or text[0].isascii() or unicodedata.category(text[0])[0] in "LNPZ"
