"""Formats stored conversations and search hits as sanitized lines."""

import itertools
import time
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Final, NamedTuple

from srchat.terminal.sanitize import one_line, sanitized
from srchat.terminal.streams import Output
from srchat.terminal.word_wrap import fitting, width_of
from srchat.theme import MATCH, RESET, sgr

if TYPE_CHECKING:
    from srchat.conversation import TurnRecord
    from srchat.history.search import Hit
    from srchat.history.summaries import Summary

_INDENT: Final = "    "
_MEASURED: Final = 200  # conversations whose models and turns decide the widths of a list


class _Widths(NamedTuple):
    """The columns of a list of conversations; 0 leaves one out. The title gets the rest."""

    id: int
    time: int
    model: int
    turns: int = 0


# For terminals of at least so many columns. Models may need less.
_WIDTHS: Final = {
    100: _Widths(id=12, time=16, model=20),
    80: _Widths(id=8, time=16, model=12),
    60: _Widths(id=6, time=10, model=8),
    48: _Widths(id=6, time=10, model=0),
    0: _Widths(id=6, time=0, model=0),
}


def local_time(seconds: float) -> str:
    """Return a Unix time as local date and time."""
    try:
        return time.strftime("%Y-%m-%d %H:%M", time.localtime(seconds))
    except (ValueError, OverflowError, OSError):
        return "?"


def summary_rows(summaries: Iterable["Summary"], columns: int | None) -> Iterator[str]:
    """Yield conversations as aligned lines of `columns`.

    None: tab-separated and not truncated. Only the first lines are measured, so that a long
    list begins at once.
    """
    if columns is None:
        yield from map(_tab_separated, summaries)
        return
    rest = iter(summaries)
    first = list(itertools.islice(rest, _MEASURED))
    widths = _widths(first, columns)
    for summary in itertools.chain(first, rest):
        yield fitting(_aligned(summary, widths), columns - 1) + "\n"


def _tab_separated(summary: "Summary") -> str:
    id_, used_at = one_line(summary.id), local_time(summary.used_at)
    fields = (id_, used_at, one_line(summary.model), str(summary.turns), _title(summary))
    return "\t".join(fields) + "\n"


def _widths(summaries: list["Summary"], columns: int) -> _Widths:
    at_most = next(widths for least, widths in _WIDTHS.items() if columns >= least)
    model = max((width_of(one_line(each.model)) for each in summaries), default=0)
    turns = max((len(_turns(each)) for each in summaries), default=0)
    return at_most._replace(model=min(model, at_most.model), turns=turns)


def _aligned(summary: "Summary", widths: _Widths) -> str:
    model = fitting(one_line(summary.model), widths.model)
    cells = (
        # The beginning of an ID is an ID, too; an ellipsis would only be in the way of copying.
        (one_line(summary.id)[: widths.id], widths.id),
        (local_time(summary.used_at)[: widths.time], widths.time),
        (model, widths.model),
        (f"{_turns(summary):>{widths.turns}}", widths.turns),
    )
    padded = [text + " " * (width - width_of(text)) for text, width in cells if width]
    return "  ".join([*padded, _title(summary)])


def _turns(summary: "Summary") -> str:
    return str(summary.turns) if summary.complete else f"{summary.turns}!"


def _title(summary: "Summary") -> str:
    return one_line(summary.title) or "(no title)"


def incomplete_row(turn: "TurnRecord") -> str:
    """Return a line with the reason for an incomplete reply, "" for a complete one."""
    return "" if turn.complete else f"({one_line(f'incomplete: {turn.reason}')})\n"


def hit_row(hit: "Hit", screen: Output) -> str:
    """Return a search hit: a line with its conversation, and the snippet below."""
    from srchat.history.search import HIT_BEGIN, HIT_END  # noqa: PLC0415 - loads SQLite

    head = (one_line(hit.conversation), local_time(hit.asked_at), one_line(hit.title, 80))
    row = f"{'  '.join(head)}\n{_INDENT}{' '.join(sanitized(hit.snippet).split())}\n"
    begin, end = (sgr(MATCH), RESET) if screen.has_color else ("", "")
    # Marks are replaced after wrapping, which would count and break escape sequences.
    lines = screen.between_words(row, _INDENT)
    # A text may contain HIT_BEGIN itself; its style must still end with the hit.
    rest = end if lines.count(HIT_BEGIN) > lines.count(HIT_END) else ""
    return lines.replace(HIT_BEGIN, begin).replace(HIT_END, end) + rest
