"""Streamed Markdown in, what is final about its structure out.

`BlockSplitter` turns an answer that is still growing into the stream of block tokens that
markdown-it would give for the whole answer, as early as each token is certain. A paragraph
is certain when the line after it is there, a list item when its sibling starts, a row of a
table and a line of a code block as soon as they are complete.

Nothing is parsed twice for long: when some tokens have been given out, their lines are
dropped, and parsing is taken up again where `srchat.markdown.resume` says.

Rules that would let a later line change an earlier block, or hide text, are off: link
reference definitions and HTML are shown as they were written, but for some pairs of tags within
one block (`srchat.markdown.tags`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock, paragraph
from markdown_it.rules_block.table import escapedSplit
from markdown_it.token import Token

from srchat.markdown.math import math_rule
from srchat.markdown.resume import ResumePoint, last_resume_point
from srchat.markdown.tags import pair_rule, tag_rule

# Deeper than this there is only text. The parser's own limit drops what is deeper, and
# sometimes all that follows; it must stay out of reach.
_DEEPEST: Final = 40
_DEEP: Final = 20
_MAX_NESTING: Final = 2 * _DEEPEST

# What begins a table, as a rule: `|x| < 1` does not.
_HEADER: Final = re.compile(r"([ \t>]*)(\| .*)")

# Nothing but marks: what they mean is only known when the line goes on.
_MARKS: Final = re.compile(r"[-+*#>=`~|:. \t)]*|[ \t]*\d{1,9}[.)]?[ \t]*")


def markdown_parser() -> MarkdownIt:
    """Return the parser for answers: CommonMark, tables, strikethrough, LaTeX and a few tags."""
    parser = MarkdownIt("commonmark", {"maxNesting": _MAX_NESTING})
    parser.enable(["table", "strikethrough"])
    parser.block.ruler.before("table", "deep_text", _deep_text)
    parser.inline.ruler.before("escape", "math", math_rule)
    parser.inline.ruler.before("autolink", "tags", tag_rule)
    parser.inline.ruler2.before("fragments_join", "tags", pair_rule)
    return parser.disable(["reference", "html_block", "html_inline"])


def _deep_text(state: StateBlock, first: int, end: int, silent: bool) -> bool:  # noqa: FBT001  # a rule of markdown-it
    return state.level >= _DEEPEST and paragraph(state, first, end, silent)


def block_tokens(parser: MarkdownIt, text: str, first_line: int = 0) -> list[Token]:
    """Return the block tokens of `text`; `first_line` is the number of its first line.

    A fence becomes `fence_open`, `code` (whole lines) and `fence_close`, so that its lines
    can be given out one by one. Indented code is a fence without markup, one `code` a line.
    The groups of a table (thead, tbody) are left out. Cells beyond the header's, which a parser
    for HTML drops, stand behind the row's last one.
    """
    tokens: list[Token] = []
    parser.block.parse(text, parser, {}, tokens)
    _add_surplus_cells(tokens, text)
    return [part for token in tokens for part in _parts(token, first_line)]


def document_tokens(parser: MarkdownIt, text: str) -> list[Token]:
    """Return the tokens of a whole text, as markdown-it's renderers take them, no text left out."""
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
    """Return the cells of a row's line behind those that became tokens.

    The marks of a quote or a list item may stand before the first.
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
    """Return where the last inline token with text is; 0 where something else comes last."""
    for place in range(len(tokens) - 1, 0, -1):
        if tokens[place].content:
            return place if tokens[place].type == "inline" else 0
    return 0


def _columns(header: str) -> int:
    cells = [cell.strip() for cell in escapedSplit(header.strip())]
    return max(1, len(cells) - 1 - (not cells[-1]))


class BlockSplitter:
    """Gives out block tokens when they are certain; however the text is cut, the same ones."""

    def __init__(self) -> None:
        self.parser = markdown_parser()
        self._partial = ""
        self._lines: list[str] = []
        self._openers: list[str] = []
        self._skip = 0
        self._first_line = 0
        self._parse_at = 0

    def feed(self, part: str) -> list[Token]:
        """Return the tokens that have become certain."""
        self._partial += part
        if "\n" not in part:
            return []
        *lines, self._partial = self._partial.split("\n")
        self._lines += lines
        if len(self._lines) < self._parse_at and self._lines[-1].strip():
            return []
        return self._settle()

    def flush(self) -> list[Token]:
        """Return all other tokens; the text is over."""
        return self._parse(self._partial)[self._skip :]

    def tail(self) -> list[Token]:
        """Return the tokens that are not certain, as they would be if the text ended here.

        A last line of which only marks have come is left out: it would be shown as what
        it is not (a dash before it is a list, backticks before they are a fence). A last line
        that looks like the header of a table is one. The inline token whose text goes on there
        has "grows" in its `meta`.
        """
        last_line = "" if _MARKS.fullmatch(self._partial) else self._partial
        tokens = self._parse(last_line)[self._skip :]
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
        """Return the tokens as they will be if the last line is the header of a table."""
        if tokens[_last_text(tokens) - 1].type != "paragraph_open":
            return tokens
        below = header[1] + "|---" * _columns(header[2]) + "|"
        table = self._parse(f"{last_line}\n{below}" if last_line else below)[self._skip :]
        return table if table[_last_text(table) - 1].type == "th_open" else tokens

    def _parse(self, last_line: str) -> list[Token]:
        text = "".join(f"{line}\n" for line in (*self._openers, *self._lines))
        return block_tokens(self.parser, text + last_line, self._first_line - len(self._openers))

    def _settle(self) -> list[Token]:
        tokens = self._parse("")
        lines = [*self._openers, *self._lines]
        cut = last_resume_point(tokens, lines, self._first_line - len(self._openers))
        certain = tokens[self._skip : cut.index]
        if certain:
            self._restart(cut)
        # A block that grows and grows is parsed again when it is a sixteenth longer; one that is
        # nested deeply, which costs the square of its depth, when it is a third longer.
        deepest = max((token.level for token in tokens), default=0)
        self._parse_at = len(self._lines) + len(self._lines) // (16 if deepest < _DEEP else 3)
        return certain

    def _restart(self, cut: ResumePoint) -> None:
        del self._lines[: cut.line - self._first_line]
        self._first_line = cut.line
        self._openers = list(cut.openers)
        text = "".join(f"{line}\n" for line in cut.openers)
        # The openers' own tokens, but for those that close what is to stay open.
        self._skip = len(block_tokens(self.parser, text)) - cut.depth
