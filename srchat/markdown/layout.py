"""Block tokens in, rows for the terminal out, as far as they are final.

The layout keeps its place between two calls (open quotes and lists, a table or code that
goes on): tokens may come in any portions, the rows are the same.
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
# Where rows are shorter than this, code is not indented.
_NARROW: Final = 20
# As many rows of previews are remembered.
_MAX_CACHED_ROWS: Final = 1000


@dataclass(frozen=True)
class Glyphs:
    """What bullets, quotes and rules are drawn with."""

    bullet: str = "•"
    quote: str = "▌"
    rule: str = "─"
    open_task: str = "☐"
    done_task: str = "☑"


ASCII_GLYPHS: Final = Glyphs("*", "|", "-", "[ ]", "[x]")
TASK: Final = re.compile(r"\[([ xX])\] (?=\S)")


@dataclass
class _Place:
    """What is open where the layout stands."""

    margins: Prefixes = field(default_factory=Prefixes)
    # Of the text that comes next; the alignment is a table cell's.
    style: Style = _NONE
    alignment: str = ""
    code: CodeLines | CodePreview | None = None
    table: TableRows | None = None
    # A list item has begun, and nothing of it has been taken.
    is_item_start: bool = False
    # What inline Markdown leaves open for later text.
    env: dict[str, int] = field(default_factory=dict)

    def preview(self) -> _Place:
        """Return the same place, where nothing that happens will be remembered."""
        return replace(
            self,
            margins=self.margins.copy(),
            code=self.code and self.code.preview(),
            table=self.table and self.table.copy(),
            env=dict(self.env),
        )


class Layout:
    """Lays out an answer for rows of `width` cells; the width may change at any time."""

    def __init__(
        self, parser: MarkdownIt, console: Console, *, code_theme: str, glyphs: Glyphs
    ) -> None:
        self.width = console.width
        self._inline_text = InlineText(parser, is_unicode=glyphs is not ASCII_GLYPHS)
        self._console = console
        self._code_theme = code_theme
        self._glyphs = glyphs
        self._place = _Place()
        self._rows: list[Row] = []
        self._growing = GrowingParagraph(self._inline_text, console)
        self._is_preview = False
        self._is_plain = False
        self._known: dict[int, tuple[Text, Row]] = {}

    def feed(self, tokens: list[Token]) -> list[Row]:
        """Return the rows that `tokens` complete."""
        self._rows = []
        for token in tokens:
            self._take(token)
        return self._rows

    def preview(self, tokens: list[Token]) -> list[Row]:
        """Return the rows that would come if the answer ended with `tokens`.

        The layout stays where it is; what it remembers only makes the next preview cheaper.
        """
        place, self._place = self._place, self._place.preview()
        self._is_preview = True
        try:
            return self.feed(tokens)
        finally:
            self._place, self._is_preview = place, False

    def write_plainly(self) -> None:
        """Highlight no more code: somebody waits for the end."""
        self._is_plain = True
        if self._place.code:
            self._place.code.write_plainly()

    def _take(self, token: Token) -> None:
        match token.type:
            case "inline":
                self._take_inline(token.content, grows=token.meta.get("grows", False))
            case "paragraph_open" | "heading_open":
                self._begin(token)
                self._place.style = _STYLES.get(token.tag, _NONE)
            case "hr":
                self._begin(token)
                self._add([Text(self._glyphs.rule * self._room(), _STYLES["rule"])])
            case "fence_open" | "code" | "fence_close":
                self._take_fence(token)
            case _ if token.tag in _TABLE_TAGS:
                self._take_table(token)
            case _:
                self._take_container(token)

    def _take_inline(self, content: str, *, grows: bool) -> None:
        if self._place.is_item_start and (task := TASK.match(content)):
            glyph = self._glyphs.open_task if task[1] == " " else self._glyphs.done_task
            content = f"{glyph} {content[task.end() :]}"
        self._place.is_item_start = False
        env, style = self._place.env, self._place.style
        if self._is_preview and style is _NONE and not self._place.table:
            texts = self._growing.lines(content, self._room(), env, grows=grows)
        else:
            texts = [self._inline_text(closed(content) if grows else content, env, style)]
        if self._place.table:
            self._place.table.add_cell(texts[0], self._place.alignment)
            return
        if any(texts) or not content:  # <details> alone is no row
            self._add(texts)

    def _take_container(self, token: Token) -> None:
        match token.type:
            case "bullet_list_open" | "ordered_list_open":
                self._enter(token)
            case "list_item_open":
                self._open_item(token)
            case "blockquote_open":
                bar = f"{self._glyphs.quote} "
                self._enter(token)
                self._place.margins.push(bar, bar, _STYLES["quote bar"])
            case "list_item_close" | "blockquote_close":
                self._rows += self._place.margins.leave(self.width)

    def _open_item(self, token: Token) -> None:
        # A number is shown as it was written: years that count down are no mistake.
        marker = f"{token.info:>2}{token.markup} " if token.info else f" {self._glyphs.bullet} "
        self._enter(token)
        self._place.margins.push(marker, " " * len(marker), _STYLES["list marker"])
        self._place.is_item_start = True

    def _take_fence(self, token: Token) -> None:
        if token.type == "fence_open":
            self._begin(token)
            self._place.code = CodeLines("" if self._is_plain else token.info, self._code_theme)
            if info := token.info.strip():  # the language, perhaps with a file's name
                self._add([Text(info, _STYLES["code label"])])
        elif self._place.code and token.type == "code":
            self._add_code(self._place.code.feed(_code_lines(token)))
        elif self._place.code:  # pragma: no branch - every end has its beginning
            self._go_on(token)
            self._add_code(self._place.code.finish())
            self._place.code = None

    def _take_table(self, token: Token) -> None:
        match token.type:
            case "table_open":
                self._begin(token)
                self._place.table = TableRows(self._console, self._glyphs.rule)
            case "th_open" | "td_open":
                self._place.style = _STYLES["th"] if token.type == "th_open" else _NONE
                self._place.alignment = str(token.attrs.get("style", "")).removeprefix(
                    "text-align:"
                )
            case "tr_open":
                self._go_on(token)
            case "tr_close" if self._place.table:
                self._add(self._place.table.end_row(self._room()))
            case "table_close" if self._place.table:
                self._add(self._place.table.decide(self._room()))
                self._place.table = None

    def _begin(self, token: Token) -> None:
        self._place.is_item_start &= token.type == "paragraph_open"
        first, below = token.map or (0, 0)
        self._place.margins.begin(first, below, is_top_level=token.level == 0)

    def _go_on(self, token: Token) -> None:
        """Remember how far a table or code has come; when it began, that was not known."""
        _, self._place.margins.below = token.map or (0, 0)

    def _enter(self, token: Token) -> None:
        self._place.is_item_start = False
        first, _ = token.map or (0, 0)
        self._place.margins.enter(first, is_top_level=token.level == 0)

    def _room(self) -> int:
        return self._place.margins.room(self.width)

    def _add(self, texts: list[Text]) -> None:
        lines = [line for text in texts for line in wrapped(self._console, text, self._room())]
        self._rows += self._place.margins.rows([self._row(line) for line in lines], self.width)

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
        self._rows += self._place.margins.rows(rows, self.width)

    def _row(self, line: Text) -> Row:
        """Return `line` as segments; a preview remembers them for the next one."""
        known = self._known.get(id(line))
        if known and known[0] is line:
            return known[1]
        row = list(Segment.simplify(s for s in line.render(self._console, end="") if s.text))
        if self._is_preview:
            if len(self._known) > _MAX_CACHED_ROWS:
                self._known.clear()
            self._known[id(line)] = line, row
        return row


def _filled(line: Text, width: int, style: Style) -> Text:
    filled = line.copy().append(" " * (width - cells(line.plain)))
    filled.stylize_before(style)
    return filled


def _code_lines(token: Token) -> list[str]:
    return token.content.removesuffix("\n").split("\n")
