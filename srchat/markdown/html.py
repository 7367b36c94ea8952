"""Converts untrusted Markdown to safe HTML: no raw HTML, no scripts, no images.

Only http, https and mailto links are kept; images become links. Text is sanitized as for a
terminal, so that characters that reorder or hide text are visible.
"""

import html
import re
from collections.abc import Callable, Sequence
from itertools import zip_longest
from typing import Any, Final

from markdown_it.token import Token
from rich.text import Text

from srchat.markdown.code import DEFAULT_THEME, CodeLines
from srchat.markdown.layout import TASK, Glyphs
from srchat.markdown.splitter import document_tokens, markdown_parser
from srchat.terminal.sanitize import sanitized

_ADDRESS: Final = re.compile(r"(?:https?|mailto):", re.IGNORECASE)
_MARKS: Final = ("bold", "italic", "dim")


def markdown_html(text: str) -> str:
    """Return Markdown as HTML for the body of a page."""
    parser = markdown_parser()
    tokens = document_tokens(parser, sanitized(text))
    _mark_tasks(tokens)
    parser.options["breaks"] = True  # as on a terminal: models mean their line breaks
    parser.options["xhtmlOut"] = False
    for name, draw in _DRAWN.items():
        parser.add_render_rule(name, _rule(draw))
    # Entities (`&#8238;`) can add characters that the first pass did not see.
    return sanitized(str(parser.renderer.render(tokens, parser.options, {})))


def _mark_tasks(tokens: list[Token]) -> None:
    for item, paragraph, inline in zip(tokens, tokens[1:], tokens[2:], strict=False):
        is_start = (item.type, paragraph.type) == ("list_item_open", "paragraph_open")
        first = inline.children[0] if is_start and inline.children else None
        if first and first.type == "text" and (task := TASK.match(first.content)):
            box = Glyphs.open_task if task[1] == " " else Glyphs.done_task
            first.content = f"{box} {first.content[task.end() :]}"


def _rule(draw: Callable[[Token], str]) -> Callable[..., str]:
    """Return a render rule of markdown-it, which calls it as a method."""

    def rule(_self: object, tokens: Sequence[Token], index: int, *_: object) -> str:
        return draw(tokens[index])

    return rule


def _link(token: Token) -> str:
    return _anchor(str(token.attrs.get("href", "")))


def _anchor(address: str) -> str:
    if not _ADDRESS.match(address):
        return "<a>"
    return f'<a href="{html.escape(address)}" rel="noreferrer">'


def _image(token: Token) -> str:
    address = str(token.attrs.get("src", ""))
    label = "".join(child.content for child in token.children or ()) or address
    return f"{_anchor(address)}{html.escape(label)}</a>"


def _url(token: Token) -> str:
    return html.escape(token.content)


def _math(token: Token) -> str:
    return f"<code>{html.escape(token.content)}</code>"


def _math_block(token: Token) -> str:
    return f"<pre><code>{html.escape(token.content)}</code></pre>\n"


def _code(token: Token) -> str:
    code = CodeLines(token.info, DEFAULT_THEME)
    lines = token.content.removesuffix("\n").split("\n")
    highlighted = [*code.feed(lines), *code.finish()]
    # Highlighting expands tabs and drops trailing blanks and blank lines. If a line differs, the
    # original text takes precedence.
    body = "\n".join(
        _line(shown) if shown and shown.plain == line else html.escape(line)
        for shown, line in zip_longest(highlighted, lines)
    )
    label = f"<figcaption>{html.escape(token.info.strip())}</figcaption>\n" if token.info else ""
    return f"<figure>{label}<pre><code>{body}\n</code></pre></figure>\n"


def _line(text: Text) -> str:
    pieces, place = [], 0
    for start, end, style in text.spans:
        pieces.append(html.escape(text.plain[place:start]))
        pieces.append(_span(text.plain[start:end], style))
        place = end
    return "".join([*pieces, html.escape(text.plain[place:])])


def _span(text: str, style: Any) -> str:  # noqa: ANN401 - a style of Rich or its name
    names = [name for name in _MARKS if getattr(style, name, None)]
    color = getattr(style, "color", None)
    names += [color.name] if color else []
    escaped = html.escape(text)
    return f'<span class="{" ".join(names)}">{escaped}</span>' if names else escaped


_DRAWN: Final = {
    "link_open": _link,
    "image": _image,
    "url": _url,
    "math": _math,
    "math_block": _math_block,
    "fence": _code,
    "code_block": _code,
}
