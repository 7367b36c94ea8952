"""Files named in a message: `@PATH` attaches one.

Only the name of a file that exists is a mention. All else (user@host, @dataclass) is text. Another
@ in front makes text of a mention.
"""

import os
import re
from typing import Final

# A path with blanks is quoted.
_WORD: Final = re.compile(r"""(?<![^\s(\[{'"])(@+)(?:"([^"\n]+)"|([^\s"]+))""")
_BEGUN: Final = re.compile(r"""(?<![^\s(\[{'"])@("[^"\n]*|[^\s"@]*)$""")
_PUNCTUATION: Final = ".,;:!?)]}'"


def without_mentions(message: str) -> tuple[str, list[str]]:
    """Return a message with one @ less before each mention, and the paths that it attaches."""
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
    """Return what has to be typed so that a text attaches nothing."""
    return _WORD.sub(lambda match: f"@{match[0]}" if _path(match) else match[0], text)


def begun_mention(text: str) -> str | None:
    """Return the path that is being typed at the end of a text, perhaps behind a quote."""
    match = _BEGUN.search(text)
    return match[1] if match else None


def expanded(path: str) -> str:
    """Return a path with the home directory in place of ~."""
    return os.path.expanduser(path)  # noqa: PTH111 - Path's own fails for ~nobody


def _path(match: re.Match[str]) -> str:
    """Return the path of the file that a word names, "" where there is no such file."""
    word = match[2] or match[3]
    names = (word,) if match[2] else (word, word.rstrip(_PUNCTUATION))
    paths = map(expanded, names)
    return next((path for path in paths if os.path.isfile(path)), "")  # noqa: PTH113 - as above
