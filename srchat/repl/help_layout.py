"""The overview of commands and keys, laid out for the width of a terminal. Pure."""

from collections.abc import Mapping, Sequence
from typing import Final

Rows = Sequence[tuple[str, str]]  # what is typed, and what it does

_WIDE: Final = 76  # columns; in fewer, names of groups stand above them, not beside
_MIN_TEXT: Final = 15  # columns for what a command does; in fewer it stands below
_INDENT: Final = "    "


def help_lines(commands: Mapping[str, Rows], keys: Rows, columns: int) -> tuple[list[str], str]:
    """Return lines, and the indent of what has to be broken off one.

    `commands`: those of each group, under its name.
    """
    width = max(len(typed) for rows in commands.values() for typed, _ in rows) + 2
    if columns >= _WIDE:
        label = max(map(len, commands)) + 2
        groups = {name: _table(rows, width) for name, rows in commands.items()}
        groups["Keys"] = _in_pairs(_table(keys), (columns - label) // 2)
        return _beside(groups, label), " " * (label + width)
    if columns < width + _MIN_TEXT:
        return _below({**commands, "Keys": keys}), _INDENT
    groups = {name: _table(rows, width) for name, rows in commands.items()}
    return _above({**groups, "Keys": _table(keys)}), " " * width


def _table(rows: Rows, width: int = 0) -> list[str]:
    width = width or max(len(typed) for typed, _ in rows) + 2
    return [f"{typed:<{width}}{text}" for typed, text in rows]


def _in_pairs(lines: list[str], width: int) -> list[str]:
    lines = [*lines, ""]
    return [f"{left:<{width}}{right}" for left, right in zip(lines[::2], lines[1::2], strict=False)]


def _beside(groups: Mapping[str, Sequence[str]], width: int) -> list[str]:
    return [
        f"{'' if place else name:<{width}}{line}"
        for name, lines in groups.items()
        for place, line in enumerate(lines)
    ]


def _above(groups: Mapping[str, Sequence[str]]) -> list[str]:
    lines = [line for name, lines in groups.items() for line in ("", f"{name}:", *lines)]
    return lines[1:]


def _below(groups: Mapping[str, Rows]) -> list[str]:
    return _above(
        {
            name: [line for typed, text in rows for line in (typed, f"{_INDENT}{text}")]
            for name, rows in groups.items()
        }
    )
