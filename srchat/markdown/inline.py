"""Renders inline Markdown (emphasis, code, links, a few HTML tags) as Rich text.

Entities can add characters that were not in the source (`&#8238;` is a bidi override), so the
parser's output is sanitized again.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markdown_it.utils import EnvType
from rich.console import Console
from rich.style import Style
from rich.text import Text

from srchat.markdown.cells import wrapped
from srchat.markdown.open_marks import closed, is_complete
from srchat.markdown.tags import SCRIPTS, Script, script
from srchat.terminal.sanitize import sanitized
from srchat.theme import MARKDOWN

_NONE: Final = Style()
_STYLES: Final = {name: Style.parse(style) for name, style in MARKDOWN.items()}

# Unfinalized characters after which part of a growing paragraph is finalized: if it leaves no mark
# open, and in any case.
_SETTLE_AFTER: Final = 160
_SETTLE_ANYWAY: Final = 2000
_MAX_LINES: Final = 200  # lines that are kept; no screen shows more


class InlineText:
    """Converts inline Markdown to styled text. Link targets are appended in parentheses.

    `is_unicode`: the terminal can show sub- and superscript characters.
    """

    def __init__(self, parser: MarkdownIt, *, is_unicode: bool = True) -> None:
        self._parser = parser
        self._is_unicode = is_unicode

    def __call__(self, content: str, env: EnvType, style: Style = _NONE) -> Text:
        """Return `content` as text. `env`: what the text before it left open; updated."""
        tokens: list[Token] = []
        self._parser.inline.parse(content, self._parser, env, tokens)
        text = Text()
        _InlineWalk(text, style, is_unicode=self._is_unicode).add(tokens)
        return text


class _InlineWalk:
    def __init__(self, text: Text, style: Style, *, is_unicode: bool) -> None:
        self._text = text
        self._styles = [style]
        self._links: list[tuple[int, tuple[str, str]]] = []
        self._is_unicode = is_unicode
        self._scripts = [Script()]

    def add(self, tokens: Iterable[Token]) -> None:
        for token in tokens:
            if token.nesting == 1:
                self._open(token)
            elif token.nesting == -1:
                self._close(token)
            else:
                self._leaf(token)

    def _open(self, token: Token) -> None:
        self._styles.append(self._styles[-1] + _STYLES.get(token.tag, _NONE))
        if token.type == "link_open":
            self._links.append((len(self._text), _target(token, "href")))
        elif token.tag in SCRIPTS:
            shown = script(token, is_unicode=self._is_unicode)
            self._append(shown.before, self._styles[-1])
            self._scripts.append(shown)

    def _close(self, token: Token) -> None:
        if token.tag in SCRIPTS:
            self._append(self._scripts.pop().after, self._styles[-1])
        self._styles.pop()
        if token.type == "link_close":
            start, (href, title) = self._links.pop()
            self._append_target(self._text.plain[start:], href, title)

    def _leaf(self, token: Token) -> None:
        match token.type:
            case "softbreak" | "hardbreak":
                # Models mean their line breaks: verses, addresses, one name per line.
                self._append("\n", self._styles[-1])
            case "image":
                start = len(self._text)
                self.add(token.children or ())
                self._append_target(self._text.plain[start:], *_target(token, "src"))
            case _:
                self._append(token.content, self._styles[-1] + _STYLES.get(token.tag, _NONE))

    def _append_target(self, label: str, target: str, title: str) -> None:
        # In an autolink the label is the target.
        shown = "" if target in (label, f"mailto:{label}") else target
        if title:
            shown = f'{shown} "{title}"'.lstrip()
        if shown:
            self._append(
                f" ({shown})" if label else shown, self._styles[-1] + _STYLES["link target"]
            )

    def _append(self, text: str, style: Style) -> None:
        shown = sanitized(text)
        if letters := self._scripts[-1].letters:
            shown = shown.translate(letters)
        self._text.append(shown, style or None)


def _target(token: Token, name: str) -> tuple[str, str]:
    """Return the URL and the title of a link or an image."""
    return str(token.attrs.get(name, "")), str(token.attrs.get("title", ""))


class GrowingParagraph:
    """Lays out previews of a growing paragraph incrementally.

    Text far from the end is laid out only once, even if a later mark ("**", a backtick) pairs with
    one there. The final layout corrects it.
    """

    def __init__(self, inline_text: InlineText, console: Console) -> None:
        self._inline_text = inline_text
        self._console = console
        self._env: EnvType = {}
        self._reset(0)

    def lines(self, content: str, width: int, env: EnvType, *, grows: bool) -> list[Text]:
        """Return `content` as lines of at most `width` cells. `grows`: close its open marks."""
        if width != self._width or not content.startswith(self._settled):
            self._reset(width)
        if not self._settled:
            self._env = dict(env)
        self._settle(content)
        tail = content[len(self._settled) :]
        env.update(self._env)
        rest = self._inline_text(closed(tail) if grows else tail, env)
        return self._lines + wrapped(self._console, self._open.copy().append_text(rest), width)

    def _reset(self, width: int) -> None:
        self._width = width
        self._settled = ""
        self._lines: list[Text] = []
        self._open = Text()  # the settled part of the last line

    def _settle(self, content: str) -> None:
        start = len(self._settled)
        if len(content) - start < _SETTLE_AFTER:
            return
        end = content.rfind(" ", start + 1, len(content) - _SETTLE_AFTER // 2)
        piece = content[start:end]
        if end < 0 or (len(content) - start < _SETTLE_ANYWAY and not is_complete(piece)):
            return
        self._settled = content[:end]
        self._open.append_text(self._inline_text(piece, self._env))
        *lines, self._open = wrapped(self._console, self._open, self._width)
        self._lines = (self._lines + lines)[-_MAX_LINES:]
