"""A screen as prompt_toolkit writes to it."""

import io
from collections.abc import Mapping
from typing import TextIO, cast

from prompt_toolkit.application import get_app
from prompt_toolkit.output import ColorDepth
from prompt_toolkit.output import Output as TerminalOutput
from prompt_toolkit.output.vt100 import Vt100_Output

from srchat.terminal.streams import Output


class _Terminal(Vt100_Output):
    def disable_bracketed_paste(self) -> None:
        """Go on marking pastes from one prompt to the next.

        Otherwise one that comes in between would be a message for each of its lines.
        """
        if not get_app().is_done:  # only an editor or a shell takes over
            super().disable_bracketed_paste()

    def erase_down(self) -> None:
        """Erase from the beginning of a row, but not from the first cell of the screen.

        tmux would move the screen to the scrollback, as a copy of what is drawn again.
        """
        self.erase_end_of_line()
        self.cursor_forward(1)
        super().erase_down()
        self.cursor_backward(1)


class _Stream(io.TextIOBase):
    """A screen as a file. Nothing is buffered that the interpreter could trip over at its end."""

    def __init__(self, screen: Output) -> None:
        self._screen = screen

    @property
    def encoding(self) -> str:  # type: ignore[override] # a constant of the file
        return self._screen.encoding

    def fileno(self) -> int:
        return self._screen.fd

    def isatty(self) -> bool:
        return True

    def write(self, text: str) -> int:
        self._screen.write(text)
        return len(text)


def terminal_output(screen: Output, environ: Mapping[str, str]) -> TerminalOutput:
    """Return prompt_toolkit's side of a screen."""
    depth = None if screen.has_color else ColorDepth.DEPTH_1_BIT
    return _Terminal.from_pty(
        cast("TextIO", _Stream(screen)), term=environ.get("TERM"), default_color_depth=depth
    )
