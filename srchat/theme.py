"""Colors and styles of everything that srchat displays. Pure.

A style is a text of attributes and at most one color, for example "bold magenta". Rich reads it as
it is. Colors are those of the terminal, so that they suit its background; most avoid white, black,
blue and yellow, which cannot be read on some backgrounds.
"""

from typing import Final

# Messages, and text that is not part of an answer.
ERROR: Final = "bold red"
WARNING: Final = "yellow"
HINT: Final = "dim"
REASONING: Final = "dim"
STATUS: Final = "dim"
HEADING: Final = "bold"  # of a turn in `history show`
MATCH: Final = "bold"  # in `history search`
OWN_SETTING: Final = "cyan"  # in `config show`, one that is not the default
NOTE: Final = "dim"  # a comment in `config show`

# Markdown, by tag; the others are parts without a tag.
MARKDOWN: Final = {
    "h1": "bold underline magenta",
    "h2": "bold magenta",
    # Underlined, unlike bold or italic text within a paragraph.
    "h3": "bold underline",
    "h4": "bold italic underline",
    "h5": "italic underline",
    "h6": "underline",
    "strong": "bold",
    "em": "italic",
    "s": "strike",
    "a": "underline",
    "code": "cyan",
    "kbd": "reverse",
    "th": "bold",
    "link target": "dim",
    "list marker": "bold cyan",
    "quote bar": "magenta",
    "rule": "dim",
    "code label": "dim",
    "table rule": "dim",
}

# Code with `code_theme = "terminal"`, by Pygments' token types.
CODE: Final = {
    "Comment": "dim italic",
    "Comment.Preproc": "magenta",
    "Keyword": "magenta",
    "Keyword.Constant": "cyan",
    "Keyword.Type": "cyan",
    "Name.Builtin": "cyan",
    "Name.Class": "bold",
    "Name.Decorator": "magenta",
    "Name.Exception": "red",
    "Name.Function": "bold",
    "Name.Tag": "magenta",
    "Literal.Number": "cyan",
    "Operator.Word": "magenta",
    "Literal.String": "green",
    "Generic.Deleted": "red",
    "Generic.Inserted": "green",
    "Generic.Heading": "bold",
    "Generic.Subheading": "magenta",
}

# The prompt of a chat.
PROMPT_SIGN: Final = "bold green"
TYPED: Final = "bold"
# Further classes of prompt_toolkit, in its notation. Its own shades of gray are replaced.
_OWN: Final = "fg:default bg:default"
PROMPT_STYLES: Final = {
    "aborting": f"{_OWN} nobold dim",
    "exiting": f"{_OWN} nobold dim",
    "auto-suggestion": f"{_OWN} dim",
    "bottom-toolbar": "noreverse dim",
    "window-too-small": _OWN,
    "completion-menu": _OWN,
    "completion-menu.completion.current": f"{_OWN} reverse",
    "completion-menu.meta.completion": f"{_OWN} dim",
    "completion-menu.meta.completion.current": f"{_OWN} nodim reverse",
    "scrollbar.background": _OWN,
    "scrollbar.button": f"{_OWN} reverse",
}
PICKED: Final = "reverse"  # the selected row of a list
PREVIEW: Final = "dim"  # of the selected row

# Exported HTML pages: CSS colors on a light and on a dark background.
PAGE: Final = {
    "text": ("#1c1e21", "#e4e6ea"),
    "page": ("#fff", "#16181c"),
    "soft": ("#f3f4f6", "#22252b"),
    "line": ("#d8dbe0", "#3a3f47"),
    "dim": ("#5f6670", "#9aa2ad"),
    "magenta": ("#8a2a8f", "#d59be0"),
    "cyan": ("#0b6b77", "#6fc7d3"),
    "green": ("#2f6f2c", "#8fcf87"),
    "red": ("#b3261e", "#f08a80"),
}
PAGE_CODE_COLORS: Final = ("magenta", "cyan", "green", "red")  # those of CODE

# SGR parameters (ECMA-48, section 8.3.117).
_ATTRIBUTES: Final = {
    "bold": "1",
    "dim": "2",
    "italic": "3",
    "underline": "4",
    "reverse": "7",
    "strike": "9",
}
COLORS: Final = {
    "black": "30",
    "red": "31",
    "green": "32",
    "yellow": "33",
    "blue": "34",
    "magenta": "35",
    "cyan": "36",
    "white": "37",
}
RESET: Final = "\x1b[0m"


def sgr(style: str) -> str:
    """Return the escape sequence that turns a style on. Raises KeyError for an unknown word."""
    codes = _ATTRIBUTES | COLORS
    return f"\x1b[{';'.join(codes[word] for word in style.split())}m"


def styled(text: str, style: str) -> str:
    """Return `text` in a style, for a terminal with colors."""
    return f"{sgr(style)}{text}{RESET}"
