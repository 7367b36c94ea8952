"""Highlights a code block while its lines arrive.

A lexer needs the whole code. Here it gets a few lines at a time: a line is returned after eight to
sixteen more have arrived, and lexing restarts at a line where a new lexer returns the same tokens.
The result depends on the lines only, not on when they arrive: a block looks the same if it is
printed at once.

Pygments and Rich's `syntax` are slow to import, and many answers contain no code. The first code
block imports them.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from rich.style import Style
from rich.text import Text

from srchat.theme import CODE

if TYPE_CHECKING:
    from pygments.lexer import Lexer
    from rich.syntax import SyntaxTheme

# Lines that are held back for the context after them, and how many of them are returned at once.
_HELD: Final = 16
_STEP: Final = 8
# Lines after which lexing restarts anywhere (in a C function of 200 lines no line is suitable).
_MAX_LEXED: Final = 64
# Lexers are regular expressions. On hostile text many take quadratic time or more, and none can be
# interrupted. So they get only short lines, and few at once.
_MAX_LINE: Final = 200
_MAX_CHARACTERS: Final = 4000
# CPU seconds for a block; the rest of it is plain.
_MAX_SECONDS: Final = 2.0
_TAB: Final = 4
# May open a multi-line string or comment: a line cannot be highlighted without those before it.
_SPANNING: Final = re.compile(r"\"\"\"|'''|/\*|<!--|`|<<|\{-|=begin")

DEFAULT_THEME: Final = "terminal"


@lru_cache(maxsize=8)
def syntax_theme(name: str) -> SyntaxTheme:
    """Return the theme `name`: "terminal", "ansi_dark", "ansi_light", or a Pygments style."""
    from rich.syntax import ANSISyntaxTheme, Syntax  # noqa: PLC0415  # slow, see above

    return ANSISyntaxTheme(_terminal_theme()) if name == DEFAULT_THEME else Syntax.get_theme(name)


@lru_cache(maxsize=8)
def background_of(name: str) -> Style | None:
    """Return the background of the theme `name`, None if it is transparent."""
    background = syntax_theme(name).get_background_style()
    return None if background.transparent_background else background


def _terminal_theme() -> dict[tuple[str, ...], Style]:
    from pygments.token import string_to_tokentype  # noqa: PLC0415  # slow, see above

    return {string_to_tokentype(name): Style.parse(style) for name, style in CODE.items()}


# Lexers tested with hostile code: on 4,000 characters in lines of 200, none takes a second. Others
# hang on a few dozen characters (mcschema); their code stays plain.
VETTED: Final = frozenset(
    """
    ada antlr apacheconf applescript asm autohotkey awk bash bat bibtex c cfg clojure cmake
    cobol coffeescript common-lisp console cpp crystal csharp css cuda d dart desktop diff
    django docker dot ebnf elixir elm emacs-lisp erb erlang fish fortran fsharp gdscript gleam
    glsl go graphql groff groovy haskell hcl hlsl html html+jinja http java javascript json
    json5 jsx julia kotlin less llvm lua make markdown matlab mysql nasm nginx nim nix
    objective-c ocaml octave odin pascal perl php plpgsql postgresql powershell prolog
    properties protobuf puppet pycon pytb python python2 r racket robotframework rst ruby rust
    sass scala scheme scss sed smalltalk solidity sparql sql sqlite3 swift systemverilog tcl tex
    toml tsx turtle typescript typst v vala vhdl vim vue wast wgsl xml yaml zig
    """.split()  # noqa: SIM905 - words read better than quoted strings
)


@lru_cache(maxsize=32)
def _lexer(name: str) -> Lexer | None:
    from pygments.lexers import get_lexer_by_name  # noqa: PLC0415  # slow, see above
    from pygments.util import ClassNotFound  # noqa: PLC0415  # slow, see above

    try:
        lexer = get_lexer_by_name(name, stripnl=False, ensurenl=True) if name else None
    except ClassNotFound:
        return None
    return lexer if lexer and VETTED.intersection(lexer.aliases) else None


class CodeLines:
    """Highlights complete lines of code. After a line of over 200 characters, all are plain."""

    def __init__(self, info: str, theme_name: str) -> None:
        self._lexer = _lexer(info.strip().partition(" ")[0].lower())
        self._theme_name = theme_name
        self._seconds = 0.0
        self._lines: list[str] = []
        self._done = 0
        # The first of the lines held back, highlighted, for previews.
        self._held: list[Text] = []

    def feed(self, lines: list[str]) -> list[Text]:
        """Return the lines that are final now."""
        finished: list[Text] = []
        for full_line in lines:
            line = full_line.expandtabs(_TAB).rstrip()
            if len(line) > _MAX_LINE:
                finished += self._give_up()
            self._lines.append(line)
            if len(self._lines) - self._done == _HELD:
                finished += self._step()
        return finished

    def finish(self) -> list[Text]:
        """Return the remaining lines at the end of the code, without trailing blank ones."""
        while len(self._lines) > self._done and not self._lines[-1]:
            self._lines.pop()
        return self._highlight(self._lines)[self._done :]

    def stop_highlighting(self) -> None:
        """Return plain lines from now on, because the user is waiting for the end."""
        self._lexer = None

    def preview(self) -> CodePreview:
        """Return a preview that begins with the lines held back."""
        count = len(self._lines) - self._done
        if len(self._held) < count:
            if _SPANNING.search("\n".join(self._lines)):
                self._held = self._highlight(self._lines)[self._done :]
            else:
                for line in self._lines[len(self._held) - count :]:
                    self._held += self._highlight([line])
        return CodePreview(self._held, self._highlight)

    def _step(self) -> list[Text]:
        highlighted = self._highlight(self._lines)
        finished = highlighted[self._done : self._done + _STEP]
        self._done += _STEP
        self._held = highlighted[self._done :]
        rest = self._lines[self._done :]
        is_long = len(self._lines) > _MAX_LEXED or sum(map(len, self._lines)) > _MAX_CHARACTERS
        if is_long or self._highlight(rest) == self._held:
            self._lines, self._done = rest, 0
        return finished

    def _give_up(self) -> list[Text]:
        """Return the lines held back, highlighted as far as possible; later ones are plain."""
        finished = self._highlight(self._lines)[self._done :]
        self._lines, self._done, self._held = [], 0, []
        self._lexer = None
        return finished

    def _highlight(self, lines: list[str]) -> list[Text]:
        is_long = any(len(line) > _MAX_LINE for line in lines)
        if self._lexer is None or is_long or self._seconds > _MAX_SECONDS or not any(lines):
            return [Text(line) for line in lines]
        started = time.thread_time()
        try:
            return self._highlighted(self._lexer, lines)
        finally:
            self._seconds += time.thread_time() - started

    def _highlighted(self, lexer: Lexer, lines: list[str]) -> list[Text]:
        style_of = syntax_theme(self._theme_name).get_style_for_token
        highlighted = [Text()]
        for kind, value in lexer.get_tokens("\n".join(lines) + "\n"):
            first, *others = value.split("\n")
            highlighted[-1].append(first, style_of(kind))
            for other in others:
                highlighted.append(Text())
                highlighted[-1].append(other, style_of(kind))
        # If a lexer loses or adds characters, the text takes precedence.
        if [line.plain for line in highlighted[:-1]] != lines:
            return [Text(line) for line in lines]  # pragma: no cover - no known lexer does
        return highlighted[:-1]


class CodePreview:
    """A stand-in for `CodeLines` while the code block is incomplete."""

    def __init__(self, held: list[Text], highlight: Callable[[list[str]], list[Text]]) -> None:
        self._lines = list(held)
        self._highlight = highlight

    def feed(self, lines: list[str]) -> list[Text]:
        """Append lines."""
        # Each is highlighted on its own, which is good enough for a preview.
        for line in lines:
            self._lines += self._highlight([line.expandtabs(_TAB)])
        return []

    def finish(self) -> list[Text]:
        """Return all lines."""
        return self._lines

    def stop_highlighting(self) -> None:
        """Do nothing, because a preview is discarded."""

    def preview(self) -> CodePreview:
        """Return itself."""
        return self  # pragma: no cover - required by mypy; a preview is not previewed
