"""Random Markdown in every script: streamed it comes to what printing it once gives, and fits."""

import random
import re
import unicodedata
from functools import lru_cache

import pytest

from srchat.terminal.sanitize import sanitized
from tests.fuzz.seeds import seeds
from tests.markdown.record_widths import TABLE
from tests.support.markdown_documents import _PIECES, cut
from tests.support.printed import committed, printed
from tests.support.terminal import TerminalOutput

pytestmark = pytest.mark.slow

_ESCAPE = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")


@lru_cache(maxsize=1)
def _widths() -> dict[int, int]:
    table: dict[int, int] = {}
    for line in TABLE.read_text().splitlines():
        first, last, width = line.split()
        table.update(dict.fromkeys(range(int(first, 16), int(last, 16) + 1), int(width)))
    return table


@lru_cache(maxsize=1)
def _scripts() -> list[list[str]]:
    """Some letters and marks of each script, by the first word of their names."""
    found: dict[str, list[str]] = {}
    for code in range(0xA0, 0x20000):
        char = chr(code)
        if unicodedata.category(char)[0] in "LMNS" and code in _widths():
            found.setdefault(unicodedata.name(char, "X").split()[0], []).append(char)
    return [letters for letters in found.values() if len(letters) > 8]


def _document(chance: random.Random) -> str:
    parts = []
    letters = chance.choice(_scripts())
    for _ in range(chance.randrange(25)):
        word = "".join(chance.choices(letters, k=chance.randrange(1, 12)))
        parts.append(chance.choice([*_PIECES, word, word, f"{word} {word} ", f"| {word} | x |\n"]))
    return "".join(parts)


def test_streamed_markdown_is_the_same_as_printed_and_no_row_is_too_long() -> None:
    for seed in seeds(300):
        chance = random.Random(seed)
        output = TerminalOutput(chance.choice((20, 40, 80)), 24)
        text = sanitized(_document(chance))
        pieces = cut(text, [chance.randrange(1, 30) for _ in range(20)])
        whole = printed(text, output)
        assert committed(pieces, output) == whole, f"seed {seed}"
        for row in _ESCAPE.sub("", whole).split("\n"):
            width = sum(_widths().get(ord(char), 0) for char in row)
            assert width <= output.columns, f"seed {seed}: {row!r} takes {width}"
