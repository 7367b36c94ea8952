"""Validates the API key and redacts it from messages. Pure."""

import re
from collections.abc import Iterable, Mapping
from typing import Final

from srchat.errors import ConfigError

_MIN_REDACTED: Final = 6  # characters; a shorter "key" (`none`, `x`) is a common word
_MIN_PART: Final = 8  # characters; a shorter prefix (`sk-srt-`) is the same in every key
# Spaces, control characters and characters of no width do not hide a key from a reader.
_INVISIBLE: Final = (
    "[\\s\x00-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f"
    "\u202a-\u202e\u2060-\u206f\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e0fff]"
)
_SECRET_NAME: Final = "(?i)key|token|secret|auth|cookie|passw|sign|cred"  # noqa: S105 - a pattern
_SECRET_VALUE: Final = r"(?=.*\d)(?=.*[A-Za-z])[\w+=~-]{16,}"  # noqa: S105 - a pattern
_SHOWN_CHARACTERS: Final = 4  # characters; the console of the service shows as many


def checked_key(text: str) -> str:
    """Return the key without surrounding whitespace.

    Raises ConfigError if it is not a valid header value. The message never contains the key.
    """
    key = text.strip()
    if not key:
        raise ConfigError("the API key is empty")
    for place, character in enumerate(key, 1):
        if not "!" <= character <= "~":
            raise ConfigError(
                f"the API key contains U+{ord(character):04X} (character {place})",
                hint="copy the key again, without spaces, quotes or line breaks",
            )
    return key


def masked(key: str) -> str:
    """Return the key for display: its last four characters if it is long enough."""
    return f"…{key[-_SHOWN_CHARACTERS:]}" if len(key) >= 3 * _SHOWN_CHARACTERS else "…"


def secret_headers(headers: Mapping[str, str]) -> list[str]:
    """Return the values that look like secrets by their name or their characters.

    Other values are labels, for example a team name. Redacting them would make messages unreadable.
    """
    return [
        value
        for name, value in headers.items()
        if re.search(_SECRET_NAME, name) or re.fullmatch(_SECRET_VALUE, value)
    ]


def redacted(text: str, secrets: Iterable[str]) -> str:
    """Return `text` without the secrets. Secrets of less than 6 characters are not redacted."""
    for secret in secrets:
        text = _without(text, secret)
    return text


def _without(text: str, key: str) -> str:
    """Return `text` without the key and parts of it.

    A part is a run of 8 or more characters of the key, with or without spaces or invisible
    characters in between. A key under 16 characters may be a common word and is redacted only as a
    whole. Encoded keys (base64, percent-encoding) are not found.
    """
    if len(key) < _MIN_REDACTED:
        return text
    size = _MIN_PART if len(key) >= 2 * _MIN_PART else len(key)
    bare = re.sub(_INVISIBLE, "", text)
    # A fast check: every run of 8 characters contains one of these.
    if not any(key[place : place + 4] in bare for place in range(0, len(key) - 3, 4)):
        return text
    parts = {key[place : place + size] for place in range(len(key) - size + 1)}
    spans = _spans(parts, size, bare)
    if len(bare) < len(text):
        visible = [place for place, char in enumerate(text) if not re.match(_INVISIBLE, char)]
        spans = [(visible[begin], visible[end - 1] + 1) for begin, end in spans]
    return _replaced(text, spans, f"[key {masked(key)}]")


def _replaced(text: str, spans: list[tuple[int, int]], shown: str) -> str:
    """Return `text` with each span replaced by `shown`."""
    pieces: list[str] = []
    place = 0
    for begin, end in spans:
        pieces += text[place:begin], shown
        place = end
    return "".join(pieces) + text[place:]


def _spans(parts: set[str], size: int, text: str) -> list[tuple[int, int]]:
    """Return start and end of each run of `parts` in `text`, in order.

    `size`: length of a part. Takes one pass over the text, however long the key is.
    """
    spans: list[tuple[int, int]] = []
    for begin in range(len(text) - size + 1):
        if text[begin : begin + size] not in parts:
            continue
        if spans and begin <= spans[-1][1]:
            spans[-1] = (spans[-1][0], begin + size)
        else:
            spans.append((begin, begin + size))
    return spans
