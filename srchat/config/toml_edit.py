"""One setting or table of a TOML text changed in place, every other byte left as it is. Pure.

Values are written by tomli-w; what was made is read again and compared with what was meant
before anybody gets it.
"""

import json
import re
import tomllib
from collections.abc import Callable
from typing import Any, Final

import tomli_w

from srchat.config.toml_scanner import Entry, Keys, Section, find, first_within, sections

_BOM: Final = "\ufeff"
_INDENT: Final = re.compile(r"[ \t]*")


class EditError(ValueError):
    """The text cannot be changed in place, so that everything else in it stays as it is."""


def with_value(text: str, keys: Keys, value: object) -> str:
    """Return `text` with `keys` (the tables, then the key) set to `value`.

    Raises EditError, and TypeError where a value stands in the place of a table.
    """
    bom, text = _split_bom(text)
    meant = tomllib.loads(text)
    _table(meant, keys[:-1])[keys[-1]] = list(value) if isinstance(value, tuple) else value
    return bom + _as_meant(lambda: _set(text, keys, toml_value(value)), meant)


def without(text: str, keys: Keys) -> str:
    """Return `text` without `keys`, a setting or a whole table; the same where it is not there.

    Raises EditError, and TypeError where a value stands in the place of a table.
    """
    bom, text = _split_bom(text)
    meant = tomllib.loads(text)
    table = _table(meant, keys[:-1])
    if keys[-1] not in table:
        return bom + text
    del table[keys[-1]]
    return bom + _as_meant(lambda: _unset(text, keys), meant)


def _table(document: dict[str, Any], keys: Keys) -> dict[str, Any]:
    """Return a table of the document; it is made where there is none."""
    for key in keys:
        document = document.setdefault(key, {})
        if not isinstance(document, dict):
            raise TypeError(f"{key} is not a table")
    return document


def toml_value(value: object) -> str:
    """Return how TOML says a value; a list stands on one line."""
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(toml_value(item) for item in value)}]"
    return tomli_w.dumps({"key": value}).removeprefix("key = ").removesuffix("\n")


def _toml_keys(keys: Keys) -> str:
    return ".".join(tomli_w.dumps({key: 0}).removesuffix(" = 0\n") for key in keys)


def _split_bom(text: str) -> tuple[str, str]:
    return (_BOM, text[1:]) if text.startswith(_BOM) else ("", text)


def _as_meant(edit: Callable[[], str], meant: dict[str, Any]) -> str:
    try:
        text = edit()
        if _canonical(tomllib.loads(text)) == _canonical(meant):
            return text
    except (ValueError, RecursionError):  # pragma: no cover - no file is known that needs this
        pass  # it was read wrongly, or what was made is no TOML
    raise EditError("it cannot be changed in place")


def _canonical(document: dict[str, Any]) -> str:
    # Not `==`: for Python 1, 1.0 and True are equal, and nan equals nothing.
    return json.dumps(_pruned(document), sort_keys=True, default=repr)


def _pruned(table: dict[str, Any]) -> dict[str, Any]:
    """Leave out empty tables: one made by dotted keys is gone with the last of its keys."""
    kept = {k: _pruned(v) if isinstance(v, dict) else v for k, v in table.items()}
    return {key: value for key, value in kept.items() if value != {}}


def _set(text: str, keys: Keys, value: str) -> str:
    found = sections(text)
    entries = [entry for section in found for entry in section.entries]
    if entry := find(entries, keys):
        return text[: entry.value_start] + value + text[entry.end :]
    for depth in range(len(keys) - 1, 0, -1):
        holder = find(entries, keys[:depth])
        if holder and holder.entries is not None:
            return _into_inline_table(text, holder, f"{_toml_keys(keys[depth:])} = {value}")
    return _into_section(text, found, keys, value)


def _into_inline_table(text: str, table: Entry, assignment: str) -> str:
    place = table.end - 1  # before the closing brace
    if table.entries:
        place = table.entries[-1].end
        assignment = f", {assignment}"
    elif text[place - 1] == "{":
        assignment = f" {assignment} "
    return text[:place] + assignment + text[place:]


def _into_section(text: str, found: list[Section], keys: Keys, value: str) -> str:
    """Put a new line behind the last one of the same table, or below its header, or at the end."""
    table = keys[:-1]
    for section in reversed(found):
        if table[: len(section.keys)] != section.keys:
            continue
        own = [e for e in section.entries if e.keys[:-1][: len(table)] == table]
        line = f"{_toml_keys(keys[len(section.keys) :])} = {value}"
        if own:
            return _line_after(text, own[-1], line)
        if section.keys == table:
            return _first_line(text, section, line) if table else _at_top(text, found, line)
    newline = _newline(text)
    gap = newline if text.strip() else ""
    header = f"{gap}[{_toml_keys(table)}]{newline}{_toml_keys(keys[-1:])} = {value}"
    return _insert(text, len(text), header)


def _line_after(text: str, entry: Entry, line: str) -> str:
    indent = _INDENT.match(text, _line_start(text, entry.start))
    return _insert(text, _line_end(text, entry.end), (indent[0] if indent else "") + line)


def _first_line(text: str, section: Section, line: str) -> str:
    return _insert(text, section.body, line)


def _at_top(text: str, found: list[Section], line: str) -> str:
    """Put the first line of the root above the first header and the comment that belongs to it."""
    if len(found) == 1:
        return _insert(text, len(text), line)
    return _insert(text, _comment_above(text, found[1].start, 0), line + _newline(text))


def _comment_above(text: str, place: int, above: int) -> int:
    """Return where the comment right above the line of `place` begins, or that line itself.

    Nothing before `above`, the beginning of a line, belongs to it.
    """
    start = _line_start(text, place)
    while start > above and text[_line_start(text, start - 1) : start].strip():
        start = _line_start(text, start - 1)
    return start


def _insert(text: str, place: int, line: str) -> str:
    """Insert a line at the beginning of a line, or behind a last one that lacks its newline."""
    newline = _newline(text)
    before = newline if place and text[place - 1] != "\n" else ""
    return f"{text[:place]}{before}{line}{newline}{text[place:]}"


def _unset(text: str, keys: Keys) -> str:
    """Take out piece by piece all that stands under `keys`."""
    while (shorter := _without_first(text, keys)) != text:
        text = shorter
    return text


def _without_first(text: str, keys: Keys) -> str:
    found = sections(text)
    for place, section in enumerate(found):
        if section.keys[: len(keys)] == keys:
            return _without_section(text, section, found[place + 1 :])
        if not (entry := first_within(section.entries, keys)):
            continue
        if entry in section.entries:
            return text[: _line_start(text, entry.start)] + text[_line_end(text, entry.end) :]
        return _out_of_inline_table(text, section.entries, entry)
    return text


def _without_section(text: str, section: Section, following: list[Section]) -> str:
    """Take out a header and what is below it; comments above it, and above the next one, stay."""
    before = text[: _line_start(text, section.start)]
    if following:
        last = _line_end(text, section.entries[-1].end) if section.entries else section.body
        return before + text[_comment_above(text, following[0].start, last) :]
    newline = _newline(text)
    if before.strip() and before.endswith(newline * 2):
        return before.removesuffix(newline)  # the blank line has nothing left to part
    return before


def _out_of_inline_table(text: str, entries: list[Entry], entry: Entry) -> str:
    holder = next(e for e in entries if e.start <= entry.start and entry.end <= e.end)
    siblings = list(holder.entries or ())
    if entry not in siblings:
        return _out_of_inline_table(text, siblings, entry)
    place = siblings.index(entry)
    if len(siblings) == 1:
        return f"{text[: holder.value_start]}{{}}{text[holder.end :]}"
    if place:
        return text[: siblings[place - 1].end] + text[entry.end :]
    return text[: entry.start] + text[siblings[1].start :]


def _line_start(text: str, place: int) -> int:
    return text.rfind("\n", 0, place) + 1


def _line_end(text: str, place: int) -> int:
    return text.find("\n", place) + 1 or len(text)


def _newline(text: str) -> str:
    """Return how the lines of this text end: its first one tells for all."""
    end = text.find("\n")
    return "\r\n" if end > 0 and text[end - 1] == "\r" else "\n"
