"""A table whose rows come one by one.

The widths of the columns are decided by the header and the first rows; after these every
row can be printed as it comes. A column is at least as wide as its longest word; where the columns
do not fit so, each row becomes a list. A later cell that is wider is wrapped, never cut. A row with
wrapped cells stands between blank lines.
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

# As many rows decide how wide the columns are.
_SAMPLE: Final = 24
_SLACK: Final = 3
_GAP: Final = "  "
# Narrower columns than this cannot be read; rows are then shown as records.
_NARROWEST: Final = 4
_RULE: Final = Style.parse(MARKDOWN["table rule"])

Cells = list[Text]


@dataclass
class TableRows:
    """Takes rows of cells (the first one is the header), gives out lines.

    `sample` are the rows that decide how wide the columns are; `row` is the one whose cells
    are coming; `rule` is the character that lines are drawn with. `is_apart`: the last row was
    wrapped. `known`: the widths of columns, for a width of all, once they are decided.
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
        """Return a twin that can be fed on its own."""
        return replace(
            self, alignments=list(self.alignments), sample=list(self.sample), row=list(self.row)
        )

    def add_cell(self, cell: Text, alignment: str) -> None:
        """Take one more cell of the row; `alignment` is "left", "center", "right" or ""."""
        self.row.append(cell)
        if not self.sample:
            self.alignments.append(alignment)

    def end_row(self, width: int) -> list[Text]:
        """Return the lines, at most `width` cells wide, that the row brings."""
        row, self.row = self.row, []
        if self.is_decided:
            return self._lines(row, self._widths(width), width)
        self.sample.append(row)
        return self.decide(width) if len(self.sample) > _SAMPLE else []

    def decide(self, width: int) -> list[Text]:
        """Return the lines of all rows so far; no other row can change the widths."""
        if self.is_decided:
            return []
        self.is_decided = True
        widths = self._widths(width)
        header, *rows = self.sample
        lines = self._header(header, widths) if widths else []
        return lines + [line for row in rows for line in self._lines(row, widths, width)]

    def _widths(self, width: int) -> list[int]:
        """Return the columns' widths; none where they do not fit side by side."""
        if self.known is None or self.known[0] != width:
            self.known = (width, self._new_widths(width))
        return self.known[1]

    def _new_widths(self, width: int) -> list[int]:
        columns = list(zip(*self.sample, strict=True))
        room = width - len(_GAP) * (len(columns) - 1)
        if room < _NARROWEST * len(columns):
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
        """Return one line "header: cell" for each cell, for tables too wide for the screen."""
        header = self.sample[0]
        lines = [Text(self.rule * width, _RULE)]
        for name, cell in zip(header, row, strict=True):
            lines += wrapped(self.console, Text.assemble(name, ": ", cell), width)
        return lines


def _width(text: Text) -> int:
    return max(map(cells, text.plain.expandtabs().split("\n")))


def _widened(widths: list[int], room: int) -> list[int]:
    """Return `widths` with some of the room that is left, for wider cells to come."""
    spare = (room - sum(widths)) // len(widths)
    return [width + min(spare, _SLACK + width // 2) for width in widths]


def _longest_word(text: Text) -> int:
    return max(map(cells, text.plain.split()), default=0)


def _shrunk(widths: list[int], least: list[int], room: int) -> list[int]:
    """Return `widths` with the widest made equal, so that together they fill `room` at most.

    None becomes narrower than it is in `least`, and these fit.
    """

    def capped(cap: int) -> list[int]:
        return [max(low, min(width, cap)) for width, low in zip(widths, least, strict=True)]

    # The widest cap that fits: bisect over the sums, which grow with it.
    cap = bisect_right(range(room + 1), room, key=lambda cap: sum(capped(cap))) - 1
    return widths if sum(widths) <= room else capped(cap)
