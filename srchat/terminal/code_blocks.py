"""Extracts the fenced code blocks of an answer."""

import re
from typing import Final, Protocol

from srchat.terminal.plain import NullWriter

# Also on the first line of a list item or a quote.
_OPENING: Final = re.compile(
    r"((?:[ \t]*(?:>|(?:[-+*]|\d{1,9}[.)])(?=[ \t])))*[ \t]*)(`{3,}|~{3,})([^\n]*)\n?$"
)
_QUOTE: Final = re.compile(r"[ \t]*> ?")


class TextWriter(Protocol):
    """Where `CodeWriter` writes the code."""

    def write(self, text: str) -> None:
        """Write a piece of text."""

    def close(self) -> None:
        """End the text."""


class CodeExtractor:
    """Extracts the lines of fenced code blocks, with a blank line between two blocks.

    Fences are those of CommonMark 0.31, section 4.5, but at any indentation, because models put
    code into list items and quotes. The indentation and the quote markers of a fence are removed
    from its lines. The output does not depend on where the text is cut. A leading `<think>` block
    is ignored.

    `count`: the number of blocks so far. `only_first`: ignore all but the first block.
    """

    def __init__(self, *, only_first: bool = False) -> None:
        self.count = 0
        self._only_first = only_first
        self._partial: list[str] = []
        self._fence = ""
        self._indent = 0
        self._quotes = 0
        self._has_begun = False
        self._thinks = False

    def feed(self, text: str) -> str:
        """Return the code that `text` completes."""
        if "\n" not in text:
            if text:
                self._partial.append(text)
            return ""
        *lines, rest = "".join([*self._partial, text]).split("\n")
        self._partial = [rest] if rest else []
        return "".join([self._line(f"{line}\n") for line in lines])

    def flush(self) -> str:
        """Return the code on an incomplete last line."""
        rest = "".join(self._partial)
        self._partial = []
        return self._line(rest) if rest else ""

    def _line(self, line: str) -> str:
        if not self._has_begun and line.strip():
            self._has_begun = True
            self._thinks = line.lstrip().startswith("<think>")
        if self._thinks:
            self._thinks = "</think>" not in line
            return ""
        code = self._unquoted(line)
        if code is None:
            return self._outside(line)
        mark = code.strip()
        if mark and len(mark) >= len(self._fence) and not mark.strip(self._fence[0]):
            self._fence = ""
            return ""
        if self._only_first and self.count > 1:
            return ""
        indent = len(code) - len(code.lstrip(" \t"))
        return code[min(indent, self._indent) :]

    def _unquoted(self, line: str) -> str | None:
        """Return a line of the open block without its quote markers, None if none is open."""
        for _ in range(self._quotes if self._fence else 0):
            mark = _QUOTE.match(line)
            if not mark:
                self._fence = ""  # the end of the quote ends the block
            else:
                line = line[mark.end() :]
        return line if self._fence else None

    def _outside(self, line: str) -> str:
        opening = _OPENING.match(line)
        if not opening or (opening[2][0] == "`" and "`" in opening[3]):
            return ""
        self._quotes = opening[1].count(">")
        before = opening[1].rpartition(">")[2]
        self._indent = len(before.removeprefix(" ") if self._quotes else before)
        self._fence = opening[2]
        self.count += 1
        return "\n" if self.count > 1 and not self._only_first else ""


def code_blocks(text: str) -> list[str]:
    """Return the code of each block in an answer."""
    blocks: list[str] = []
    extractor = CodeExtractor()
    for line in re.findall(r"[^\n]*\n|[^\n]+", text):
        count = extractor.count
        code = extractor.feed(line) + ("" if line.endswith("\n") else extractor.flush())
        if extractor.count > count:
            blocks.append("")
        elif blocks:
            blocks[-1] += code
    return blocks


class CodeWriter(NullWriter):
    """Writes the code blocks of an answer to another writer, line by line."""

    def __init__(self, writer: TextWriter, *, only_first: bool) -> None:
        self._writer = writer
        self._extractor = CodeExtractor(only_first=only_first)

    @property
    def count(self) -> int:
        """The number of code blocks so far."""
        return self._extractor.count

    def write(self, text: str) -> None:
        """Write the code that a piece of the answer completes."""
        self._writer.write(self._extractor.feed(text))

    def close(self) -> None:
        """Write the rest and close the other writer."""
        self._writer.write(self._extractor.flush())
        self._writer.close()
