"""An answer printed at once: the expected result of live rendering."""

from collections.abc import Iterable, Iterator

from rich.console import Console, ConsoleOptions
from rich.segment import Segment

from srchat.markdown.splitter import BlockSplitter, block_tokens, markdown_parser
from srchat.markdown.writer import console_for, drawn, layout_for
from srchat.terminal.sanitize import sanitized
from srchat.terminal.streams import Output


class Answer:
    """A complete answer as a Rich renderable."""

    def __init__(self, text: str, output: Output) -> None:
        self._text = sanitized(text)
        self._output = output

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Segment]:
        """Lay out all tokens of the text at once."""
        tokens = block_tokens(markdown_parser(), self._text)
        for row in layout_for(self._output, console).feed(tokens):
            yield from row
            yield Segment.line()


def printed(text: str, output: Output) -> str:
    """Return what one `Console.print` of `text` writes to a terminal like `output`."""
    console = console_for(output)
    with console.capture() as capture:
        console.print(Answer(text, output), end="")
    return capture.get()


def committed(pieces: Iterable[str], output: Output) -> str:
    """Return the final rows of a streamed text, with their escape sequences."""
    splitter, console = BlockSplitter(), console_for(output)
    layout = layout_for(output, console)
    rows = [row for piece in pieces for row in layout.feed(splitter.feed(piece))]
    rows += layout.feed(splitter.flush())
    return "".join(f"{drawn(row, console)}\n" for row in rows)
