"""Wraps plain text without Rich, and truncates lines. Pure.

Widths are estimates, and affect only where lines are broken or truncated.
"""

import unicodedata
from typing import Final

_TAB: Final = 8


class WordWrap:
    """Breaks lines of a stream between words.

    A word is held back until its end, and spaces until the place of the next word is known.
    `indent`: put before continuation lines.
    """

    def __init__(self, indent: str = "") -> None:
        self._indent = indent
        self._column = 0
        self._blanks = ""
        self._word = ""

    def feed(self, text: str, columns: int) -> str:
        """Return what can be displayed so far. `columns`: current width of the terminal."""
        return "".join(self._step(character, columns) for character in text)

    @property
    def held(self) -> str:
        """The text held back."""
        return self._blanks + self._word

    def flush(self, columns: int) -> str:
        """Return the last word."""
        if not self._word:
            return ""
        blanks, word = self._blanks, self._word
        self._blanks = self._word = ""
        width = width_of(word)
        if self._column and self._column + len(blanks) + width > columns:
            self._column = len(self._indent) + width
            return f"\n{self._indent}{word}"
        self._column += len(blanks) + width
        return blanks + word

    def _step(self, character: str, columns: int) -> str:
        if character == "\n":
            shown = self.flush(columns)
            self._blanks, self._column = "", 0
            return f"{shown}\n"
        if character in " \t":
            shown = self.flush(columns)
            place = self._column + len(self._blanks)
            self._blanks += " " if character == " " else " " * (_TAB - place % _TAB)
            return shown
        # Chinese and Japanese have no spaces: each wide character is a word.
        is_wide = _width(character) > 1
        shown = self.flush(columns) if is_wide else ""
        self._word += character
        return shown + self.flush(columns) if is_wide or len(self._word) >= columns else shown


def wrapped_text(text: str, columns: int, indent: str = "") -> str:
    """Return text with lines broken between words. `indent`: put before continuation lines."""
    wrap = WordWrap(indent)
    return wrap.feed(text, columns) + wrap.flush(columns)


def fitting(text: str, columns: int) -> str:
    """Return a line truncated to `columns` with an ellipsis."""
    width, end = 0, 0
    for place, character in enumerate(text):
        width += _width(character)
        if width > columns:
            return text[:end].rstrip() + "…" if columns > 0 else ""
        if width < columns:
            end = place + 1
    return text


def width_of(text: str) -> int:
    """Return the width of a line in columns."""
    return sum(map(_width, text))


def _width(character: str) -> int:
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
