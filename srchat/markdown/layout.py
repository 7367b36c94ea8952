"""Lays out block tokens as rows for the terminal.

The state (open quotes and lists, an incomplete table or code block) is kept between calls, so the
rows do not depend on how the tokens are divided among calls.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import Final

from markdown_it import MarkdownIt
from markdown_it.token import Token
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from rich.text import Text

from srchat.markdown.cells import cells, wrapped
from srchat.markdown.code import CodeLines, CodePreview, background_of
from srchat.markdown.inline import GrowingParagraph, InlineText
from srchat.markdown.open_marks import closed
from srchat.markdown.prefixes import Prefixes, Row
from srchat.markdown.tables import TableRows
from srchat.theme import MARKDOWN

_NONE: Final = Style()
_STYLES: Final = {name: Style.parse(style) for name, style in MARKDOWN.items()}
_TABLE_TAGS: Final = {"table", "tr", "th", "td"}
_CODE_INDENT: Final = "  "
_NARROW: Final = 20  # cells; code in shorter rows is not indented
_MAX_CACHED_ROWS: Final = 1000  # of previews


@dataclass(frozen=True)
class Glyphs:
    """The characters for bullets, quotes, rules and task boxes."""

    bullet: str = "•"
    quote: str = "▌"
    rule: str = "─"
    open_task: str = "☐"
    done_task: str = "☑"


ASCII_GLYPHS: Final = Glyphs("*", "|", "-", "[ ]", "[x]")
TASK: Final = re.compile(r"\[([ xX])\] (?=\S)")


@dataclass
class _OpenBlocks:
    """The open blocks.

    `style`, `alignment`: of the next text; the alignment is that of its table cell.
    `is_item_start`: the next block is the first one of a list item.
    `env`: what inline Markdown leaves open for later text.
    """

    prefixes: Prefixes = field(default_factory=Prefixes)
    style: Style = _NONE
    alignment: str = ""
    code: CodeLines | CodePreview | None = None
    table: TableRows | None = None
    is_item_start: bool = False
    env: dict[str, int] = field(default_factory=dict)

    def preview(self) -> _OpenBlocks:
        """Return a copy for a preview."""
        return replace(
            self,
            prefixes=self.prefixes.copy(),
            code=self.code and self.code.preview(),
            table=self.table and self.table.copy(),
            env=dict(self.env),
        )


class Layout:
    """Lays out an answer in rows of `width` cells. The width may be changed at any time."""

    def __init__(
        self, parser: MarkdownIt, console: Console, *, code_theme: str, glyphs: Glyphs
    ) -> None:
        self.width = console.width
        self._inline_text = InlineText(parser, is_unicode=glyphs is not ASCII_GLYPHS)
        self._console = console
        self._code_theme = code_theme
        self._glyphs = glyphs
        self._open = _OpenBlocks()
        self._rows: list[Row] = []
        self._growing = GrowingParagraph(self._inline_text, console)
        self._is_preview = False
        self._is_plain = False
        self._cache: dict[int, tuple[Text, Row]] = {}

    def feed(self, tokens: list[Token]) -> list[Row]:
        """Return the rows that `tokens` complete."""
        self._rows = []
        for token in tokens:
            self._handle(token)
        return self._rows

    def preview(self, tokens: list[Token]) -> list[Row]:
        """Return the rows of `tokens`, as if they ended the answer. The state does not change."""
        kept, self._open = self._open, self._open.preview()
        self._is_preview = True
        try:
            return self.feed(tokens)
        finally:
            self._open, self._is_preview = kept, False

    def stop_highlighting(self) -> None:
        """Highlight no more code, because the user is waiting for the end."""
        self._is_plain = True
        if self._open.code:
            self._open.code.stop_highlighting()

    def _handle(self, token: Token) -> None:
        match token.type:
            case "inline":
                self._add_inline(token.content, grows=token.meta.get("grows", False))
            case "paragraph_open" | "heading_open":
                self._begin_block(token)
                self._open.style = _STYLES.get(token.tag, _NONE)
            case "hr":
                self._begin_block(token)
                self._add([Text(self._glyphs.rule * self._room(), _STYLES["rule"])])
            case "math_block":
                self._begin_block(token)
                self._add([Text(token.content, _STYLES["code"])])
            case "fence_open" | "code" | "fence_close":
                self._handle_code(token)
            case _ if token.tag in _TABLE_TAGS:
                self._handle_table(token)
            case _:
                self._handle_container(token)

    def _add_inline(self, content: str, *, grows: bool) -> None:
        if self._open.is_item_start and (task := TASK.match(content)):
            glyph = self._glyphs.open_task if task[1] == " " else self._glyphs.done_task
            content = f"{glyph} {content[task.end() :]}"
        self._open.is_item_start = False
        env, style = self._open.env, self._open.style
        if self._is_preview and style is _NONE and not self._open.table:
            texts = self._growing.lines(content, self._room(), env, grows=grows)
        else:
            texts = [self._inline_text(closed(content) if grows else content, env, style)]
        if self._open.table:
            self._open.table.add_cell(texts[0], self._open.alignment)
            return
        if any(texts) or not content:  # <details> alone makes no row
            self._add(texts)

    def _handle_container(self, token: Token) -> None:
        match token.type:
            case "bullet_list_open" | "ordered_list_open":
                self._begin_container(token)
            case "list_item_open":
                self._open_item(token)
            case "blockquote_open":
                bar = f"{self._glyphs.quote} "
                self._begin_container(token)
                self._open.prefixes.push(bar, bar, _STYLES["quote bar"])
            case "list_item_close" | "blockquote_close":
                self._rows += self._open.prefixes.pop(self.width)

    def _open_item(self, token: Token) -> None:
        # Numbers are shown as written, because they may be years in descending order.
        marker = f"{token.info:>2}{token.markup} " if token.info else f" {self._glyphs.bullet} "
        self._begin_container(token)
        self._open.prefixes.push(marker, " " * len(marker), _STYLES["list marker"])
        self._open.is_item_start = True

    def _handle_code(self, token: Token) -> None:
        if token.type == "fence_open":
            self._begin_block(token)
            self._open.code = CodeLines("" if self._is_plain else token.info, self._code_theme)
            if info := token.info.strip():  # the language, perhaps with a file name
                self._add([Text(info, _STYLES["code label"])])
        elif self._open.code and token.type == "code":
            self._add_code(self._open.code.feed(_code_lines(token)))
        elif self._open.code:  # pragma: no branch - every fence_close has its fence_open
            self._extend(token)
            self._add_code(self._open.code.finish())
            self._open.code = None

    def _handle_table(self, token: Token) -> None:
        match token.type:
            case "table_open":
                self._begin_block(token)
                self._open.table = TableRows(self._console, self._glyphs.rule)
            case "th_open" | "td_open":
                self._open.style = _STYLES["th"] if token.type == "th_open" else _NONE
                self._open.alignment = str(token.attrs.get("style", "")).removeprefix("text-align:")
            case "tr_open":
                self._extend(token)
            case "tr_close" if self._open.table:
                self._add(self._open.table.end_row(self._room()))
            case "table_close" if self._open.table:
                self._add(self._open.table.decide(self._room()))
                self._open.table = None

    def _begin_block(self, token: Token) -> None:
        self._open.is_item_start &= token.type == "paragraph_open"
        first, below = token.map or (0, 0)
        self._open.prefixes.begin_block(first, below, is_top_level=token.level == 0)

    def _extend(self, token: Token) -> None:
        """Update the last line of a table or code block, which was unknown at its start."""
        _, self._open.prefixes.below = token.map or (0, 0)

    def _begin_container(self, token: Token) -> None:
        self._open.is_item_start = False
        first, _ = token.map or (0, 0)
        self._open.prefixes.begin_container(first, is_top_level=token.level == 0)

    def _room(self) -> int:
        return self._open.prefixes.room(self.width)

    def _add(self, texts: list[Text]) -> None:
        lines = [line for text in texts for line in wrapped(self._console, text, self._room())]
        self._rows += self._open.prefixes.rows([self._row(line) for line in lines], self.width)

    def _add_code(self, lines: list[Text]) -> None:
        room = self._room()
        background = background_of(self._code_theme)
        indent = "" if background or room < _NARROW else _CODE_INDENT
        width = room - len(indent)
        parts = [part for line in lines for part in wrapped(self._console, line, width)]
        if background:
            parts = [_filled(part, room, background) for part in parts]
        rows = [self._row(part) for part in parts]
        if indent:
            rows = [[Segment(indent), *row] if row else [] for row in rows]
        self._rows += self._open.prefixes.rows(rows, self.width)

    def _row(self, line: Text) -> Row:
        """Return `line` as segments. Those of previews are cached, because lines recur."""
        cached = self._cache.get(id(line))
        if cached and cached[0] is line:
            return cached[1]
        segments = line.render(self._console, end="")
        if line.style and not line.spans:  # Rich omits the style of such a text
            segments = [Segment(line.plain, self._console.get_style(line.style))]
        row = list(Segment.simplify(segment for segment in segments if segment.text))
        if self._is_preview:
            if len(self._cache) > _MAX_CACHED_ROWS:
                self._cache.clear()
            self._cache[id(line)] = line, row
        return row


def _filled(line: Text, width: int, style: Style) -> Text:
    filled = line.copy().append(" " * (width - cells(line.plain)))
    filled.stylize_before(style)
    return filled


def _code_lines(token: Token) -> list[str]:
    return token.content.removesuffix("\n").split("\n")
