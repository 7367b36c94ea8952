"""Stored conversations as lines of a list; all of them inert, wherever they go."""

import time
from typing import TYPE_CHECKING, Final

from srchat.terminal.sanitize import one_line, sanitized
from srchat.terminal.streams import Output
from srchat.terminal.word_wrap import fitting

if TYPE_CHECKING:
    from srchat.conversation import TurnRecord
    from srchat.history.search import Hit
    from srchat.history.store import Summary

_BOLD: Final = "\x1b[1m"
_PLAIN: Final = "\x1b[0m"
_INDENT: Final = "    "


def day_and_time(seconds: float) -> str:
    """Return a Unix time as local day and time."""
    try:
        return time.strftime("%Y-%m-%d %H:%M", time.localtime(seconds))
    except (ValueError, OverflowError, OSError):
        return "?"


def summary_row(summary: "Summary", columns: int | None) -> str:
    """Return a conversation's line; None columns: tabs between the fields, and nothing cut."""
    turns = str(summary.turns) if summary.complete else f"{summary.turns}!"
    id_, when = one_line(summary.id), day_and_time(summary.used_at)
    model = one_line(summary.model)
    title = one_line(summary.title) or "(no title)"
    if columns is None:
        return "\t".join((id_, when, model, str(summary.turns), title)) + "\n"
    line = f"{id_}  {when}  {fitting(model, 16):<16} {turns:>4}  {title}"
    return fitting(line, columns - 1) + "\n"


def incomplete_row(turn: "TurnRecord") -> str:
    """Return why a turn's reply is not complete, on a line; "" where it is."""
    return "" if turn.complete else f"({one_line(f'incomplete: {turn.reason}')})\n"


def hit_row(hit: "Hit", screen: Output) -> str:
    """Return a found turn: its conversation on one line, the text around the hit on the next."""
    from srchat.history.search import HIT_BEGIN, HIT_END  # noqa: PLC0415 - loads SQLite

    head = (one_line(hit.conversation), day_and_time(hit.asked_at), one_line(hit.title, 80))
    row = f"{'  '.join(head)}\n{_INDENT}{' '.join(sanitized(hit.snippet).split())}\n"
    begin, end = (_BOLD, _PLAIN) if screen.has_color else ("", "")
    # Only now: an escape sequence is longer than it is wide, and must not be broken.
    lines = screen.between_words(row, _INDENT)
    # A text may hold the first of the marks itself: what it began ends with the hit.
    rest = end if lines.count(HIT_BEGIN) > lines.count(HIT_END) else ""
    return lines.replace(HIT_BEGIN, begin).replace(HIT_END, end) + rest
