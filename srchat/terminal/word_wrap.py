"""Plain text on a terminal without Rich: a stream broken between words, a line cut to fit. Pure.

Widths are estimates. No text depends on them: only where its lines break, or are cut.
"""

import unicodedata
from typing import Final

_TAB: Final = 8


class WordWrap:
    """Breaks lines between words, where the terminal would break them in the middle of one.

    A word is held back until it is over; blanks, until it is known where the next word stands.
    `indent` stands before what is broken off a line.
    """

    def __init__(self, indent: str = "") -> None:
        self._indent = indent
        self._column = 0
        self._blanks = ""
        self._word = ""

    def feed(self, text: str, columns: int) -> str:
        """Return what can be shown by now; `columns`: of the terminal, at this moment."""
        return "".join(self._step(character, columns) for character in text)

    @property
    def held(self) -> str:
        """What is held back."""
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
        # Chinese and Japanese have no blanks: each wide character is a word.
        is_wide = _width(character) > 1
        shown = self.flush(columns) if is_wide else ""
        self._word += character
        return shown + self.flush(columns) if is_wide or len(self._word) >= columns else shown


def wrapped_text(text: str, columns: int, indent: str = "") -> str:
    """Return lines broken between words; `indent` stands before what is broken off one."""
    wrap = WordWrap(indent)
    return wrap.feed(text, columns) + wrap.flush(columns)


def fitting(text: str, columns: int) -> str:
    """Return a line shortened to so many columns; an ellipsis marks the cut."""
    width, end = 0, 0
    for place, character in enumerate(text):
        width += _width(character)
        if width > columns:
            return text[:end].rstrip() + "…" if columns > 0 else ""
        if width < columns:
            end = place + 1
    return text


def width_of(text: str) -> int:
    """Return the columns that a line takes."""
    return sum(map(_width, text))


def _width(character: str) -> int:
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
