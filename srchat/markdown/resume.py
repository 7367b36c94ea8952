"""Finds where parsing of a growing text can resume, so that the lines before can be dropped.

The block tokens before a resume point are final. The containers that are open there (quote, list,
item, table, code) are reopened by openers, a few stand-in lines that put the parser into the same
state:

    - a long story            - x
      - first        ==>
      - second                  - second
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Final

from markdown_it.token import Token

_ITEM: Final = re.compile(
    r"(?P<indent>[ \t>]*)(?P<marker>[-+*]|\d{1,9}[.)])(?P<space> *)(?P<text>.*)"
)


@dataclass(frozen=True)
class ResumePoint:
    """Where the tokens that are not final begin, and how to parse from there.

    `index`: the number of tokens before it. `line`: its line in the answer.
    `openers`: the stand-in lines.
    `depth`: how many containers the openers leave open; `quotes`: how many of them are quotes.
    `item_line`: the line with the innermost item's marker; `item_text`: this line without it.
    """

    index: int
    line: int
    openers: tuple[str, ...] = ()
    depth: int = 0
    quotes: int = 0
    item_line: int | None = None
    item_text: str = ""


def last_resume_point(tokens: list[Token], lines: list[str], first_line: int) -> ResumePoint:
    """Return the last point before which all tokens are final.

    `tokens` are those of `lines`, the first of which has the number `first_line`.
    """
    return _Document(tokens, lines, first_line).last_point()


class _Document:
    """Searches for the resume point in the tokens of the lines so far.

    The search follows the last block inwards through its containers, as long as parsing can resume
    there.
    """

    def __init__(self, tokens: list[Token], lines: list[str], first_line: int) -> None:
        self._tokens = tokens
        self._lines = lines
        self._first_line = first_line
        self._end = first_line + len(lines)

    def last_point(self) -> ResumePoint:
        """Return the last point before which all tokens are final."""
        start = ResumePoint(0, self._first_line)
        return self._point_among(0, len(self._tokens), start) or start

    def _point_among(self, start: int, end: int, path: ResumePoint) -> ResumePoint | None:
        """Return the last point among the tokens of a container, None if there is none."""
        last = self._last_child(start, end)
        if last is None:
            return None
        node = self._tokens[last]
        first, after = _span(node)
        if self._is_closed(node, last):
            # The delimiter row of a table has no token.
            return replace(path, index=end, line=after if node.type != "tr_open" else self._end)
        inside = self._enter(node, path)
        if inside and (point := self._point_among(last + 1, end - 1, inside)):
            return point
        return None if first == path.item_line else self._point_before(node, last, path)

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
            case "hr" | "tr_open" | "code" | "math_block":
                return True
            case "heading_open":
                return not self._may_head_table(first)
            case "fence_open" if node.markup:
                code = self._tokens[index + 1].content
                return after < self._end or code.count("\n") < after - first - 1
            case "paragraph_open" | "table_open" | "blockquote_open":
                return after < self._end
            case _:
                return False

    def _may_head_table(self, line: int) -> bool:
        return line == self._end - 1 and "|" in self._lines[-1]

    def _enter(self, node: Token, path: ResumePoint) -> ResumePoint | None:
        """Return `path` with one more open container, None if `node` cannot be reopened."""
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
                # Without the info string, because "``` a | b" could be the header of a table.
                indent, marks, _ = self._line(first, path).partition(node.markup)
                return replace(path, openers=(*path.openers, indent + marks))
            case "blockquote_open":
                return self._enter_quote(first, path)
            case _:
                return None

    def _enter_quote(self, line: int, path: ResumePoint) -> ResumePoint | None:
        quotes = path.quotes + 1
        marks = re.match(rf"(?:[ \t]*>){{{quotes}}}", self._line(line, path))
        return marks and replace(path, openers=(*path.openers, marks[0]), quotes=quotes)

    def _enter_item(self, line: int, path: ResumePoint) -> ResumePoint | None:
        item = _ITEM.fullmatch(self._line(line, path))
        if item is None or item["text"].startswith("\t"):
            return None
        # A blank after ">" belongs to it.
        indent = item["indent"] + " " * item["indent"].endswith(">")
        # More than four blanks are one blank and indented code (CommonMark 5.2).
        space = item["space"] if item["text"] and len(item["space"]) < 5 else " "
        return replace(
            path,
            openers=path.openers + _stand_in(item, space),
            item_line=line,
            item_text=indent + " " * len(item["marker"]) + item["space"] + item["text"],
        )

    def _point_before(self, node: Token, index: int, path: ResumePoint) -> ResumePoint | None:
        first, _ = _span(node)
        point = replace(path, index=index, line=first)
        if node.type != "list_item_open":
            return point
        # After a sibling, because the first item of a list is parsed differently from later ones:
        # "- a | b" could be the header of a table.
        item = _ITEM.fullmatch(self._line(first, path))
        return item and replace(point, openers=point.openers + _stand_in(item, " "))

    def _line(self, number: int, path: ResumePoint) -> str:
        if number == path.item_line:
            return path.item_text
        return self._lines[number - self._first_line]


def _stand_in(item: re.Match[str], space: str) -> tuple[str, str]:
    """Return an item with the same marker, and a blank line after it."""
    return f"{item['indent']}{item['marker']}{space}x", item["indent"].rstrip()


def _span(node: Token) -> tuple[int, int]:
    assert node.map is not None  # every block has its lines
    return node.map[0], node.map[1]
