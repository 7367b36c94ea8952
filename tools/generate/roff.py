"""Formats text with the man(7) macros. Pure."""

import re
import textwrap
from collections.abc import Iterable
from typing import Final

from srchat import __version__

_MARKS: Final = {"\\": r"\e", "-": r"\-", "'": r"\(aq", "`": r"\(ga", "^": r"\(ha", "~": r"\(ti"}
_CODE: Final = re.compile(r"`([^`]+)`")
_SENTENCE_END: Final = re.compile(r"(?<=[^. ][.!?]) (?=[A-Z]|\\fB)")
_WRAPPER: Final = textwrap.TextWrapper(78, break_long_words=False, break_on_hyphens=False)


def literal(text: str) -> str:
    """Return text escaped so that it is displayed unchanged anywhere in a line."""
    return _escape_macro("".join(_MARKS.get(char, char) for char in text))


def prose(text: str) -> list[str]:
    """Return the lines of a paragraph. `code` between backquotes becomes bold."""
    parts = _CODE.split(text)
    shown = (bold(part) if index % 2 else literal(part) for index, part in enumerate(parts))
    # Each sentence starts a line, as man(7) recommends.
    sentences = _SENTENCE_END.split("".join(shown))
    return [_escape_macro(line) for part in sentences for line in _WRAPPER.wrap(part)]


def _escape_macro(line: str) -> str:
    return rf"\&{line}" if line.startswith((".", "'")) else line


def bold(text: str) -> str:
    """Return text in bold, for literal input."""
    return rf"\fB{literal(text)}\fR"


def italic(text: str) -> str:
    """Return text in italics, for placeholders."""
    return rf"\fI{literal(text)}\fR"


def sentence(text: str) -> str:
    """Return a phrase with a capital letter and a full stop."""
    whole = text[:1].upper() + text[1:]
    return whole if whole.endswith((".", "!", "?")) else f"{whole}."


def section(title: str, lines: Iterable[str]) -> list[str]:
    """Return a section. Its first paragraph needs no macro."""
    first, *rest = lines
    head = f'.SH "{title}"' if " " in title else f".SH {title}"
    return [head, *([] if first == ".PP" else [first]), *rest]


def subsection(title: str, lines: Iterable[str]) -> list[str]:
    """Return a subsection."""
    first, *rest = lines
    return [f'.SS "{literal(title)}"', *([] if first == ".PP" else [first]), *rest]


def paragraph(text: str) -> list[str]:
    """Return a paragraph, displayed as an example if it is a command line."""
    return example(text) if is_command(text) else [".PP", *prose(text)]


def is_command(text: str) -> bool:
    """Tell whether a paragraph of the help is a command line."""
    return text.startswith(("srchat ", 'eval "$(srchat ')) or (
        " | srchat " in text and not text.endswith(".")
    )


def example(*lines: str) -> list[str]:
    """Return command lines as an example."""
    return [".PP", ".RS 4", ".nf", *map(literal, lines), ".fi", ".RE"]


def item(tag: str, text: Iterable[str]) -> list[str]:
    """Return a tag, already formatted, and its description in paragraphs."""
    first, *more = text
    rest = [line for part in more for line in (".IP", *prose(part))]
    return [".TP", tag, *prose(first), *rest]


def head(title: str, volume: int, summary: str) -> list[str]:
    """Return the start of a page, without a date, so that builds are reproducible."""
    phrase = summary[:1].lower() + summary[1:]
    book = "User Commands" if volume == 1 else "File Formats"
    return [
        r".\" Made by `python -m tools.generate`.",
        f'.TH {literal(title.upper())} {volume} "" "srchat {__version__}" "{book}"',
        ".nh",
        ".ad l",
        *section("NAME", [rf"{literal(title)} \- {literal(phrase)}"]),
    ]


def see_also(names: Iterable[str]) -> list[str]:
    """Return the section with references to other pages."""
    shown = (f"{bold(name[:-3])}{name[-3:]}" for name in names)
    return section("SEE ALSO", [", ".join(shown)])
