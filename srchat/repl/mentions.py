"""Finds file mentions in a message: `@PATH` attaches a file.

Only the path of an existing file is a mention. Everything else (user@host, @dataclass) is text.
`@@PATH` is the text `@PATH`.
"""

import os
import re
from typing import Final

# A path with blanks must be quoted.
_WORD: Final = re.compile(r"""(?<![^\s(\[{'"])(@+)(?:"([^"\n]+)"|([^\s"]+))""")
_BEGUN: Final = re.compile(r"""(?<![^\s(\[{'"])@("[^"\n]*|[^\s"@]*)$""")
_PUNCTUATION: Final = ".,;:!?)]}'"


def without_mentions(message: str) -> tuple[str, list[str]]:
    """Return a message with one @ removed from each mention, and the paths to attach."""
    paths = []

    def word(match: re.Match[str]) -> str:
        path = _path(match)
        if not path:
            return match[0]
        if match[1] == "@":
            paths.append(path)
        return match[0][1:]

    return _WORD.sub(word, message), paths


def with_mentions_escaped(text: str) -> str:
    """Return a text with its mentions escaped, so that it attaches nothing if it is typed."""
    return _WORD.sub(lambda match: f"@{match[0]}" if _path(match) else match[0], text)


def begun_mention(text: str) -> str | None:
    """Return the incomplete path after an @ at the end of a text, with its opening quote if any."""
    match = _BEGUN.search(text)
    return match[1] if match else None


def expanded(path: str) -> str:
    """Return a path with ~ expanded to the home directory."""
    return os.path.expanduser(path)  # noqa: PTH111 - Path.expanduser raises for an unknown user


def _path(match: re.Match[str]) -> str:
    """Return the path of the file that a word names, "" if there is no such file."""
    word = match[2] or match[3]
    names = (word,) if match[2] else (word, word.rstrip(_PUNCTUATION))
    paths = map(expanded, names)
    return next((path for path in paths if os.path.isfile(path)), "")  # noqa: PTH113 - as above
