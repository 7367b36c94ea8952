"""Formats stored conversations and search hits as sanitized lines."""

import time
from typing import TYPE_CHECKING, Final

from srchat.terminal.sanitize import one_line, sanitized
from srchat.terminal.streams import Output
from srchat.terminal.word_wrap import fitting
from srchat.theme import MATCH, RESET, sgr

if TYPE_CHECKING:
    from srchat.conversation import TurnRecord
    from srchat.history.search import Hit
    from srchat.history.summaries import Summary

_INDENT: Final = "    "
# Columns of the ID and the model; the title gets the rest.
_WIDE_TERMINAL: Final = 80
_WIDE: Final = (12, 16)
_NARROW: Final = (6, 8)


def local_time(seconds: float) -> str:
    """Return a Unix time as local date and time."""
    try:
        return time.strftime("%Y-%m-%d %H:%M", time.localtime(seconds))
    except (ValueError, OverflowError, OSError):
        return "?"


def summary_row(summary: "Summary", columns: int | None) -> str:
    """Return a conversation as a line of `columns`; None: tab-separated and not truncated."""
    turns = str(summary.turns) if summary.complete else f"{summary.turns}!"
    id_, used_at = one_line(summary.id), local_time(summary.used_at)
    model = one_line(summary.model)
    title = one_line(summary.title) or "(no title)"
    if columns is None:
        return "\t".join((id_, used_at, model, str(summary.turns), title)) + "\n"
    id_width, model_width = _WIDE if columns >= _WIDE_TERMINAL else _NARROW
    model = fitting(model, model_width)
    line = f"{id_[:id_width]}  {used_at}  {model:<{model_width}} {turns:>4}  {title}"
    return fitting(line, columns - 1) + "\n"


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
