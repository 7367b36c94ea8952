"""Only the code of an answer: what stands in its fenced blocks."""

import re
from typing import Final

from srchat.terminal.plain import PlainWriter

# Also in the line where a list item begins.
_OPENING: Final = re.compile(r"([ \t]*(?:(?:[-+*]|\d{1,9}[.)])[ \t]+)*)(`{3,}|~{3,})([^\n]*)\n?$")


class CodeExtractor:
    """Returns the lines of fenced code blocks, one blank line between two blocks.

    Fences by CommonMark 0.31, section 4.5, at any indentation, since models put code into
    list items; as much as stands left of the fence is taken off its lines. Only whole lines are
    decided on; however the text is cut, the output is the same. What a model thinks between
    `<think>` at the very beginning and `</think>` is not its answer, and has no code of it.
    """

    def __init__(self) -> None:
        self.found = False
        self._partial: list[str] = []
        self._fence = ""
        self._indent = 0
        self._has_begun = False
        self._thinks = False

    @property
    def is_inside(self) -> bool:
        """Tell whether the last whole line stands in a block, or opens one."""
        return bool(self._fence)

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
        """Return the code on a last line without an end; the answer is over."""
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
        if not self._fence:
            return self._outside(line)
        mark = line.strip()
        if mark and len(mark) >= len(self._fence) and not mark.strip(self._fence[0]):
            self._fence = ""
            return ""
        indent = len(line) - len(line.lstrip(" \t"))
        return line[min(indent, self._indent) :]

    def _outside(self, line: str) -> str:
        opening = _OPENING.match(line)
        if not opening or (opening[2][0] == "`" and "`" in opening[3]):
            return ""
        self._indent, self._fence = len(opening[1]), opening[2]
        blank = "\n" if self.found else ""
        self.found = True
        return blank


def code_blocks(text: str) -> list[str]:
    """Return the code of each block of a whole answer."""
    blocks: list[str] = []
    extractor = CodeExtractor()
    for line in re.findall(r"[^\n]*\n|[^\n]+", text):
        was_inside = extractor.is_inside
        code = extractor.feed(line) + ("" if line.endswith("\n") else extractor.flush())
        if was_inside:
            blocks[-1] += code
        elif extractor.is_inside:
            blocks.append("")
    return blocks


class CodeWriter:
    """Writes the code of an answer through a PlainWriter, line by line as it comes."""

    def __init__(self, writer: PlainWriter) -> None:
        self._writer = writer
        self._extractor = CodeExtractor()

    @property
    def found(self) -> bool:
        """Tell whether there was a code block so far."""
        return self._extractor.found

    def write(self, text: str) -> None:
        """Write the code in a piece of the answer."""
        self._writer.write(self._extractor.feed(text))

    def redraw(self) -> None:
        """Do nothing: what has been written does not change."""

    def close(self) -> None:
        """End the answer, whole or not."""
        self._writer.write(self._extractor.flush())
        self._writer.close()
