"""A picture of a real run: `python -m tests.screenshot docs/answer.svg srchat ask ...`.

The command runs on a pseudo-terminal; what its screen shows at the end becomes an SVG.
"""

import html
import os
import sys
from pathlib import Path

import pyte
from pyte.screens import Char

from tests.pseudo_terminal import TerminalSession

CELL_WIDTH, CELL_HEIGHT, MARGIN = 8.4, 18, 16
BACKGROUND, FOREGROUND = "#16181d", "#d8dae0"
FONT = 'font-family="ui-monospace, Menlo, Consolas, monospace" font-size="14"'
COLORS = {
    "black": "#3b4048", "red": "#e06c75", "green": "#98c379", "brown": "#e5c07b",
    "blue": "#61afef", "magenta": "#c678dd", "cyan": "#56b6c2", "white": "#d8dae0",
    "brightblack": "#7f848e", "brightred": "#ff7b86", "brightgreen": "#b5e08f",
    "brightyellow": "#ffd787", "brightblue": "#7fc4ff", "brightmagenta": "#de9ef0",
    "brightcyan": "#7fd8e4", "brightwhite": "#ffffff",
}  # fmt: skip


def screenshot(command: list[str], columns: int, lines: int, prompt: str) -> str:
    """Run a command and return its screen as SVG, under a prompt that shows it."""
    env = os.environ | {"TERM": "xterm-256color", "LANG": "C.UTF-8"}
    with TerminalSession(command, env, columns, lines) as session:
        session.terminal.feed(f"\x1b[32m$\x1b[0m {prompt}\r\n")
        session.wait()
        screen = session.terminal._screen
    rows = 1 + max((y for y in range(lines) if screen.display[y].strip()), default=0)
    return svg(screen, columns, rows)


def svg(screen: pyte.Screen, columns: int, rows: int) -> str:
    """Draw the first rows of a screen."""
    width = columns * CELL_WIDTH + 2 * MARGIN
    height = rows * CELL_HEIGHT + 2 * MARGIN
    texts = [run for y in range(rows) for run in drawn_row(screen, y, columns)]
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height}" {FONT}>',
            f'<rect width="100%" height="100%" rx="8" fill="{BACKGROUND}"/>',
            *texts,
            "</svg>\n",
        ]
    )


def drawn_row(screen: pyte.Screen, y: int, columns: int) -> list[str]:
    """Draw one row: a text element for each run of characters that look the same."""
    runs: list[tuple[int, str, Char]] = []
    for x in range(columns):
        cell = screen.buffer[y][x]
        if runs and cell._replace(data="") == runs[-1][2]._replace(data=""):
            start, text, look = runs[-1]
            runs[-1] = (start, text + cell.data, look)
        else:
            runs.append((x, cell.data, cell))
    return [drawn(start, y, text, look) for start, text, look in runs if text.strip()]


def drawn(x: int, y: int, text: str, look: Char) -> str:
    """Draw a run of characters."""
    color = COLORS.get(look.fg, f"#{look.fg}" if len(look.fg) == 6 else FOREGROUND)
    style = [f'fill="{color}"']
    if look.bold:
        style.append('font-weight="bold"')
    if look.italics:
        style.append('font-style="italic"')
    if look.underscore or look.strikethrough:
        line = "underline" if look.underscore else "line-through"
        style.append(f'text-decoration="{line}"')
    # Each character says where it stands: no font that is found elsewhere can shift a column.
    places = " ".join(f"{MARGIN + (x + i) * CELL_WIDTH:.1f}" for i in range(len(text.rstrip())))
    baseline = MARGIN + (y + 0.75) * CELL_HEIGHT
    shown = html.escape(text.rstrip().replace(" ", "\u00a0"))
    return f'<text x="{places}" y="{baseline:.1f}" {" ".join(style)}>{shown}</text>'


if __name__ == "__main__":
    out, *words = sys.argv[1:]
    shown = " ".join(f'"{word}"' if " " in word else word for word in words)
    source = screenshot([sys.executable, "-m", *words], 80, 40, shown)
    Path(out).write_text(source, encoding="utf-8")
