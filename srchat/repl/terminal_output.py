"""The output of prompt_toolkit to a screen."""

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
        """Keep bracketed paste enabled between prompts.

        Otherwise each line of a text pasted there would become a message.
        """
        if not get_app().is_done:  # an editor or a shell takes over
            super().disable_bracketed_paste()

    def erase_down(self) -> None:
        """Erase to the end of the screen, but never from its first cell.

        Otherwise tmux would move a copy of the screen to the scrollback.
        """
        self.erase_end_of_line()
        self.cursor_forward(1)
        super().erase_down()
        self.cursor_backward(1)


class _Stream(io.TextIOBase):
    """A file object for a screen, without a buffer that could fail to be flushed at exit."""

    def __init__(self, screen: Output) -> None:
        self._screen = screen

    @property
    def encoding(self) -> str:  # type: ignore[override] # a plain attribute in the base class
        return self._screen.encoding

    def fileno(self) -> int:
        return self._screen.fd

    def isatty(self) -> bool:
        return True

    def write(self, text: str) -> int:
        self._screen.write(text)
        return len(text)


def terminal_output(screen: Output, environ: Mapping[str, str]) -> TerminalOutput:
    """Return an output of prompt_toolkit that writes to a screen."""
    depth = None if screen.has_color else ColorDepth.DEPTH_1_BIT
    return _Terminal.from_pty(
        cast("TextIO", _Stream(screen)), term=environ.get("TERM"), default_color_depth=depth
    )
