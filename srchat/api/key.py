"""The API key: checked before it is used, and never shown."""

import re
from typing import Final

from srchat.errors import ConfigError

_SHORTEST_REDACTED: Final = 6  # a shorter "key" (`none`, `x`) is a word that texts may hold
_SHORTEST_PART: Final = 8  # a shorter beginning (`sk-srt-`) is the same in every key
_INVISIBLE: Final = re.compile("[\\s\u00ad\u200b-\u200f\u2060-\u2064\ufeff]")
_TAIL: Final = 4  # characters that the console of the service shows, too


def checked_key(text: str) -> str:
    """Return the key without surrounding blanks.

    Raises ConfigError when it cannot stand in a header. The message never shows the key.
    """
    key = text.strip()
    if not key:
        raise ConfigError("the API key is empty")
    for place, character in enumerate(key, 1):
        if not "!" <= character <= "~":
            raise ConfigError(
                f"the API key cannot hold U+{ord(character):04X} (its character {place})",
                hint="copy the key again; it has no blanks, quotes or line breaks",
            )
    return key


def masked(key: str) -> str:
    """Return what may be shown of a key: its last four characters, if it is long enough."""
    return f"…{key[-_TAIL:]}" if len(key) >= 3 * _TAIL else "…"


def redacted(text: str, key: str | None) -> str:
    """Return `text` without the key, and without parts of it.

    A part is a run of 8 or more characters of the key, also where blanks or invisible characters
    stand in between. A key under 16 characters may be a word that texts hold, and is taken out
    only where it stands whole. Encodings of a key (base64, percent signs) are not found.
    """
    if not key or len(key) < _SHORTEST_REDACTED:
        return text
    size = _SHORTEST_PART if len(key) >= 2 * _SHORTEST_PART else len(key)
    bare = _INVISIBLE.sub("", text)
    # A run of 8 characters has one of these in it; nearly every text has none.
    if not any(key[place : place + 4] in bare for place in range(0, len(key) - 3, 4)):
        return text
    spans = _spans({key[place : place + size] for place in range(len(key) - size + 1)}, bare)
    if len(bare) < len(text):
        visible = [place for place, char in enumerate(text) if not _INVISIBLE.match(char)]
        spans = [(visible[begin], visible[end - 1] + 1) for begin, end in spans]
    shown = f"[key {masked(key)}]"
    for begin, end in reversed(spans):
        text = text[:begin] + shown + text[end:]
    return text


def _spans(parts: set[str], text: str) -> list[tuple[int, int]]:
    """Return where `text` consists of the parts: begin and end of each run, in order."""
    found = sorted(match.start() for part in parts for match in re.finditer(re.escape(part), text))
    size = max(map(len, parts))
    spans: list[tuple[int, int]] = []
    for begin in found:
        if spans and begin <= spans[-1][1]:
            spans[-1] = (spans[-1][0], begin + size)
        else:
            spans.append((begin, begin + size))
    return spans
