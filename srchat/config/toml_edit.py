"""One setting of a TOML text changed in place, every other byte left as it is. Pure.

Values are written by tomli-w; what was made is read again and compared with what was meant
before anybody gets it.
"""

import json
import re
import tomllib
from collections.abc import Callable
from typing import Any, Final

import tomli_w

from srchat.config.toml_text import Entry, Keys, Section, find, sections

_BOM: Final = "\ufeff"
_INDENT: Final = re.compile(r"[ \t]*")


class EditError(ValueError):
    """The text cannot be changed in place; `meant` is the whole document as it should be."""

    def __init__(self, meant: dict[str, Any]) -> None:
        super().__init__("cannot be changed in place")
        self.meant = meant


def with_value(text: str, keys: Keys, value: object) -> str:
    """Return `text` with `keys` (the tables, then the key) set to `value`.

    Raises EditError, and TypeError where a value stands in the place of a table.
    """
    bom, text = _split_bom(text)
    meant = tomllib.loads(text)
    _table(meant, keys[:-1])[keys[-1]] = list(value) if isinstance(value, tuple) else value
    return bom + _as_meant(lambda: _set(text, keys, toml_value(value)), meant)


def without(text: str, keys: Keys) -> str:
    """Return `text` without the setting `keys`, the same where it is not set.

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
    except (ValueError, RecursionError):
        pass  # it was read wrongly, or what was made is no TOML
    raise EditError(meant)


def _canonical(document: dict[str, Any]) -> str:
    # Not `==`: for Python 1, 1.0 and True are equal, and nan equals nothing.
    return json.dumps(_pruned(document), sort_keys=True, default=repr)


def _pruned(table: dict[str, Any]) -> dict[str, Any]:
    """Leave out empty tables: one made by dotted keys is gone with the last of its keys."""
    kept = {k: _pruned(v) if isinstance(v, dict) else v for k, v in table.items()}
    return {key: value for key, value in kept.items() if value != {}}


def _set(text: str, keys: Keys, value: str) -> str:
    found = sections(text)
    entries = [entry for section in found if section.keys is not None for entry in section.entries]
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
        if section.keys is None or table[: len(section.keys)] != section.keys:
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
    start = text.rfind("\n", 0, entry.start) + 1
    indent = _INDENT.match(text, start)
    return _insert(text, _line_end(text, entry.end), (indent[0] if indent else "") + line)


def _first_line(text: str, section: Section, line: str) -> str:
    return _insert(text, section.body, line)


def _at_top(text: str, found: list[Section], line: str) -> str:
    """Put the first line of the root above the first header and the comment that belongs to it."""
    if len(found) == 1:
        return _insert(text, len(text), line)
    place = text.rfind("\n", 0, found[1].start) + 1
    while place and text[text.rfind("\n", 0, place - 1) + 1 : place].strip():
        place = text.rfind("\n", 0, place - 1) + 1
    return _insert(text, place, line + _newline(text))


def _insert(text: str, place: int, line: str) -> str:
    """Insert a line at the beginning of a line, or behind a last one that lacks its newline."""
    newline = _newline(text)
    before = newline if place and text[place - 1] != "\n" else ""
    return f"{text[:place]}{before}{line}{newline}{text[place:]}"


def _unset(text: str, keys: Keys) -> str:
    for section in sections(text):
        if section.keys is None or not (entry := find(section.entries, keys)):
            continue
        if entry in section.entries:
            start = text.rfind("\n", 0, entry.start) + 1
            return text[:start] + text[_line_end(text, entry.end) :]
        return _out_of_inline_table(text, section.entries, entry)
    return text


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


def _line_end(text: str, place: int) -> int:
    return text.find("\n", place) + 1 or len(text)


def _newline(text: str) -> str:
    """Return how the lines of this text end: its first one tells for all."""
    end = text.find("\n")
    return "\r\n" if end > 0 and text[end - 1] == "\r" else "\n"
