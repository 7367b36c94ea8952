"""Renders an answer live: final rows are printed once, the rest is redrawn.

Text is buffered and rendered once per frame. Final rows scroll into the terminal's history and are
never changed again. The others (the tail) are redrawn with each frame, as many as fit the screen.
"""

from __future__ import annotations

import io
import math
import time
from collections.abc import Callable
from typing import Final

from rich.console import COLOR_SYSTEMS, Console

from srchat.markdown.code import DEFAULT_THEME
from srchat.markdown.layout import ASCII_GLYPHS, Glyphs, Layout
from srchat.markdown.prefixes import Row
from srchat.markdown.screen_diff import ScreenDiff
from srchat.markdown.splitter import BlockSplitter, markdown_parser
from srchat.terminal.sanitize import Sanitizer, one_line
from srchat.terminal.streams import Output
from srchat.terminal.word_wrap import fitting
from srchat.theme import STATUS

# The pause after a frame as a multiple of its duration, so that painting uses little CPU time.
_REST_PER_FRAME: Final = 20


class MarkdownWriter:
    """Writes one answer to a terminal. Call `close` at the end, even after an error.

    `is_interrupted`: called by `close`; if true, the rest of the code is not highlighted, because
    the user is waiting for the end.
    """

    def __init__(
        self,
        output: Output,
        *,
        code_theme: str = DEFAULT_THEME,
        clock: Callable[[], float] = time.monotonic,
        is_interrupted: Callable[[], bool] = bool,
    ) -> None:
        self._is_interrupted = is_interrupted
        self._output = output
        self._clock = clock
        self._sanitizer = Sanitizer()
        self._splitter = BlockSplitter()
        self._console = console_for(output)
        self._layout = layout_for(output, self._console, code_theme)
        self._screen_diff = ScreenDiff()
        self._pending = ""
        self._status = ""
        self._next_frame = -math.inf
        self._closed = False

    def write(self, text: str) -> None:
        """Add a piece of the answer. With "", only repaint if a frame is due."""
        self._pending += self._sanitizer.feed(text)
        if text:
            self._status = ""
        if self._pending and not self._closed and self._clock() >= self._next_frame:
            self._paint()

    def show_status(self, text: str) -> bool:
        """Show a dim row below the answer until the next piece; return whether that is possible."""
        if text != self._status and self._output.can_move and not self._closed:
            self._status = text
            self._paint()
        return self._output.can_move

    def redraw(self) -> None:
        """Show the tail again at the cursor, below the shell's output after Ctrl-Z."""
        if self._output.can_move and not self._closed:
            self._write(self._screen_diff.reset())
            self._paint()

    def close(self) -> None:
        """Write the rest and end the last line. May be called more than once."""
        if self._closed:
            return
        self._closed = True
        if self._is_interrupted():
            self._layout.stop_highlighting()
        size = self._output.size()
        self._layout.width = size.columns
        text = self._pending + self._sanitizer.flush()
        final = self._layout.feed(self._splitter.feed(text) + self._splitter.flush())
        self._write(self._screen_diff.last_frame(self._drawn(final), size))

    def _paint(self) -> None:
        started = self._clock()
        size = self._output.size()
        self._layout.width = size.columns
        final = self._layout.feed(self._splitter.feed(self._pending))
        self._pending = ""
        tail: list[Row] = []
        if self._output.can_move:
            # One row for the cursor, one spare, and one for the status.
            tail = self._layout.preview(self._splitter.tail())[
                -max(1, size.lines - 2 - bool(self._status)) :
            ]
        rows = self._drawn(tail)
        if self._status:
            rows += [self._drawn_status(size.columns - 1)]
        self._write(self._screen_diff.frame(self._drawn(final), rows, size))
        now = self._clock()
        self._next_frame = max(
            started + self._output.frame_time, now + _REST_PER_FRAME * (now - started)
        )

    def _write(self, frame: str) -> None:
        if not frame:
            return
        try:
            self._output.write(frame)
        except BaseException:
            # The terminal is gone, or the position of its cursor is unknown.
            self._closed = True
            raise

    def _drawn_status(self, columns: int) -> str:
        text = fitting(one_line(self._status), columns)
        return self._output.styled(text, STATUS)

    def _drawn(self, rows: list[Row]) -> list[str]:
        return [drawn(row, self._console) for row in rows]


def console_for(output: Output) -> Console:
    """Return a console with the capabilities of `output`, for layout only; it prints nothing."""
    return Console(
        file=io.StringIO(),
        width=output.size().columns,
        force_terminal=output.can_move or output.has_color,
        color_system="auto" if output.can_move else "256" if output.has_color else None,
        no_color=not output.has_color,
        force_jupyter=False,
        legacy_windows=False,
        markup=False,
        emoji=False,
        highlight=False,
    )


def layout_for(output: Output, console: Console, code_theme: str = DEFAULT_THEME) -> Layout:
    """Return a layout for one answer on `output`."""
    glyphs = Glyphs() if _can_show(output.encoding, Glyphs()) else ASCII_GLYPHS
    return Layout(markdown_parser(), console, code_theme=code_theme, glyphs=glyphs)


def _can_show(encoding: str, glyphs: Glyphs) -> bool:
    try:
        "".join(vars(glyphs).values()).encode(encoding)
    except (UnicodeError, LookupError):
        return False
    return True


def drawn(row: Row, console: Console) -> str:
    """Return `row` with the escape sequences for its styles that `console` supports."""
    colors = COLOR_SYSTEMS[console.color_system] if console.color_system else None
    parts = []
    for text, style, _ in row:
        shown = style.without_color if style and console.no_color else style
        parts.append(shown.render(text, color_system=colors) if shown else text)
    return "".join(parts)
