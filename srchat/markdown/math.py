r"""Recognizes LaTeX formulas, which are shown as written. Pure.

Parsed as Markdown they would be damaged: `\,` would be a comma, `a*b*c` would contain emphasis, and
a row that begins with a minus would be a list item.

Within a text: `\(..\)`, `\[..\]`, `$$..$$`, and `$..$` without inner blanks.

As a block, which may interrupt a paragraph: lines from `\[`, `$$` or `\begin{NAME}` at the start of
one to the closing mark at the end of the same or a later one. If there is no such line within
the container, 50 lines, 4,000 characters, and before the next code fence, the text is ordinary
Markdown: an unclosed mark does not affect the rest of the answer. A formula may contain blank
lines, but not directly after `$$`.
"""

import re
from typing import Final

from markdown_it.rules_block import StateBlock
from markdown_it.rules_inline import StateInline

_MAX_FORMULA: Final = 4000  # characters; longer text is not a formula
_MAX_LINES: Final = 50
_CLOSED_BY: Final = {"\\(": "\\)", "\\[": "\\]", "$$": "$$"}
# As in Pandoc: no blank next to the inside of a dollar and no digit after it, so prices are text.
# A backslash belongs to the character after it: `\$` does not close, `\\$` does.
_TIGHT: Final = re.compile(r"\$(?![\s$])(?:[^$\\\n]|\\.)*?(?<!\s)\$(?!\d)")
# With a blank line after it, `$$` rather closes a formula that began after other text.
_BLOCK: Final = re.compile(r"\$\$(?![ \t]*\n[ \t>]*\n)|\\\[|\\begin\{[A-Za-z]+\*?\}")
# Marks of formulas, and what may contain text that looks like one.
_MARKS: Final = re.compile(r"`[^`\n]*`|\\\\|\\[()\[\]]|\$\$")
_AFTER_BLOCK: Final = re.compile(r"[ \t]*[.,;:]?[ \t]*")

# Keys of markdown-it's environment. The number of lines at the start that are certainly no formula,
# and the first line of a formula that is still open at the end of a growing text, None if there is
# none; without this key the text is complete.
STAND_INS: Final = "stand_ins"
OPEN_FORMULA: Final = "open_formula"


def math_block_rule(state: StateBlock, first: int, end: int, silent: bool) -> bool:  # noqa: FBT001 - a rule of markdown-it
    """Parse a formula of whole lines. One that is open at the end of a growing text is recorded."""
    start = state.bMarks[first] + state.tShift[first]
    if not state.src.startswith(("$$", "\\[", "\\begin{"), start):
        return False
    opening = _BLOCK.match(state.src, start)
    if opening is None or state.is_code_block(first) or first < state.env.get(STAND_INS, 0):
        return False
    below, is_open = _end_of_block(state, first, end, opening)
    if not below or (silent and _is_within_formula(state, first)):
        return False
    if is_open:
        known = state.env[OPEN_FORMULA]
        state.env[OPEN_FORMULA] = first if known is None else min(first, known)
    if not silent:
        _push(state, first, below)
    return True


def _push(state: StateBlock, first: int, below: int) -> None:
    state.line = below
    token = state.push("math_block", "code", 0)
    token.map = [first, below]
    lines = state.getLines(first, below, state.sCount[first], keepLastLF=False)
    token.content = lines.rstrip()


def _end_of_block(
    state: StateBlock, first: int, end: int, opening: re.Match[str]
) -> tuple[int, bool]:
    """Return the line after the formula that begins in the line `first`, 0 if there is none.

    And whether the formula is open, at the end of a growing text.
    """
    formula = _OpenFormula(opening[0])
    last = min(end, first + _MAX_LINES)
    limit = min(opening.start() + _MAX_FORMULA, state.eMarks[last - 1])
    may_grow = OPEN_FORMULA in state.env and last == len(state.bMarks) - 1
    if not may_grow and state.src.find(formula.closing, opening.end(), limit) < 0:
        return 0, False
    for line in range(first, last):
        start = state.bMarks[line] + state.tShift[line] if line > first else opening.end()
        if _is_outside(state, line, first) or state.eMarks[line] > limit:
            return 0, False
        if formula.ends_with(state.src[start : state.eMarks[line]]):
            return line + 1 if formula.is_valid else 0, False
    return last if may_grow else 0, may_grow


def _is_within_formula(state: StateBlock, first: int) -> bool:
    """Tell whether a formula that began after other text is open before the line `first`.

    It is part of the current paragraph.
    """
    closing = ""
    if state.parentType == "paragraph":
        line = max(state.line, first - _MAX_LINES)
        for mark in _MARKS.finditer(state.src, state.bMarks[line], state.bMarks[first]):
            if not closing:
                closing = _CLOSED_BY.get(mark[0], "")
            elif mark[0] == closing:
                closing = ""
    return bool(closing)


def _is_outside(state: StateBlock, line: int, first: int) -> bool:
    """Tell whether a line is not in the container of the line `first`."""
    indent = min(state.blkIndent, state.sCount[first])
    return state.sCount[line] < indent and not state.isEmpty(line)


class _OpenFormula:
    """Finds the end of a formula in its lines. An environment may contain others of its name."""

    def __init__(self, opening: str) -> None:
        self._nested = opening if opening.startswith("\\begin") else ""
        self.closing = _CLOSED_BY.get(opening) or opening.replace("begin", "end")
        self._depth = 1
        self.is_valid = False

    def ends_with(self, line: str) -> bool:
        """Tell whether the formula ends with this line, or cannot be one."""
        if line.startswith("```"):
            return True
        if self._nested:
            self._depth += line.count(self._nested)
        if self.closing not in line:
            return False
        self._depth -= line.count(self.closing)
        place = line.rindex(self.closing) + len(self.closing)
        self.is_valid = self._depth == 0 and bool(_AFTER_BLOCK.fullmatch(line, place))
        return self._depth <= 0


def math_rule(state: StateInline, silent: bool) -> bool:  # noqa: FBT001 - a rule of markdown-it
    """Parse a formula with its delimiters as one token."""
    end = formula_end(state.src, state.pos)
    if not end or end > state.posMax:
        return False
    if not silent:
        state.push("math", "code", 0).content = state.src[state.pos : end]
    state.pos = end
    return True


def formula_end(text: str, start: int) -> int:
    """Return the end of the formula that begins at `start`, 0 if there is none."""
    opening = text[start : start + 2]
    if closing := _CLOSED_BY.get(opening):
        found = text.find(closing, start + 2, start + _MAX_FORMULA)
        return found + 2 if found > start + 2 else 0
    if opening[:1] != "$" or text.find("$", start + 1, start + _MAX_FORMULA) < 0:
        return 0
    match = _TIGHT.match(text, start, start + _MAX_FORMULA)
    return match.end() if match else 0
