"""Streamed Markdown in, what is final about its structure out.

`BlockSplitter` turns an answer that is still growing into the stream of block tokens that
markdown-it would give for the whole answer, as early as each token is certain. A paragraph
is certain when the line after it is there, a list item when its sibling starts, a row of a
table and a line of a fenced code block as soon as they are complete.

Nothing is parsed twice for long: when some tokens have been given out, their lines are
dropped. Containers that are still open (quote, list, item, table, fence) are kept open by
`openers`, a few stand-in lines that bring the parser into the same state:

    - a long story            - x
      - first        ==>
      - second                  - second

Rules that would let a later line change an earlier block, or hide text, are off: link
reference definitions and HTML are shown as they were written.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock, paragraph
from markdown_it.token import Token

# Deeper than this there is only text. The parser's own limit drops what is deeper, and
# sometimes all that follows; it must stay out of reach.
_DEEPEST: Final = 60
_MAX_NESTING: Final = 2 * _DEEPEST

_ITEM: Final = re.compile(
    r"(?P<indent>[ \t>]*)(?P<marker>[-+*]|\d{1,9}[.)])(?P<space> *)(?P<text>.*)"
)
# Nothing but marks: what they mean is only known when the line goes on.
_MARKS: Final = re.compile(r"[-+*#>=`~|:. \t)]*|[ \t]*\d{1,9}[.)]?[ \t]*")


def markdown_parser() -> MarkdownIt:
    """Return the parser for answers: CommonMark, tables and strikethrough; no HTML."""
    parser = MarkdownIt("commonmark", {"html": False, "maxNesting": _MAX_NESTING})
    parser.enable(["table", "strikethrough"])
    parser.block.ruler.before("table", "deep_text", _deep_text)
    return parser.disable(["reference", "html_block", "html_inline"])


def _deep_text(state: StateBlock, first: int, end: int, silent: bool) -> bool:  # noqa: FBT001  # a rule of markdown-it
    return state.level >= _DEEPEST and paragraph(state, first, end, silent)


def block_tokens(parser: MarkdownIt, text: str, first_line: int = 0) -> list[Token]:
    """Return the block tokens of `text`; `first_line` is the number of its first line.

    A fence becomes `fence_open`, `code` (whole lines) and `fence_close`, so that its lines
    can be given out one by one. Indented code is a fence without markup, one `code` a line.
    The groups of a table (thead, tbody) are left out.
    """
    tokens: list[Token] = []
    parser.block.parse(text, parser, {}, tokens)
    return [part for token in tokens for part in _parts(token, first_line)]


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
        tokens = self._parse(self._partial)[self._skip :]
        self._partial, self._lines, self._openers, self._skip = "", [], [], 0
        return tokens

    def tail(self) -> list[Token]:
        """Return the tokens that are not certain, as they would be if the text ended here.

        A last line of which only marks have come is left out: it would be shown as what
        it is not (a dash before it is a list, backticks before they are a fence).
        """
        return self._parse("" if _MARKS.fullmatch(self._partial) else self._partial)[self._skip :]

    def _parse(self, last_line: str) -> list[Token]:
        text = "".join(f"{line}\n" for line in (*self._openers, *self._lines))
        return block_tokens(self.parser, text + last_line, self._first_line - len(self._openers))

    def _settle(self) -> list[Token]:
        tokens = self._parse("")
        lines = [*self._openers, *self._lines]
        cut = _Document(tokens, lines, self._first_line - len(self._openers)).cut()
        certain = tokens[self._skip : cut.index]
        if certain:
            self._restart(cut)
        # A block that grows and grows is looked at again when it is a sixteenth longer.
        self._parse_at = len(self._lines) + len(self._lines) // 16
        return certain

    def _restart(self, cut: _Cut) -> None:
        del self._lines[: cut.line - self._first_line]
        self._first_line = cut.line
        self._openers = list(cut.openers)
        text = "".join(f"{line}\n" for line in cut.openers)
        # The openers' own tokens, but for those that close what is to stay open.
        self._skip = len(block_tokens(self.parser, text)) - cut.depth


@dataclass(frozen=True)
class _Cut:
    """Where the tokens that are not yet certain begin, and how to parse from there.

    `index` counts tokens, `line` lines of the answer. `openers` are the stand-in lines;
    they leave `depth` containers open, `quotes` of them quotes.
    """

    index: int
    line: int
    openers: tuple[str, ...] = ()
    depth: int = 0
    quotes: int = 0
    # The line with the innermost item's marker, and what it is without that marker.
    item_line: int | None = None
    item_text: str = ""


class _Document:
    """The tokens of the lines that are there, and where they can be cut.

    The cut follows the last block inwards through its containers, as far as parsing can
    be taken up again from there.
    """

    def __init__(self, tokens: list[Token], lines: list[str], first_line: int) -> None:
        self._tokens = tokens
        self._lines = lines
        self._first_line = first_line
        self._end = first_line + len(lines)

    def cut(self) -> _Cut:
        """Return the last place before which everything is certain."""
        start = _Cut(0, self._first_line)
        return self._cut_children(0, len(self._tokens), start) or start

    def _cut_children(self, start: int, end: int, path: _Cut) -> _Cut | None:
        last = self._last_child(start, end)
        if last is None:
            return None
        node = self._tokens[last]
        first, after = _span(node)
        if self._is_closed(node, last):
            # The line under a table's header belongs to no row.
            return replace(path, index=end, line=after if node.type != "tr_open" else self._end)
        inside = self._enter(node, path)
        if inside and (cut := self._cut_children(last + 1, end - 1, inside)):
            return cut
        return None if first == path.item_line else self._cut_before(node, last, path)

    def _last_child(self, start: int, end: int) -> int | None:
        level, last = 0, None
        for index in range(start, end):
            nesting = self._tokens[index].nesting
            if level == 0:
                last = index
            level += nesting
        return last

    def _is_closed(self, node: Token, index: int) -> bool:
        """Tell whether no later line can change the last block."""
        first, after = _span(node)
        match node.type:
            case "hr" | "tr_open" | "code":
                return True
            case "heading_open" if node.markup[0] in "-=" or not self._may_head_table(first):
                return True
            case "fence_open" if node.markup:
                code = self._tokens[index + 1].content
                return after < self._end or code.count("\n") < after - first - 1
            case "heading_open" | "paragraph_open" | "table_open" | "blockquote_open":
                return after < self._end
            case _:
                return False

    def _may_head_table(self, line: int) -> bool:
        return line == self._end - 1 and "|" in self._lines[-1]

    def _enter(self, node: Token, path: _Cut) -> _Cut | None:
        """Return `path` with one more open container; None where `node` cannot be kept open."""
        first, _ = _span(node)
        path = replace(path, depth=path.depth + 1)
        if self._may_head_table(first) and node.type != "list_item_open":
            return None
        match node.type:
            case "bullet_list_open" | "ordered_list_open":
                return path
            case "list_item_open":
                return self._enter_item(first, path)
            case "table_open":
                header = (self._line(first, path), self._line(first + 1, path))
                return replace(path, openers=path.openers + header)
            case "fence_open" if not node.markup:
                return replace(path, openers=(*path.openers, self._line(first, path)))
            case "fence_open":
                # Without its info string: "``` a | b" could head a table.
                indent, marks, _ = self._line(first, path).partition(node.markup)
                return replace(path, openers=(*path.openers, indent + marks))
            case "blockquote_open":
                return self._enter_quote(first, path)
            case _:
                return None

    def _enter_quote(self, line: int, path: _Cut) -> _Cut | None:
        quotes = path.quotes + 1
        marks = re.match(rf"(?:[ \t]*>){{{quotes}}}", self._line(line, path))
        return marks and replace(path, openers=(*path.openers, marks[0]), quotes=quotes)

    def _enter_item(self, line: int, path: _Cut) -> _Cut | None:
        item = _ITEM.fullmatch(self._line(line, path))
        if item is None or item["text"].startswith("\t"):
            return None
        # A blank right behind ">" belongs to it.
        indent = item["indent"] + " " * item["indent"].endswith(">")
        # More than four blanks are one blank and indented code (CommonMark 5.2).
        space = item["space"] if item["text"] and len(item["space"]) < 5 else " "
        return replace(
            path,
            openers=path.openers + _stand_in(item, space),
            item_line=line,
            item_text=indent + " " * len(item["marker"]) + item["space"] + item["text"],
        )

    def _cut_before(self, node: Token, index: int, path: _Cut) -> _Cut | None:
        first, _ = _span(node)
        cut = replace(path, index=index, line=first)
        if node.type != "list_item_open":
            return cut
        # Behind a sibling, because an item that goes on a list is read otherwise than one
        # that begins a list ("- a | b" could head a table).
        item = _ITEM.fullmatch(self._line(first, path))
        return item and replace(cut, openers=cut.openers + _stand_in(item, " "))

    def _line(self, number: int, path: _Cut) -> str:
        if number == path.item_line:
            return path.item_text
        return self._lines[number - self._first_line]


def _stand_in(item: re.Match[str], space: str) -> tuple[str, str]:
    """Return an item with the same marker, and a blank line."""
    return f"{item['indent']}{item['marker']}{space}x", item["indent"].rstrip()


def _span(node: Token) -> tuple[int, int]:
    assert node.map is not None  # every block has its lines
    return node.map[0], node.map[1]
