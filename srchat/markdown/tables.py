"""Lays out a table while its rows arrive.

The header and the first rows determine the widths of the columns; later rows are printed as they
arrive. A column is at least as wide as its longest word. If the columns do not fit the screen, each
row is shown as a list. Wider cells in later rows are wrapped, never truncated. A row with wrapped
cells is surrounded by blank lines.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field, replace
from itertools import zip_longest
from typing import Final

from rich.console import Console
from rich.style import Style
from rich.text import Text

from srchat.markdown.cells import cells, wrapped
from srchat.theme import MARKDOWN

_SAMPLE: Final = 24  # rows that determine the widths
_SLACK: Final = 3  # cells
_GAP: Final = "  "
_MIN_WIDTH: Final = 4  # cells of a column; rows with narrower ones are shown as lists
_RULE: Final = Style.parse(MARKDOWN["table rule"])

Cells = list[Text]


@dataclass
class TableRows:
    """Converts rows of cells to lines. The first row is the header.

    `rule`: the character for horizontal lines.
    `sample`: the rows that determine the widths.
    `row`: the cells of the incomplete row.
    `is_apart`: the last row was wrapped.
    `known`: a width of the table, and the widths of the columns for it.
    """

    console: Console
    rule: str
    alignments: list[str] = field(default_factory=list)
    sample: list[Cells] = field(default_factory=list)
    row: Cells = field(default_factory=list)
    is_decided: bool = False
    has_rows: bool = False
    is_apart: bool = False
    known: tuple[int, list[int]] | None = None

    def copy(self) -> TableRows:
        """Return an independent copy."""
        return replace(
            self, alignments=list(self.alignments), sample=list(self.sample), row=list(self.row)
        )

    def add_cell(self, cell: Text, alignment: str) -> None:
        """Add a cell to the row. `alignment`: "left", "center", "right" or ""."""
        self.row.append(cell)
        if not self.sample:
            self.alignments.append(alignment)

    def end_row(self, width: int) -> list[Text]:
        """End the row; return the lines, at most `width` cells wide, that can be printed now."""
        row, self.row = self.row, []
        if self.is_decided:
            return self._lines(row, self._widths(width), width)
        self.sample.append(row)
        return self.decide(width) if len(self.sample) > _SAMPLE else []

    def decide(self, width: int) -> list[Text]:
        """Fix the widths of the columns and return the lines of all rows so far."""
        if self.is_decided:
            return []
        self.is_decided = True
        widths = self._widths(width)
        header, *rows = self.sample
        lines = self._header(header, widths) if widths else []
        return lines + [line for row in rows for line in self._lines(row, widths, width)]

    def _widths(self, width: int) -> list[int]:
        """Return the widths of the columns, an empty list if they do not fit side by side."""
        if self.known is None or self.known[0] != width:
            self.known = (width, self._new_widths(width))
        return self.known[1]

    def _new_widths(self, width: int) -> list[int]:
        columns = list(zip(*self.sample, strict=True))
        room = width - len(_GAP) * (len(columns) - 1)
        if room < _MIN_WIDTH * len(columns):
            return []
        words = [max(map(_longest_word, column)) for column in columns]
        if sum(words) > room:
            return []
        widths = _shrunk([max(map(_width, column)) for column in columns], words, room)
        return _widened(widths, room) if len(self.sample) > _SAMPLE else widths

    def _header(self, header: Cells, widths: list[int]) -> list[Text]:
        rule = Text(_GAP.join(self.rule * width for width in widths), _RULE)
        return [*self._side_by_side(header, widths), rule]

    def _lines(self, row: Cells, widths: list[int], width: int) -> list[Text]:
        if not widths:
            return self._record(row, width)
        lines = self._side_by_side(row, widths)
        was_apart, self.is_apart = self.is_apart, len(lines) > 1
        gap = [Text()] if self.has_rows and (was_apart or self.is_apart) else []
        self.has_rows = True
        return gap + lines

    def _side_by_side(self, row: Cells, widths: list[int]) -> list[Text]:
        pairs = zip(row, widths, strict=True)
        columns = [wrapped(self.console, cell, width) for cell, width in pairs]
        return [self._line(list(line), widths) for line in zip_longest(*columns, fillvalue=Text())]

    def _line(self, row: Cells, widths: list[int]) -> Text:
        line = Text()
        for cell, width, alignment in zip(row, widths, self.alignments, strict=True):
            room = width - cells(cell.plain)
            left = {"right": room, "center": room // 2}.get(alignment, 0)
            line.append(" " * left).append_text(cell).append(" " * (room - left) + _GAP)
        line.rstrip()
        return line

    def _record(self, row: Cells, width: int) -> list[Text]:
        """Return a line "header: cell" for each cell, for a table too wide for the screen."""
        header = self.sample[0]
        lines = [Text(self.rule * width, _RULE)]
        for name, cell in zip(header, row, strict=True):
            lines += wrapped(self.console, Text.assemble(name, ": ", cell), width)
        return lines


def _width(text: Text) -> int:
    return max(map(cells, text.plain.expandtabs().split("\n")))


def _widened(widths: list[int], room: int) -> list[int]:
    """Return `widths` enlarged into the spare room, for wider cells in later rows."""
    spare = (room - sum(widths)) // len(widths)
    return [width + min(spare, _SLACK + width // 2) for width in widths]


def _longest_word(text: Text) -> int:
    return max(map(cells, text.plain.split()), default=0)


def _shrunk(widths: list[int], least: list[int], room: int) -> list[int]:
    """Return `widths` with the widest ones capped, so that their sum is at most `room`.

    `least`: the minimum widths, which must fit.
    """

    def capped(cap: int) -> list[int]:
        return [max(low, min(width, cap)) for width, low in zip(widths, least, strict=True)]

    # Find the largest cap that fits by bisection: the sum grows with the cap.
    cap = bisect_right(range(room + 1), room, key=lambda cap: sum(capped(cap))) - 1
    return widths if sum(widths) <= room else capped(cap)
