"""Parses Markdown incrementally.

`BlockSplitter` returns the block tokens that markdown-it would return for the whole answer, each
as soon as it is final. A paragraph is final when the line after it arrives, a list item when its
sibling starts, a table row and a line of code when they are complete. A formula of several lines is
final when its closing mark arrives; until then nothing from its first line on is, because without
that mark it would be text of the block before it.

The lines of final tokens are dropped, so that they are not parsed again. Parsing resumes at a
`ResumePoint`.

Rules that would let a later line change an earlier block, or hide text, are disabled: link
reference definitions and HTML are shown as written, except for a few pairs of tags within one
block (`srchat.markdown.tags`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock, paragraph
from markdown_it.rules_block.table import escapedSplit
from markdown_it.token import Token
from markdown_it.utils import EnvType

from srchat.markdown.math import OPEN_FORMULA, STAND_INS, math_block_rule, math_rule
from srchat.markdown.resume import ResumePoint, last_resume_point
from srchat.markdown.tags import pair_rule, tag_rule
from srchat.markdown.urls import plain_text_rule, url_rule

# Below this level everything is text. The parser's own limit drops deeper blocks, and sometimes
# everything after them, so it must not be reached.
_MAX_LEVEL: Final = 40
_DEEP: Final = 20
_MAX_NESTING: Final = 2 * _MAX_LEVEL

# Likely the header of a table, unlike `|x| < 1`.
_HEADER: Final = re.compile(r"([ \t>]*)(\| .*)")

# A line of marks, or with the beginning of a formula, whose meaning depends on what follows.
_MARKS: Final = re.compile(
    r"""(?: [-+*\#>=`~|:.\ \t)]* | [ \t]*\d{1,9}[.)]?[ \t]* )
    (?: \$\$? | \\\[ | \\(?:b[a-z]*(?:\{[A-Za-z]*\*?)?)? )?""",
    re.VERBOSE,
)


def markdown_parser() -> MarkdownIt:
    """Return a parser for CommonMark, tables, strikethrough, formulas, bare URLs and a few tags."""
    parser = MarkdownIt("commonmark", {"maxNesting": _MAX_NESTING})
    parser.enable(["table", "strikethrough"])
    parser.block.ruler.before("table", "deep_text", _deep_text)
    interrupts = ["paragraph", "reference", "blockquote", "list"]  # like a fence
    parser.block.ruler.before("table", "math_block", math_block_rule, {"alt": interrupts})
    parser.inline.ruler.at("text", plain_text_rule)
    parser.inline.ruler.after("text", "url", url_rule)
    parser.inline.ruler.before("escape", "math", math_rule)
    parser.inline.ruler.before("autolink", "tags", tag_rule)
    parser.inline.ruler2.before("fragments_join", "tags", pair_rule)
    return parser.disable(["reference", "html_block", "html_inline"])


def _deep_text(state: StateBlock, first: int, end: int, silent: bool) -> bool:  # noqa: FBT001  # a rule of markdown-it
    return state.level >= _MAX_LEVEL and paragraph(state, first, end, silent)


def block_tokens(
    parser: MarkdownIt, text: str, first_line: int = 0, env: EnvType | None = None
) -> list[Token]:
    """Return the block tokens of `text`; `first_line` is the number of its first line.

    `env`: what formulas depend on (`srchat.markdown.math`); updated.

    A fence becomes `fence_open`, `code` (whole lines) and `fence_close`, so that its lines can be
    returned one by one. Indented code becomes a fence without markup, with one `code` per line.
    The groups of a table (thead, tbody) are omitted. Cells beyond those of the header, which
    markdown-it drops, are appended to the last one of the row.
    """
    tokens: list[Token] = []
    parser.block.parse(text, parser, {} if env is None else env, tokens)
    _add_surplus_cells(tokens, text)
    return [part for token in tokens for part in _parts(token, first_line)]


def document_tokens(parser: MarkdownIt, text: str) -> list[Token]:
    """Return the tokens of a complete text for a renderer of markdown-it. No text is dropped."""
    tokens: list[Token] = []
    env: dict[str, int] = {}
    parser.block.parse(text, parser, env, tokens)
    _add_surplus_cells(tokens, text)
    for before, token, after in zip(tokens, tokens[1:], tokens[2:], strict=False):
        if token.type == "inline":
            token.children = []
            parser.inline.parse(token.content, parser, env, token.children)
            if before.type == "paragraph_open" and not token.children:
                before.hidden = after.hidden = True
    return tokens


def _add_surplus_cells(tokens: list[Token], text: str) -> None:
    lines: list[str] = []
    row: list[Token] = []
    for token in tokens:
        if token.type == "tr_open":
            lines = lines or text.split("\n")
            row = []
        elif token.type == "inline":
            row.append(token)
        elif token.type == "tr_close" and row and row[0].map:
            line = lines[row[0].map[0]]
            if line.count("|") > len(row) and (surplus := _surplus(line, row)):
                row[-1].content = " | ".join([row[-1].content, *surplus])


def _surplus(line: str, row: list[Token]) -> list[str]:
    """Return the cells in a line after those that became tokens.

    The marker of a quote or a list item may precede the first one.
    """
    known = [cell.content for cell in row]
    cells = [cell.strip() for cell in escapedSplit(line.strip())]
    for start in range(len(cells) - len(known)):
        first, *others = cells[start : start + len(known)]
        if first.endswith(known[0]) and others == known[1:]:
            rest = cells[start + len(known) :]
            while rest and not rest[-1]:
                rest.pop()
            return rest
    return []


def _parts(token: Token, first_line: int) -> Iterator[Token]:
    if token.map:
        token.map = [line + first_line for line in token.map]
    if token.type == "fence":
        yield from _fence_parts(token, [token.content] if token.content else [])
    elif token.type == "code_block":
        lines = token.content.removesuffix("\n").split("\n")
        yield from _fence_parts(token, [f"{line}\n" for line in lines])
    elif token.tag not in ("thead", "tbody"):
        yield token


def _fence_parts(fence: Token, code: list[str]) -> Iterator[Token]:
    level = fence.level
    yield Token(
        "fence_open", "code", 1, level=level, map=fence.map, markup=fence.markup, info=fence.info
    )
    for content in code:
        yield Token("code", "code", 0, level=level + 1, map=fence.map, content=content)
    yield Token("fence_close", "code", -1, level=level, map=fence.map)


def _last_text(tokens: list[Token]) -> int:
    """Return the index of the last inline token with text, 0 if the last text is not inline."""
    place = next((i for i in reversed(range(len(tokens))) if tokens[i].content), 0)
    return place if tokens and tokens[place].type == "inline" else 0


def _columns(header: str) -> int:
    cells = [cell.strip() for cell in escapedSplit(header.strip())]
    return max(1, len(cells) - 1 - (not cells[-1]))


class BlockSplitter:
    """Returns block tokens as soon as they are final. They do not depend on where text is cut."""

    def __init__(self) -> None:
        self.parser = markdown_parser()
        self._partial = ""
        self._lines: list[str] = []
        self._openers: list[str] = []
        self._skip = 0
        self._first_line = 0
        self._parse_at = 0

    def feed(self, part: str) -> list[Token]:
        """Return the tokens that `part` makes final."""
        self._partial += part
        if "\n" not in part:
            return []
        *lines, self._partial = self._partial.split("\n")
        self._lines += lines
        if len(self._lines) < self._parse_at and self._lines[-1].strip():
            return []
        return self._settle()

    def flush(self) -> list[Token]:
        """Return the remaining tokens at the end of the text."""
        return self._parse(self._lines, self._partial)[self._skip :]

    def tail(self) -> list[Token]:
        """Return the tokens that are not final, as if the text ended here.

        A last line of only marks is omitted, because its meaning may change (a dash may become a
        list, backticks a fence). A last line that looks like the header of a table is treated as
        one. A formula that is not closed yet is one. The inline token that later text may extend
        has "grows" in its `meta`.
        """
        last_line = "" if _MARKS.fullmatch(self._partial) else self._partial
        tokens = self._parse_growing(last_line)[0][self._skip :]
        line = last_line or "".join(self._lines[-1:])
        if header := _HEADER.fullmatch(line):
            tokens = self._with_table(tokens, last_line, header)
        if place := _last_text(tokens):
            token = tokens[place]
            token.meta["grows"] = line.rstrip().endswith(token.content.rpartition("\n")[2])
        return tokens

    def _with_table(
        self, tokens: list[Token], last_line: str, header: re.Match[str]
    ) -> list[Token]:
        """Return the tokens with the last line as the header of a table, if it can be one."""
        if tokens[_last_text(tokens) - 1].type != "paragraph_open":
            return tokens
        below = header[1] + "|---" * _columns(header[2]) + "|"
        text = f"{last_line}\n{below}" if last_line else below
        table = self._parse_growing(text)[0][self._skip :]
        return table if table[_last_text(table) - 1].type == "th_open" else tokens

    def _parse(
        self, lines: list[str], last_line: str = "", env: EnvType | None = None
    ) -> list[Token]:
        text = "".join(f"{line}\n" for line in (*self._openers, *lines)) + last_line
        env = {} if env is None else env
        env[STAND_INS] = len(self._openers)
        return block_tokens(self.parser, text, self._first_line - len(self._openers), env)

    def _parse_growing(self, last_line: str = "") -> tuple[list[Token], int]:
        """Return the tokens if an open formula will be closed, and how many lines precede it."""
        env: EnvType = {OPEN_FORMULA: None}
        tokens = self._parse(self._lines, last_line, env)
        first = env[OPEN_FORMULA]
        return tokens, len(self._lines) if first is None else first - len(self._openers)

    def _settle(self) -> list[Token]:
        tokens, certain = self._parse_growing()
        known = self._lines[:certain]
        if certain < len(self._lines):
            # If the formula is never closed, its lines may belong to the block before them.
            tokens = self._parse(known)
        lines = [*self._openers, *known]
        point = last_resume_point(tokens, lines, self._first_line - len(self._openers))
        final = tokens[self._skip : point.index]
        if final:
            self._restart(point)
        # A long block is parsed again when it is a sixteenth longer; a deeply nested one, whose
        # cost is quadratic in its depth, when it is a third longer.
        deepest = max((token.level for token in tokens), default=0)
        self._parse_at = len(self._lines) + len(self._lines) // (16 if deepest < _DEEP else 3)
        return final

    def _restart(self, point: ResumePoint) -> None:
        del self._lines[: point.line - self._first_line]
        self._first_line = point.line
        self._openers = list(point.openers)
        text = "".join(f"{line}\n" for line in point.openers)
        # The tokens of the openers, except those that close the containers.
        self._skip = len(block_tokens(self.parser, text)) - point.depth
