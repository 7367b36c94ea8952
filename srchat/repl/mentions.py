"""Finds file mentions in a message: `@PATH` attaches a file.

Only the path of an existing file is a mention. Everything else (user@host, @dataclass) is text.
`@@PATH` is the text `@PATH`.
"""

import os
import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Final, NamedTuple

_AT: Final = re.compile(r"""(?<![^\s(\[{'"])@+""")
_QUOTED: Final = re.compile(r'"([^"\n]+)"')  # a path with blanks
_WORD: Final = re.compile(r'[^\s"]+')
_BEGUN: Final = re.compile(r"""(?<![^\s(\[{'"])@("[^"\n]*|[^\s"@]*)$""")
_PUNCTUATION: Final = ".,;:!?)]}'"


class Mention(NamedTuple):
    """A name of a file in a text: `start` is that of its @ signs, `end` that of the name."""

    start: int
    signs: int  # one @ attaches the file
    end: int
    path: str


def mentions(text: str) -> Iterator[Mention]:
    """Yield the names of files behind an @, from left to right."""
    place = 0
    while at := _AT.search(text, place):
        place = at.end()
        if named := _named(text, place):
            path, place = named
            yield Mention(at.start(), len(at[0]), place, path)


def without_mentions(message: str) -> tuple[str, list[str]]:
    """Return a message with one @ less before each file name, and the paths that it attaches."""
    found = list(mentions(message))
    places = [0, *(each.start + 1 for each in found)]
    ends = [*(each.start for each in found), len(message)]
    text = "".join(message[begin:end] for begin, end in zip(places, ends, strict=True))
    return text, [each.path for each in found if each.signs == 1]


def with_mentions_escaped(text: str) -> str:
    """Return the text to type so that no file is attached."""
    return pasted("", text, "")[0]


def pasted(before: str, text: str, after: str) -> tuple[str, int]:
    """Return a line with `text` pasted into it, and where the cursor is: behind the text.

    The text attaches no file, also not together with what stands around it, except behind an @
    at the cursor.
    """
    line, begin, end = before + text + after, len(before), len(before) + len(text)
    starts = [
        each.start
        for each in mentions(line)
        if each.start < end and each.end > begin and each.start + each.signs != begin
    ]
    parts = [line[one:two] for one, two in pairwise([0, *starts, len(line)])]
    return "@".join(parts), end + len(starts)


def begun_mention(text: str) -> str | None:
    """Return the incomplete path after an @ at the end of a text, with its opening quote if any."""
    match = _BEGUN.search(text)
    return match[1] if match else None


def expanded(path: str) -> str:
    """Return a path with ~ expanded to the home directory."""
    return os.path.expanduser(path)  # noqa: PTH111 - Path.expanduser raises for an unknown user


def _named(text: str, place: int) -> tuple[str, int] | None:
    """Return the path of the file that is named at `place`, and the end of its name."""
    if quoted := _QUOTED.match(text, place):
        path = expanded(quoted[1])
        return (path, quoted.end()) if os.path.isfile(path) else None  # noqa: PTH113 - as above
    word = _WORD.match(text, place)
    for name in (word[0], word[0].rstrip(_PUNCTUATION)) if word else ():
        if os.path.isfile(path := expanded(name)):  # noqa: PTH113 - as above
            return path, place + len(name)
    return None
