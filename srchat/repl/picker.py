"""A list to choose a row from with the arrow keys."""

import functools
from collections.abc import Callable, Sequence

from prompt_toolkit.application import Application
from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.input import Input
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.layout import Dimension, FormattedTextControl, Layout, Window
from prompt_toolkit.output import Output as TerminalOutput

from srchat.terminal.sanitize import one_line
from srchat.terminal.streams import Output
from srchat.terminal.word_wrap import fitting
from srchat.theme import PICKED, PREVIEW

_MAX_ROWS = 12  # on the screen
_PREVIEW_ROWS = 4  # on the screen, with a blank one before it


def picked(
    rows: Sequence[str],
    preview: Callable[[int], str],
    screen: Output,
    input: Input,
    output: TerminalOutput,
) -> Application[int | None]:
    """Return an application that returns the index of the chosen row, None if it is cancelled.

    `preview`: returns a few lines about a row, which are shown below the list if there is room.
    """
    chosen = 0
    preview = functools.cache(preview)

    def text() -> StyleAndTextTuples:
        columns, lines = screen.size()
        height = max(1, min(_MAX_ROWS, lines - 1))
        first = max(0, min(chosen - height // 2, len(rows) - height))
        return [
            (
                PICKED if place == chosen else "",
                fitting(f"{'>' if place == chosen else ' '} {one_line(rows[place])}", columns - 1)
                + ("\n" if place + 1 < min(first + height, len(rows)) else ""),
            )
            for place in range(first, min(first + height, len(rows)))
        ] + _previewed(preview(chosen) if lines > height + _PREVIEW_ROWS else "", columns)

    keys = KeyBindings()

    def move(by: int) -> None:
        nonlocal chosen
        chosen = max(0, min(chosen + by, len(rows) - 1))

    for names, by in (
        (("up", "c-p", "k"), -1),
        (("down", "c-n", "j", "tab"), 1),
        (("pageup",), -_MAX_ROWS),
        (("pagedown",), _MAX_ROWS),
        (("home",), -len(rows)),
        (("end",), len(rows)),
    ):
        for name in names:
            keys.add(name)(lambda _event, by=by: move(by))

    @keys.add("enter")
    @keys.add("c-j")
    def _take(event: KeyPressEvent) -> None:
        event.app.exit(result=chosen)

    @keys.add("escape", eager=True)
    @keys.add("q")
    @keys.add("c-c")
    @keys.add("c-d")
    @keys.add("c-g")
    def _cancel(event: KeyPressEvent) -> None:
        event.app.exit(result=None)

    window = Window(FormattedTextControl(text, show_cursor=False), height=Dimension(min=1))
    app: Application[int | None] = Application(
        Layout(window), key_bindings=keys, erase_when_done=True, input=input, output=output
    )
    app.renderer.cpr_not_supported_callback = None
    app.ttimeoutlen = 0.05
    return app


def _previewed(text: str, columns: int) -> StyleAndTextTuples:
    lines = [fitting(f"  {one_line(line)}", columns - 1) for line in text.splitlines()]
    return [(PREVIEW, "".join(f"\n{line}" for line in ["", *lines][:_PREVIEW_ROWS]))]
