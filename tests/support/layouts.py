"""Lays out Markdown for a terminal that is not shown."""

from srchat.markdown.layout import Layout
from srchat.markdown.splitter import block_tokens, markdown_parser
from srchat.markdown.writer import console_for, layout_for
from tests.support.terminal import TerminalOutput


def lines(text: str, columns: int = 80, *, encoding: str = "utf-8") -> list[str]:
    """Return the rows of a text, without their styles."""
    output = TerminalOutput(columns, encoding=encoding)
    rows = layout(output).feed(block_tokens(markdown_parser(), text))
    return ["".join(segment.text for segment in row) for row in rows]


def layout(output: TerminalOutput, code_theme: str = "terminal") -> Layout:
    return layout_for(output, console_for(output), code_theme)
