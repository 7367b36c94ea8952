"""Finds the offsets of every key and value in a TOML text. Pure.

tomllib returns values without their offsets. The scanner reads text that tomllib has already
accepted, so it does not look for errors. Source: https://toml.io/en/v1.0.0
"""

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

Keys = tuple[str, ...]

_SPACE: Final = re.compile(r"[ \t]*")
_GAP: Final = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")  # whitespace and comments
_BARE_KEY: Final = re.compile(r"[A-Za-z0-9_-]+")
_STRING: Final = re.compile(
    r'"""(?:[^"\\]|\\.|"(?!""))*"{3,5}'  # up to two quotes may precede the closing three
    r"|'''(?:[^']|'(?!''))*'{3,5}"
    r'|"(?:[^"\\]|\\.)*"'
    r"|'[^']*'",
    re.DOTALL,
)
_SCALAR: Final = re.compile(r"[^,\[\]{}#\r\n]*[^,\[\]{}#\s]")  # a date may contain a space
_REST_OF_LINE: Final = re.compile(r"[^\n]*\n?")


@dataclass(frozen=True, slots=True)
class Entry:
    """One `key = value`. `keys`: the path from the root. `entries`: those of an inline table."""

    keys: Keys
    start: int
    value_start: int
    end: int
    entries: "tuple[Entry, ...] | None" = None


@dataclass(slots=True)
class Section:
    """A header and its entries; the first section is the root, which has no header.

    `start` is the offset of the header, `body` that of the line after it. The sections of an
    array of tables have the same `keys`.
    """

    keys: Keys
    start: int = 0
    body: int = 0
    entries: list[Entry] = field(default_factory=list)


def sections(text: str) -> list[Section]:
    """Return all sections of a valid TOML text, in order.

    Raises ValueError if the scanner cannot read it.
    """
    try:
        return _Scanner(text).sections()
    except (IndexError, RecursionError) as exc:
        raise ValueError("the text does not end where it should") from exc


def find_entry(entries: Sequence[Entry], keys: Keys) -> Entry | None:
    """Return the entry that sets `keys`, also inside inline tables."""
    entry = first_under(entries, keys)
    return entry if entry and entry.keys == keys else None


def first_under(entries: Sequence[Entry], keys: Keys) -> Entry | None:
    """Return the first entry at or below `keys`, also inside inline tables."""
    for entry in entries:
        if entry.keys[: len(keys)] == keys:
            return entry
        if entry.entries and keys[: len(entry.keys)] == entry.keys:
            return first_under(entry.entries, keys)
    return None


def line_of(text: str, keys: Keys) -> int:
    """Return the line (from 1) that sets `keys` or begins their table; 0 if there is none.

    Raises ValueError like `sections`.
    """
    for section in sections(text):
        if entry := find_entry(section.entries, keys):
            return text.count("\n", 0, entry.start) + 1
        if section.keys == keys:
            return text.count("\n", 0, section.start) + 1
    return 0


class _Scanner:
    """One pass over the text; every method reads at `_offset` and advances it."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._offset = 0

    def sections(self) -> list[Section]:
        found = [Section(())]
        while self._skip(_GAP) < len(self._text):
            if self._text[self._offset] == "[":
                found.append(self._header())
            else:
                found[-1].entries.append(self._entry(found[-1].keys))
        return found

    def _header(self) -> Section:
        start = self._offset
        self._offset += 2 if self._text.startswith("[[", start) else 1
        return Section(self._keys(), start, self._skip(_REST_OF_LINE))

    def _entry(self, prefix: Keys) -> Entry:
        start = self._offset
        keys = prefix + self._keys()
        self._offset += 1  # the equals sign
        value_start = self._skip(_SPACE)
        entries = self._value(keys)
        return Entry(keys, start, value_start, self._offset, entries)

    def _keys(self) -> Keys:
        """Read a dotted key and the whitespace around it."""
        keys = []
        while True:
            self._skip(_SPACE)
            keys.append(self._key())
            self._skip(_SPACE)
            if not self._text.startswith(".", self._offset):
                return tuple(keys)
            self._offset += 1

    def _key(self) -> str:
        start = self._offset
        if self._text[start] in "\"'":
            quoted = self._text[start : self._expect(_STRING)]
            return str(tomllib.loads(f"key = {quoted}")["key"])
        return self._text[start : self._expect(_BARE_KEY)]

    def _value(self, keys: Keys) -> tuple[Entry, ...] | None:
        match self._text[self._offset]:
            case "{":
                return self._inline_table(keys)
            case "[":
                self._array(keys)
            case '"' | "'":
                self._expect(_STRING)
            case _:
                self._expect(_SCALAR)
        return None

    def _array(self, keys: Keys) -> None:
        self._offset += 1
        while not self._skip_closing("]"):
            self._value(keys)

    def _inline_table(self, keys: Keys) -> tuple[Entry, ...]:
        self._offset += 1
        entries = []
        while not self._skip_closing("}"):
            entries.append(self._entry(keys))
        return tuple(entries)

    def _skip_closing(self, bracket: str) -> bool:
        """Skip a gap, a comma and the bracket, if present; return whether the bracket was."""
        self._skip(_GAP)
        if self._text[self._offset] == ",":
            self._offset += 1
            self._skip(_GAP)
        if self._text[self._offset] != bracket:
            return False
        self._offset += 1
        return True

    def _expect(self, pattern: re.Pattern[str]) -> int:
        """Skip a match that must not be empty, so that every loop advances."""
        before = self._offset
        if self._skip(pattern) == before:
            raise ValueError(f"nothing to read at offset {before}")
        return self._offset

    def _skip(self, pattern: re.Pattern[str]) -> int:
        match = pattern.match(self._text, self._offset)
        if match:
            self._offset = match.end()
        return self._offset
