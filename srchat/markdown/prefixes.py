"""What stands left of a row (bullets, numbers, quote bars), and the blank rows in between.

Top-level blocks are set apart by a blank row. Inside lists and quotes a blank row stands
where the source has a blank line: that can be decided at once, while "loose" lists are
only known at their end.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from rich.segment import Segment
from rich.style import Style

Row = list[Segment]

# So much of a row is left to the text, however deep lists and quotes are nested.
_LEAST_TEXT = 8


@dataclass
class _Margin:
    first: str
    rest: str
    style: Style
    used: bool = False

    def next_segment(self) -> Segment:
        text = self.rest if self.used else self.first
        self.used = True
        return Segment(text, self.style)

    @property
    def rest_segment(self) -> Segment:
        return Segment(self.rest, self.style)


@dataclass
class Prefixes:
    """The open items and quotes, from the outermost inwards.

    `below` is the line below what has been laid out last; `is_fresh` is whether nothing has
    come yet in the container that was entered last; `gap`, when a blank row is due, is how
    many margins go on through it.
    """

    open: list[_Margin] = field(default_factory=list)
    below: int | None = None
    is_fresh: bool = False
    gap: int | None = None

    def copy(self) -> Prefixes:
        """Return a twin that can be changed on its own."""
        return replace(self, open=[replace(margin) for margin in self.open])

    def begin(self, first: int, below: int, *, is_top_level: bool) -> None:
        """A block begins whose source are the lines from `first` to the one above `below`."""
        if self.is_fresh:
            self.is_fresh = False
        elif self.below is not None and (is_top_level or first > self.below):
            self.gap = len(self.open)
        self.below = below

    def enter(self, first: int, *, is_top_level: bool) -> None:
        """A list, item or quote begins in the line `first`."""
        self.begin(first, first + 1, is_top_level=is_top_level)
        self.is_fresh = True

    def push(self, marker: str, rest: str, style: Style) -> None:
        """`marker` stands left of the next row, `rest` of those after it, until `leave`."""
        self.open.append(_Margin(marker, rest, style))

    def leave(self, width: int) -> list[Row]:
        """The innermost item or quote ends. Return a row with its marker if it had no rows."""
        rows = [] if self.open[-1].used else self.rows([[]], width)
        self.open.pop()
        self.is_fresh = False
        if self.gap is not None:
            self.gap = min(self.gap, len(self.open))
        return rows

    def room(self, width: int) -> int:
        """Return how many cells of a row of `width` are left to the text."""
        return max(2, width - self._taken(width))  # a wide character needs two

    def rows(self, texts: list[Row], width: int) -> list[Row]:
        """Return `texts` with what stands left of them, and the blank row that is due."""
        if not texts:
            return []
        gap, self.gap = self.gap, None
        taken = self._taken(width)
        rows = []
        if gap is not None:
            blank = [margin.rest_segment for margin in self.open[:gap]]
            rows.append(_joined(_fitted(blank, taken), []))
        for text in texts:
            left = [margin.next_segment() for margin in self.open]
            rows.append(_joined(_fitted(left, taken), text))
        return rows

    def _taken(self, width: int) -> int:
        return max(0, min(sum(len(margin.rest) for margin in self.open), width - _LEAST_TEXT))


def _fitted(left: Row, taken: int) -> Row:
    """Return what goes into `taken` cells; the outermost margins go where it is too deep."""
    over = sum(len(segment.text) for segment in left) - taken
    while over > 0:
        first = left.pop(0)
        if len(first.text) > over:
            left.insert(0, Segment(first.text[over:], first.style))
        over -= len(first.text)
    return left


def _joined(left: Row, text: Row) -> Row:
    if text:
        return left + text
    while left and not left[-1].text.strip():
        left.pop()
    return [*left[:-1], Segment(left[-1].text.rstrip(), left[-1].style)] if left else []
