r"""Recognizes LaTeX formulas: `\(..\)`, `\[..\]`, `$$..$$`, and `$..$` without inner blanks. Pure.

They are shown as written. Parsed as Markdown they would be damaged: `\,` would be a comma, and
`a*b*c` would contain emphasis.
"""

import re
from typing import Final

from markdown_it.rules_inline import StateInline

_MAX_FORMULA: Final = 4000  # characters; longer text is not a formula
_CLOSED_BY: Final = {"\\(": "\\)", "\\[": "\\]", "$$": "$$"}
# As in Pandoc: no blank next to the inside of a dollar and no digit after it, so prices are text.
# A backslash belongs to the character after it: `\$` does not close, `\\$` does.
_TIGHT: Final = re.compile(r"\$(?![\s$])(?:[^$\\\n]|\\.)*?(?<!\s)\$(?!\d)")


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
