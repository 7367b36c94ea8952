"""Lays out the list of commands and keys for the width of a terminal. Pure."""

from collections.abc import Mapping, Sequence
from typing import Final

Rows = Sequence[tuple[str, str]]  # a command or key, and its description

_WIDE: Final = 76  # columns; in fewer, the name of a group is above it, not beside it
_MIN_TEXT: Final = 15  # columns for a description; in fewer, it is below the command
_INDENT: Final = "    "


def help_lines(commands: Mapping[str, Rows], keys: Rows, columns: int) -> tuple[list[str], str]:
    """Return the lines, and the indent for those that have to be wrapped.

    `commands`: the commands of each group, by its name.
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
