"""A terminal emulator (pyte) with scrollback, and an Output that writes to it."""

import os
from collections.abc import Mapping

import pyte
from wcwidth import wcwidth

from srchat.terminal.streams import Output


class _Screen(pyte.HistoryScreen):
    """pyte's screen with three bugs fixed, and with resizing as in real terminals."""

    def delete_lines(self, count: int | None = None) -> None:
        """Move empty lines up, too: pyte skips lines that nothing was written to."""
        for line in range(self.lines):
            self.buffer[line]  # creates the line
        super().delete_lines(count)

    def draw(self, data: str) -> None:
        """Append zero-width characters to the character before them.

        pyte puts them on the next line if the row is full, and drops the character after a joiner.
        """
        if data.isascii():
            super().draw(data)
            return
        for character in data:
            if wcwidth(character) or not self.cursor.x:
                super().draw(character)
            else:
                row, column = self.buffer[self.cursor.y], self.cursor.x - 1
                # The second half of a wide character is an empty cell.
                column -= column > 0 and not row[column].data
                row[column] = row[column]._replace(data=row[column].data + character)

    def resize_window(self, columns: int, lines: int) -> None:
        """Change the size like most terminals: cut rows off, and scroll rows off the top."""
        for _ in range(max(0, self.cursor.y - lines + 1)):
            self.history.top.append(self.buffer[0])
            for line in range(self.lines):
                self.buffer[line] = self.buffer[line + 1]
                del self.buffer[line + 1]  # otherwise both indices share a line
            self.cursor.y -= 1
        for line in [line for line in self.buffer if line >= lines]:
            del self.buffer[line]
        for row in self.buffer.values():
            for column in [column for column in row if column >= columns]:
                del row[column]
        self.lines, self.columns = lines, columns
        self.cursor.x = min(self.cursor.x, columns - 1)
        self.set_margins()

    def rewrap_window(self, columns: int, lines: int) -> None:
        """Change the size like tmux: rewrap all rows, and show the last ones."""
        parts: list[list[pyte.screens.Char]] = []
        cursor = len(self.history.top) + self.cursor.y
        for y, row in enumerate([*self.history.top, *map(self.buffer.get, range(self.lines))]):
            used = [x for x, cell in (row or {}).items() if cell.data != " "]
            cells = [row[x] for x in range(max(used, default=-1) + 1)] if row else []
            if y == cursor:
                self.cursor.y, self.cursor.x = divmod(self.cursor.x, columns)
                self.cursor.y += len(parts)
            parts += [cells[x : x + columns] for x in range(0, max(len(cells), 1), columns)]
        self.lines, self.columns = lines, columns
        first = max(0, len(parts) - lines)
        self.cursor.y -= first
        self.history.top.clear()
        self.buffer.clear()
        for y, part in enumerate(parts):
            row = self.buffer[y - first]
            row.update(enumerate(part))
            if y < first:
                self.history.top.append(self.buffer.pop(y - first))
        self.set_margins()


class Terminal:
    """A terminal with scrollback.

    `rewraps`: a change of the width rewraps rows instead of cutting them off.
    """

    def __init__(self, columns: int = 80, lines: int = 24) -> None:
        self.rewraps = False
        self._screen = _Screen(columns, lines, history=1_000_000, ratio=0.5)
        # Terminal drivers translate LF to CR LF.
        self._screen.set_mode(pyte.modes.LNM)
        self._stream = pyte.Stream(self._screen)

    def feed(self, text: str) -> None:
        """Show `text`."""
        self._stream.feed(text)

    def resize(self, columns: int, lines: int) -> None:
        """Change the size."""
        if self.rewraps:
            self._screen.rewrap_window(columns, lines)
        else:
            self._screen.resize_window(columns, lines)

    @property
    def scrollback(self) -> list[str]:
        """The lines that have scrolled off the screen."""
        return [self._text(row) for row in self._screen.history.top]

    @property
    def screen(self) -> list[str]:
        """The lines on the screen."""
        return [self._text(self._screen.buffer[line]) for line in range(self._screen.lines)]

    @property
    def cells(self) -> list[list[pyte.screens.Char]]:
        """The styled characters of each line, without trailing blanks."""
        rows = [*self._screen.history.top]
        rows += [self._screen.buffer[line] for line in range(self._screen.lines)]
        texts = [self._text(row) for row in rows]
        return [[row[x] for x in range(len(text))] for row, text in zip(rows, texts, strict=True)]

    def _text(self, row: Mapping[int, pyte.screens.Char]) -> str:
        # The second half of a wide character is an empty cell.
        return "".join(row[x].data for x in range(max(row, default=-1) + 1)).rstrip()

    @property
    def lines(self) -> list[str]:
        """Scrollback and screen, without blank lines at the end."""
        lines = self.scrollback + self.screen
        while lines and not lines[-1]:
            lines.pop()
        return lines

    @property
    def cursor_is_visible(self) -> bool:
        """Whether the cursor is shown."""
        return not self._screen.cursor.hidden


class TerminalOutput(Output):
    """An Output that acts as a terminal of a given size and records what is written."""

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
        self.is_terminal = self.renders = True
        self.can_move = can_move
        self.has_color = has_color and can_move
        self.encoding = encoding
        self.columns, self.rows = columns, lines
        self.writes: list[str] = []
        self.emulator = Terminal(columns, lines)
        self.feeds_emulator = True

    def write(self, text: str) -> None:
        """Record `text` as the encoding of the terminal can represent it."""
        shown = text.encode(self.encoding, errors="replace").decode(self.encoding)
        self.writes.append(shown)
        if self.feeds_emulator:
            self.emulator.feed(shown)

    def write_bytes(self, data: bytes) -> None:
        """Decode and record `data`."""
        self.write(data.decode(self.encoding))

    def size(self) -> os.terminal_size:
        """Return the current size of the terminal."""
        return os.terminal_size((self.columns, self.rows))

    def resize(self, columns: int, lines: int) -> None:
        """Change the terminal's size."""
        self.columns, self.rows = columns, lines
        self.emulator.resize(columns, lines)

    @property
    def text(self) -> str:
        """Everything written so far."""
        return "".join(self.writes)
