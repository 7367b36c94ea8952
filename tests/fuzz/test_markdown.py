"""Random Markdown in every script: streaming gives the same rows as printing, and they fit."""

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
    """Return the letters and marks of each script, grouped by the first word of their names."""
    scripts: dict[str, list[str]] = {}
    for code in range(0xA0, 0x20000):
        char = chr(code)
        if unicodedata.category(char)[0] in "LMNS" and code in _widths():
            scripts.setdefault(unicodedata.name(char, "X").split()[0], []).append(char)
    return [letters for letters in scripts.values() if len(letters) > 8]


def _document(rng: random.Random) -> str:
    parts = []
    letters = rng.choice(_scripts())
    for _ in range(rng.randrange(25)):
        word = "".join(rng.choices(letters, k=rng.randrange(1, 12)))
        parts.append(rng.choice([*_PIECES, word, word, f"{word} {word} ", f"| {word} | x |\n"]))
    return "".join(parts)


def test_streamed_markdown_looks_like_printed_markdown_and_fits() -> None:
    for seed in seeds(300):
        rng = random.Random(seed)
        output = TerminalOutput(rng.choice((20, 40, 80)), 24)
        text = sanitized(_document(rng))
        pieces = cut(text, [rng.randrange(1, 30) for _ in range(20)])
        expected = printed(text, output)
        assert committed(pieces, output) == expected, f"seed {seed}"
        for row in _ESCAPE.sub("", expected).split("\n"):
            width = sum(_widths().get(ord(char), 0) for char in row)
            assert width <= output.columns, f"seed {seed}: {row!r} is {width} cells wide"
