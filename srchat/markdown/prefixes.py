"""Row prefixes (bullets, numbers, quote bars), and the blank rows between blocks.

Top-level blocks are separated by a blank row. Inside lists and quotes, a blank row is shown where
the source has a blank line. Whether a list is "loose" is known only at its end, which would be too
late.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from rich.segment import Segment
from rich.style import Style

Row = list[Segment]

_MIN_TEXT = 8  # cells of a row for the text, however deep lists and quotes are nested


@dataclass
class _Prefix:
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
    """The prefixes of the open items and quotes, outermost first.

    `below`: the source line below the last block.
    `is_fresh`: the last container has no blocks yet.
    `gap`: the number of prefixes of the blank row that is due, None if none is.
    """

    open: list[_Prefix] = field(default_factory=list)
    below: int | None = None
    is_fresh: bool = False
    gap: int | None = None

    def copy(self) -> Prefixes:
        """Return an independent copy."""
        return replace(self, open=[replace(prefix) for prefix in self.open])

    def begin_block(self, first: int, below: int, *, is_top_level: bool) -> None:
        """Begin a block whose source lines are `first` up to, but not including, `below`."""
        if self.is_fresh:
            self.is_fresh = False
        elif self.below is not None and (is_top_level or first > self.below):
            self.gap = len(self.open)
        self.below = below

    def begin_container(self, first: int, *, is_top_level: bool) -> None:
        """Begin a list, item or quote at the source line `first`."""
        self.begin_block(first, first + 1, is_top_level=is_top_level)
        self.is_fresh = True

    def push(self, marker: str, rest: str, style: Style) -> None:
        """Prefix the next row with `marker`, and those after it with `rest`, until `pop`."""
        self.open.append(_Prefix(marker, rest, style))

    def pop(self, width: int) -> list[Row]:
        """End the innermost item or quote. Return a row with its marker if it had no rows."""
        rows = [] if self.open[-1].used else self.rows([[]], width)
        self.open.pop()
        self.is_fresh = False
        if self.gap is not None:
            self.gap = min(self.gap, len(self.open))
        return rows

    def room(self, width: int) -> int:
        """Return how many cells of a row of `width` are available to the text."""
        return max(2, width - self._taken(width))  # a wide character needs two

    def rows(self, texts: list[Row], width: int) -> list[Row]:
        """Return `texts` with their prefixes, after the blank row if one is due."""
        if not texts:
            return []
        gap, self.gap = self.gap, None
        taken = self._taken(width)
        rows = []
        if gap is not None:
            blank = [prefix.rest_segment for prefix in self.open[:gap]]
            rows.append(_joined(_fitted(blank, taken), []))
        for text in texts:
            left = [prefix.next_segment() for prefix in self.open]
            rows.append(_joined(_fitted(left, taken), text))
        return rows

    def _taken(self, width: int) -> int:
        return max(0, min(sum(len(prefix.rest) for prefix in self.open), width - _MIN_TEXT))


def _fitted(left: Row, taken: int) -> Row:
    """Return `left` truncated to `taken` cells, starting with the outermost prefixes."""
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
