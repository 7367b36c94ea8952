"""Where things stand in the text of a TOML file: every key with the ends of its value. Pure.

The parser of the standard library tells what a file means and forgets where it said so.
This reads a text that the parser has accepted already, so it looks for ends, not for errors.
Source: https://toml.io/en/v1.0.0
"""

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

Keys = tuple[str, ...]

_SPACE: Final = re.compile(r"[ \t]*")
_BLANK: Final = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")  # all that may stand between two values
_BARE_KEY: Final = re.compile(r"[A-Za-z0-9_-]+")
_STRING: Final = re.compile(
    r'"""(?:[^"\\]|\\.|"(?!""))*"{3,5}'  # up to two quotes may stand before the closing three
    r"|'''(?:[^']|'(?!''))*'{3,5}"
    r'|"(?:[^"\\]|\\.)*"'
    r"|'[^']*'",
    re.DOTALL,
)
_SCALAR: Final = re.compile(r"[^,\[\]{}#\r\n]*[^,\[\]{}#\s]")  # a date may hold a blank
_REST_OF_LINE: Final = re.compile(r"[^\n]*\n?")


@dataclass(frozen=True, slots=True)
class Entry:
    """One `key = value`; `keys` counts from the root. `entries`: those of an inline table."""

    keys: Keys
    start: int
    value_start: int
    end: int
    entries: "tuple[Entry, ...] | None" = None


@dataclass(slots=True)
class Section:
    """A header and the entries below it; the first section is the root, without a header.

    Those of an array of tables have the same `keys`. `start` and `body` are where the header
    begins and where the line after it does.
    """

    keys: Keys
    start: int = 0
    body: int = 0
    entries: list[Entry] = field(default_factory=list)


def sections(text: str) -> list[Section]:
    """Return all sections of a text that tomllib can read, in the order of the file.

    Raises ValueError where this reads the text in another way than tomllib.
    """
    try:
        return _Scanner(text).sections()
    except (IndexError, RecursionError) as exc:
        raise ValueError("the text does not end where it should") from exc


def find(entries: Sequence[Entry], keys: Keys) -> Entry | None:
    """Return the entry that sets `keys`, also from within an inline table."""
    entry = first_within(entries, keys)
    return entry if entry and entry.keys == keys else None


def first_within(entries: Sequence[Entry], keys: Keys) -> Entry | None:
    """Return the first entry that sets `keys` or anything below, also in an inline table."""
    for entry in entries:
        if entry.keys[: len(keys)] == keys:
            return entry
        if entry.entries and keys[: len(entry.keys)] == entry.keys:
            return first_within(entry.entries, keys)
    return None


def line_of(text: str, keys: Keys) -> int:
    """Return the line, from 1, on which `keys` are set or their table begins; 0 if nowhere.

    Raises ValueError as `sections`.
    """
    for section in sections(text):
        if entry := find(section.entries, keys):
            return text.count("\n", 0, entry.start) + 1
        if section.keys == keys:
            return text.count("\n", 0, section.start) + 1
    return 0


class _Scanner:
    """One pass over the text; every method begins at `_at` and leaves it behind what it read."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0

    def sections(self) -> list[Section]:
        found = [Section(())]
        while self._skip(_BLANK) < len(self._text):
            if self._text[self._at] == "[":
                found.append(self._header())
            else:
                found[-1].entries.append(self._entry(found[-1].keys))
        return found

    def _header(self) -> Section:
        start = self._at
        self._at += 2 if self._text.startswith("[[", start) else 1
        return Section(self._keys(), start, self._skip(_REST_OF_LINE))

    def _entry(self, prefix: Keys) -> Entry:
        start = self._at
        keys = prefix + self._keys()
        self._at += 1  # the equals sign
        value_start = self._skip(_SPACE)
        entries = self._value(keys)
        return Entry(keys, start, value_start, self._at, entries)

    def _keys(self) -> Keys:
        """Read a dotted key and the blanks around it."""
        keys = []
        while True:
            self._skip(_SPACE)
            keys.append(self._key())
            self._skip(_SPACE)
            if not self._text.startswith(".", self._at):
                return tuple(keys)
            self._at += 1

    def _key(self) -> str:
        start = self._at
        if self._text[start] in "\"'":
            quoted = self._text[start : self._past(_STRING)]
            return str(tomllib.loads(f"key = {quoted}")["key"])
        return self._text[start : self._past(_BARE_KEY)]

    def _value(self, keys: Keys) -> tuple[Entry, ...] | None:
        match self._text[self._at]:
            case "{":
                return self._inline_table(keys)
            case "[":
                self._array(keys)
            case '"' | "'":
                self._past(_STRING)
            case _:
                self._past(_SCALAR)
        return None

    def _array(self, keys: Keys) -> None:
        self._at += 1
        while not self._closes("]"):
            self._value(keys)

    def _inline_table(self, keys: Keys) -> tuple[Entry, ...]:
        self._at += 1
        entries = []
        while not self._closes("}"):
            entries.append(self._entry(keys))
        return tuple(entries)

    def _closes(self, bracket: str) -> bool:
        """Skip blanks and a comma; tell whether the bracket follows, and if so skip it, too."""
        self._skip(_BLANK)
        if self._text[self._at] == ",":
            self._at += 1
            self._skip(_BLANK)
        if self._text[self._at] != bracket:
            return False
        self._at += 1
        return True

    def _past(self, pattern: re.Pattern[str]) -> int:
        """Skip what has to be there, so that no loop stands still."""
        before = self._at
        if self._skip(pattern) == before:
            raise ValueError(f"nothing to read at offset {before}")
        return self._at

    def _skip(self, pattern: re.Pattern[str]) -> int:
        match = pattern.match(self._text, self._at)
        if match:
            self._at = match.end()
        return self._at
