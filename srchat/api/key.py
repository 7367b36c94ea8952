"""The API key: checked before it is used, and never shown."""

from typing import Final

from srchat.errors import ConfigError

_SHORTEST_REDACTED: Final = 6  # a shorter "key" (`none`, `x`) is a word that texts may hold
_SHORTEST_PART: Final = 8  # a shorter beginning (`sk-srt-`) is the same in every key
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
    """Return `text` without the key, also where the text was cut short in the middle of it."""
    if not key or len(key) < _SHORTEST_REDACTED:
        return text
    shown = f"[key {masked(key)}]"
    text = text.replace(key, shown)
    end = text.removesuffix("…")
    for length in range(len(key) - 1, _SHORTEST_PART - 1, -1):
        if end.endswith(key[:length]):
            return end[:-length] + shown
    return text
