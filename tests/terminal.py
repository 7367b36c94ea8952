"""A terminal that remembers: pyte's emulator with its scrollback kept, and an output to it."""

import os

import pyte

from srchat.output.streams import Output


class Terminal:
    """A screen whose lines, once scrolled away, are still there."""

    def __init__(self, columns: int = 80, lines: int = 24) -> None:
        self._screen = pyte.HistoryScreen(columns, lines, history=1_000_000, ratio=0.5)
        # A terminal's driver makes CR LF of a newline.
        self._screen.set_mode(pyte.modes.LNM)
        self._stream = pyte.Stream(self._screen)

    def feed(self, text: str) -> None:
        """Show `text`."""
        self._stream.feed(text)

    def resize(self, columns: int, lines: int) -> None:
        """Change the size, as when a user drags the window's corner."""
        self._screen.resize(lines, columns)

    @property
    def scrollback(self) -> list[str]:
        """The lines that have left the screen at its top."""
        columns = self._screen.columns
        return [
            "".join(line[column].data for column in range(columns)).rstrip()
            for line in self._screen.history.top
        ]

    @property
    def screen(self) -> list[str]:
        """The lines on the screen."""
        return [line.rstrip() for line in self._screen.display]

    @property
    def lines(self) -> list[str]:
        """All lines, without blank ones at the end."""
        lines = self.scrollback + self.screen
        while lines and not lines[-1]:
            lines.pop()
        return lines

    @property
    def cursor_is_visible(self) -> bool:
        """Whether the cursor is shown."""
        return not self._screen.cursor.hidden


class TerminalOutput(Output):
    """An output that is a terminal of a given size and keeps what is written."""

    def __init__(
        self,
        columns: int = 80,
        lines: int = 24,
        *,
        encoding: str = "utf-8",
        can_move: bool = True,
        has_color: bool = True,
    ) -> None:
        self.fd = -1
        self.is_terminal = True
        self.can_move = can_move
        self.has_color = has_color and can_move
        self.encoding = encoding
        self.columns, self.rows = columns, lines
        self.writes: list[str] = []
        self.emulator = Terminal(columns, lines)
        self.emulates = True

    def write(self, text: str) -> None:
        """Keep `text`, as it looks after it went through the terminal's encoding."""
        shown = text.encode(self.encoding, errors="replace").decode(self.encoding)
        self.writes.append(shown)
        if self.emulates:
            self.emulator.feed(shown)

    def write_bytes(self, data: bytes) -> None:
        """Keep what `data` says."""
        self.write(data.decode(self.encoding))

    def size(self) -> os.terminal_size:
        """Return the size that the terminal has now."""
        return os.terminal_size((self.columns, self.rows))

    def resize(self, columns: int, lines: int) -> None:
        """Change the terminal's size."""
        self.columns, self.rows = columns, lines
        self.emulator.resize(columns, lines)

    @property
    def text(self) -> str:
        """All that was written."""
        return "".join(self.writes)
