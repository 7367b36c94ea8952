"""Draws a prompt, and finds its first row again after the window has become narrower.

Some terminals (tmux, kitty, those with VTE) rewrap their rows, others (xterm) truncate them.
prompt_toolkit assumes that they are truncated. In the others it erases too few rows above the
cursor, which leaves a copy of the prompt. The position of the cursor shows the difference: where
rows are truncated, the cursor stays in its row. Without evidence of rewrapping, only the rows that
were drawn are erased, never the text above the prompt.
"""

from collections.abc import Callable, Mapping
from typing import Final

from prompt_toolkit.application import Application, get_app
from prompt_toolkit.data_structures import Point
from prompt_toolkit.layout import Layout
from prompt_toolkit.layout.screen import Char
from prompt_toolkit.output import Output
from prompt_toolkit.renderer import CPR_Support, Renderer
from prompt_toolkit.styles import BaseStyle

# A blank that terminals keep at the end of a row (a figure space). In the last column of the status
# line, it is wrapped in any narrower window, and that moves the cursor.
END_OF_ROW: Final = "\u2007"
_SETTLE_TIME: Final = 0.3  # seconds; tmux reports a new size up to 0.25 s late


def _nothing() -> None:
    pass


class PromptRenderer(Renderer):
    """Draws nothing between a resize and the terminal's report of the cursor position.

    `_row`: in between, the row of the cursor before the resize.
    """

    def __init__(self, style: BaseStyle, output: Output) -> None:
        self._row: int | None = None
        self._wraps_anew = False
        self._cancel_timer = _nothing
        super().__init__(style, output)

    def reset(self, _scroll: bool = False, leave_alternate_screen: bool = True) -> None:  # noqa: FBT001, FBT002 - the inherited signature
        """Forget what is drawn."""
        self._row = None
        self._cancel_timer()
        super().reset(_scroll, leave_alternate_screen)

    def render(self, app: Application[object], layout: Layout, is_done: bool = False) -> None:  # noqa: FBT001, FBT002 - the inherited signature
        """Draw, unless the position of the cursor is unknown."""
        if self._row is not None and not is_done:
            return
        if self._grows(layout):
            self._last_size = None  # redraws everything
        super().render(app, layout, is_done)

    def asks_for_cursor(self) -> bool:
        """Request the cursor position if rows may have been rewrapped. Return whether it did."""
        if self._row is None and not self._may_be_wrapped():
            return False
        if self._row is None:
            self._row = self._cursor_row()
        self._call_later(_SETTLE_TIME, self._ask)
        return True

    def _call_later(self, seconds: float, function: Callable[[], None]) -> None:
        self._cancel_timer()
        loop = get_app().loop
        assert loop
        self._cancel_timer = loop.call_later(seconds, function).cancel

    def _ask(self) -> None:
        self._call_later(self.CPR_TIMEOUT, self._give_up)
        drawn, self._cursor_pos = self._cursor_pos, Point(0, 0)  # prompt_toolkit asserts row 0
        self.request_absolute_cursor_position()
        self._cursor_pos = drawn
        self.output.flush()

    def report_cursor(self, row: int, column: int) -> None:
        """Take a reported position, counted from 0, and draw again after the last report."""
        self.report_absolute_cursor_row(row + 1)
        if self._row is not None and not self.waiting_for_cpr:
            self._wraps_anew |= self._was_wrapped(row, column, self._row)
            self._draw_again(row)

    def _draw_again(self, row: int) -> None:
        first = max(0, row - self._rows_above())
        self._cursor_pos = Point(self._cursor_pos.x, row - first)
        self.erase()
        self._min_available_height = self.output.get_size().rows - first
        get_app().invalidate()

    def _give_up(self) -> None:
        self.erase()
        get_app().invalidate()

    def _grows(self, layout: Layout) -> bool:
        """Tell whether the prompt needs the row of the status line.

        tmux counts blanks at the end of a row that was longer; a row erased as a whole has none.
        """
        size = self.output.get_size()
        height = layout.container.preferred_height(size.columns, size.rows).preferred
        return self._last_screen is not None and height > self._last_screen.height

    def _may_be_wrapped(self) -> bool:
        return (
            self._last_size is not None
            and self.output.get_size().columns < self._last_size.columns
            and self._min_available_height > 0
            and self.cpr_support == CPR_Support.SUPPORTED
        )

    def _cursor_row(self) -> int:
        assert self._last_size
        assert self._last_screen
        height = max(self._min_available_height, self._last_screen.height)
        return self._last_size.rows - height + self._cursor_pos.y

    def _was_wrapped(self, row: int, column: int, row_before: int) -> bool:
        """Tell whether the cursor is where truncation could not have put it."""
        assert self._last_size
        size = self.output.get_size()
        # A change of the height may move all rows by up to the difference.
        cut = (min(row_before, size.rows - 1), row_before + size.rows - self._last_size.rows)
        if not min(cut) <= row <= max(cut):
            return True
        return self._cursor_pos.x >= size.columns > column + 1

    def _rows_above(self) -> int:
        """Return how many rows of the prompt are above the cursor, or fewer."""
        cursor, columns = self._cursor_pos, self.output.get_size().columns
        if not self._wraps_anew:
            return cursor.y
        assert self._last_screen
        drawn = self._last_screen.data_buffer
        rows: list[Mapping[int, Char]] = [drawn[y] for y in range(cursor.y + 1)]
        rows[-1] = {x: cell for x, cell in rows[-1].items() if x <= cursor.x}
        return sum(wrapped_height(row, columns) for row in rows) - 1


def wrapped_height(row: Mapping[int, Char], columns: int) -> int:
    """Return the number of rows of a row that is wrapped to `columns`."""
    end = max((x for x, cell in row.items() if cell.char != " "), default=-1)
    widths = [row[x].width if x in row else 1 for x in range(end + 1)]
    height, used = 1, 0
    for width in widths:
        used += width
        if used > columns:
            height, used = height + 1, width
    return height


def line_height(app: Application[str], limit: int) -> int:
    """Return the number of rows that the line takes, or `limit` if it takes more."""
    columns = app.output.get_size().columns
    return app.layout.current_window.preferred_height(columns, limit).preferred


def follow_resizes(app: Application[str]) -> None:
    """Let an application redraw its prompt from its first row after a resize."""
    renderer = app.renderer = PromptRenderer(app.renderer.style, app.output)
    draw_again = app._on_resize  # noqa: SLF001 - no public hook is called first

    def resized() -> None:
        if not renderer.asks_for_cursor():
            draw_again()

    app.terminal_size_polling_interval = None  # SIGWINCH reports changes
    app._on_resize = resized  # type: ignore[method-assign] # noqa: SLF001
