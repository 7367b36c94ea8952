"""Changes one value or table of a TOML text; every other byte stays the same. Pure.

Values are written by tomli-w. The result is parsed and compared with the expected document
before it is returned.
"""

import json
import re
import tomllib
from collections.abc import Callable
from typing import Any, Final

import tomli_w

from srchat.config.toml_scanner import Entry, Keys, Section, find_entry, first_under, sections

_BOM: Final = "\ufeff"
_INDENT: Final = re.compile(r"[ \t]*")


class EditError(ValueError):
    """The text cannot be changed without changing anything else in it."""


def with_value(text: str, keys: Keys, value: object) -> str:
    """Return `text` with `keys` (the tables, then the key) set to `value`.

    Raises EditError, and TypeError if one of the tables is a value.
    """
    bom, text = _split_bom(text)
    expected = tomllib.loads(text)
    _table(expected, keys[:-1])[keys[-1]] = list(value) if isinstance(value, tuple) else value
    return bom + _verified(lambda: _set(text, keys, toml_value(value)), expected)


def without(text: str, keys: Keys) -> str:
    """Return `text` without `keys`, a value or a whole table; unchanged if there is none.

    Raises EditError, and TypeError if one of the tables is a value.
    """
    bom, text = _split_bom(text)
    expected = tomllib.loads(text)
    table = _table(expected, keys[:-1])
    if keys[-1] not in table:
        return bom + text
    del table[keys[-1]]
    return bom + _verified(lambda: _unset(text, keys), expected)


def _table(document: dict[str, Any], keys: Keys) -> dict[str, Any]:
    """Return a table of the document, created if missing."""
    for key in keys:
        document = document.setdefault(key, {})
        if not isinstance(document, dict):
            raise TypeError(f"{key} is not a table")
    return document


def toml_value(value: object) -> str:
    """Return a value as TOML, a list on one line."""
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(toml_value(item) for item in value)}]"
    return tomli_w.dumps({"key": value}).removeprefix("key = ").removesuffix("\n")


def _toml_keys(keys: Keys) -> str:
    return ".".join(tomli_w.dumps({key: 0}).removesuffix(" = 0\n") for key in keys)


def _split_bom(text: str) -> tuple[str, str]:
    return (_BOM, text[1:]) if text.startswith(_BOM) else ("", text)


def _verified(edit: Callable[[], str], expected: dict[str, Any]) -> str:
    try:
        text = edit()
        if _canonical(tomllib.loads(text)) == _canonical(expected):  # pragma: no branch - as below
            return text
    except (ValueError, RecursionError):  # pragma: no cover - no known file triggers this
        pass  # the scanner failed, or the result is not TOML
    raise EditError("it cannot be changed in place")


def _canonical(document: dict[str, Any]) -> str:
    # Not `==`: 1, 1.0 and True are equal in Python, and nan equals nothing.
    return json.dumps(_pruned(document), sort_keys=True, default=repr)


def _pruned(table: dict[str, Any]) -> dict[str, Any]:
    """Leave out empty tables: dotted keys define a table only while one of them is left."""
    kept = {k: _pruned(v) if isinstance(v, dict) else v for k, v in table.items()}
    return {key: value for key, value in kept.items() if value != {}}


def _set(text: str, keys: Keys, value: str) -> str:
    found = sections(text)
    entries = [entry for section in found for entry in section.entries]
    if entry := find_entry(entries, keys):
        return text[: entry.value_start] + value + text[entry.end :]
    for depth in range(len(keys) - 1, 0, -1):
        parent = find_entry(entries, keys[:depth])
        if parent and parent.entries is not None:
            return _into_inline_table(text, parent, f"{_toml_keys(keys[depth:])} = {value}")
    return _into_section(text, found, keys, value)


def _into_inline_table(text: str, table: Entry, assignment: str) -> str:
    offset = table.end - 1  # before the closing brace
    if table.entries:
        offset = table.entries[-1].end
        assignment = f", {assignment}"
    elif text[offset - 1] == "{":
        assignment = f" {assignment} "
    return text[:offset] + assignment + text[offset:]


def _into_section(text: str, found: list[Section], keys: Keys, value: str) -> str:
    """Insert a line after the last one of its table, below its header, or at the end."""
    table = keys[:-1]
    for section in reversed(found):
        if table[: len(section.keys)] != section.keys:
            continue
        own = [e for e in section.entries if e.keys[:-1][: len(table)] == table]
        line = f"{_toml_keys(keys[len(section.keys) :])} = {value}"
        if own:
            return _line_after(text, own[-1], line)
        if section.keys == table:
            return _insert(text, section.body, line) if table else _at_top(text, found, line)
    newline = _newline(text)
    gap = newline if text.strip() else ""
    header = f"{gap}[{_toml_keys(table)}]{newline}{_toml_keys(keys[-1:])} = {value}"
    return _insert(text, len(text), header)


def _line_after(text: str, entry: Entry, line: str) -> str:
    indent = _INDENT.match(text, _line_start(text, entry.start))
    return _insert(text, _line_end(text, entry.end), (indent[0] if indent else "") + line)


def _at_top(text: str, found: list[Section], line: str) -> str:
    """Insert the first line of the root above the first header and its comment."""
    if len(found) == 1:
        return _insert(text, len(text), line)
    return _insert(text, _comment_start(text, found[1].start, 0), line + _newline(text))


def _comment_start(text: str, offset: int, limit: int) -> int:
    """Return the start of the comment directly above the line at `offset`, or of that line.

    The comment does not extend before `limit`, the start of a line.
    """
    start = _line_start(text, offset)
    while start > limit and text[_line_start(text, start - 1) : start].strip():
        start = _line_start(text, start - 1)
    return start


def _insert(text: str, offset: int, line: str) -> str:
    """Insert a line at the start of a line, or at the end of a text without a final newline."""
    newline = _newline(text)
    before = newline if offset and text[offset - 1] != "\n" else ""
    return f"{text[:offset]}{before}{line}{newline}{text[offset:]}"


def _unset(text: str, keys: Keys) -> str:
    """Remove every entry and section under `keys`."""
    while (shorter := _without_first(text, keys)) != text:
        text = shorter
    return text


def _without_first(text: str, keys: Keys) -> str:
    found = sections(text)
    for index, section in enumerate(found):
        if section.keys[: len(keys)] == keys:
            return _without_section(text, section, found[index + 1 :])
        if not (entry := first_under(section.entries, keys)):
            continue
        if entry in section.entries:
            return text[: _line_start(text, entry.start)] + text[_line_end(text, entry.end) :]
        return _out_of_inline_table(text, section.entries, entry)
    return text


def _without_section(text: str, section: Section, following: list[Section]) -> str:
    """Remove a header and its entries; the comments above it and above the next one stay."""
    before = text[: _line_start(text, section.start)]
    if following:
        last = _line_end(text, section.entries[-1].end) if section.entries else section.body
        return before + text[_comment_start(text, following[0].start, last) :]
    newline = _newline(text)
    if before.strip() and before.endswith(newline * 2):
        return before.removesuffix(newline)  # a blank line at the end separates nothing
    return before


def _out_of_inline_table(text: str, entries: list[Entry], entry: Entry) -> str:
    parent = next(e for e in entries if e.start <= entry.start and entry.end <= e.end)
    siblings = list(parent.entries or ())
    if entry not in siblings:
        return _out_of_inline_table(text, siblings, entry)
    index = siblings.index(entry)
    if len(siblings) == 1:
        return f"{text[: parent.value_start]}{{}}{text[parent.end :]}"
    if index:
        return text[: siblings[index - 1].end] + text[entry.end :]
    return text[: entry.start] + text[siblings[1].start :]


def _line_start(text: str, offset: int) -> int:
    return text.rfind("\n", 0, offset) + 1


def _line_end(text: str, offset: int) -> int:
    return text.find("\n", offset) + 1 or len(text)


def _newline(text: str) -> str:
    """Return the line ending of the first line, which is used for all."""
    end = text.find("\n")
    return "\r\n" if end > 0 and text[end - 1] == "\r" else "\n"
