"""Creates the screenshots in docs/: `python -m tests.screenshots`.

Commands are typed into a shell on a pseudo-terminal. The final screen becomes an SVG image, or the
whole session an animated one. Each image has a dark and a light version, which differ only in their
colors.
"""

import html
import os
import re
import sys
import tempfile
import time
from pathlib import Path
from typing import Final, NamedTuple

import pyte
from pyte.screens import Char

from tests.conftest import Srchat
from tests.support.chatting import ENTER, answer_cursor_queries
from tests.support.pseudo_terminal import TerminalSession

DOCS: Final = Path(__file__).parents[1] / "docs"
SHELL: Final = ["bash", "--norc", "--noprofile", "-i"]
COLUMNS: Final = 80

CELL_WIDTH, CELL_HEIGHT, MARGIN = 8.4, 18, 16
KEY_INTERVAL = 0.05  # seconds between two keys
MIN_SHOWN = 0.02  # seconds; shorter states are left out
LAST_SCREEN = 6.0  # seconds that the last screen is shown
FONT = 'font-family="ui-monospace, Menlo, Consolas, monospace" font-size="14"'
THEMES: Final = {
    "dark": {
        "background": "#16181d", "foreground": "#d8dae0",
        "black": "#3b4048", "red": "#e06c75", "green": "#98c379", "brown": "#e5c07b",
        "blue": "#61afef", "magenta": "#c678dd", "cyan": "#56b6c2", "white": "#d8dae0",
        "brightblack": "#7f848e", "brightred": "#ff7b86", "brightgreen": "#b5e08f",
        "brightyellow": "#ffd787", "brightblue": "#7fc4ff", "brightmagenta": "#de9ef0",
        "brightcyan": "#7fd8e4", "brightwhite": "#ffffff",
    },
    "light": {
        "background": "#f6f8fa", "foreground": "#24292f",
        "black": "#24292f", "red": "#c02030", "green": "#2f7020", "brown": "#7d4e00",
        "blue": "#0550ae", "magenta": "#8a35b0", "cyan": "#0f6f7c", "white": "#8c959f",
        "brightblack": "#6e7781", "brightred": "#a40e26", "brightgreen": "#1a7f37",
        "brightyellow": "#633c01", "brightblue": "#0969da", "brightmagenta": "#8250df",
        "brightcyan": "#1b7c83", "brightwhite": "#c8ccd2",
    },
}  # fmt: skip


class Scene(NamedTuple):
    """What to type.

    `rows`: of the screen. `lines`: typed one after the other. `typed`: typed at the end, without
    Enter; then `shows` is waited for. `animated`: record the whole session.
    """

    rows: int
    lines: tuple[str, ...]
    typed: str = ""
    shows: str = ""
    animated: bool = False


SCENES: Final = {
    "ask": Scene(38, ('srchat ask -p demo "hello there"',), animated=True),
    "chat": Scene(
        46,
        ("srchat chat -p demo", "hello there", "what did I say?"),
        typed="/c",
        shows="copy [N]",
    ),
    "pipe": Scene(
        24,
        (
            'srchat ask -p demo -x "which letters are common?" > count.py',
            "python3 count.py",
            'srchat ask -p demo -f count.py "is this right?" | wc -c',
            'srchat ask -p demo --json "hi" | python3 -m json.tool | grep total',
            "srchat ask -p nowhere hi; echo $?",
        ),
    ),
}


class Shell(TerminalSession):
    """A shell on a pseudo-terminal, in an empty home directory."""

    def __init__(self, home: Path, rows: int) -> None:
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        env = Srchat(home).env | {"PATH": path, "PS1": r"\[\e[32m\]$\[\e[0m\] "}
        super().__init__(SHELL, env, COLUMNS, rows, cwd=str(home))
        answer_cursor_queries(self)

    @property
    def position(self) -> tuple[int, int]:
        """The column of the cursor, and its row, counted from the start of the scrollback."""
        cursor = self.terminal._screen.cursor
        return cursor.x, cursor.y + len(self.terminal.scrollback)

    @property
    def is_at_prompt(self) -> bool:
        """Whether the cursor is at an empty prompt of the shell or of a chat."""
        row = self.terminal.screen[self.terminal._screen.cursor.y]
        return self.position[0] == 2 and row in ("$", ">")

    def enter(self, line: str) -> None:
        """Type a line, and wait for the next prompt."""
        _, before = self.position
        self.type(line + ENTER)
        self.wait_for(lambda _: self.position[1] > before and self.is_at_prompt, f"end of {line}")


class Recording:
    """The rows of a screen over time, each with the times at which it appears and is replaced."""

    def __init__(self, shell: Shell) -> None:
        self._shell = shell
        self._start = time.monotonic()
        self._rows: dict[int, tuple[str, float]] = {}
        self._parts: list[tuple[str, float, float]] = []

    def record(self) -> None:
        """Record the rows that have changed."""
        now = time.monotonic() - self._start
        screen = self._shell.terminal._screen
        for y in range(screen.lines):
            drawn = "".join(drawn_row(screen, y, COLUMNS))
            old, since = self._rows.get(y, ("", 0.0))
            if drawn != old:
                self._parts.append((old, since, now))
                self._rows[y] = (drawn, now)

    def type(self, keys: str) -> None:
        """Type at the speed of a person."""
        for key in keys:
            self._shell.type(key)
            self._shell.read(KEY_INTERVAL)
            self.record()

    def run(self, line: str) -> None:
        """Type a line, and record until the next prompt."""
        self.type(line)
        _, before = self._shell.position
        self._shell.type(ENTER)
        self._shell.wait_for(lambda _: self._is_done(before), f"end of {line}")

    def _is_done(self, before: int) -> bool:
        self.record()
        return self._shell.position[1] > before and self._shell.is_at_prompt

    def drawn(self) -> list[str]:
        """Return the animation, which loops after showing the last screen for a while."""
        self.record()
        end = time.monotonic() - self._start
        duration = end + LAST_SCREEN
        styles, groups = [], []
        for number, (drawn, since, until) in enumerate(self._parts):
            if drawn and until - since > MIN_SHOWN:
                a, b = (f"{100 * moment / duration:.2f}" for moment in (since, until))
                styles.append(
                    f"@keyframes k{number}{{0%{{visibility:hidden}}{a}%{{visibility:visible}}"
                    f"{b}%{{visibility:hidden}}}}"
                )
                groups.append(
                    f'<g visibility="hidden" style="animation-name:k{number}">{drawn}</g>'
                )
        for y, (drawn, since) in sorted(self._rows.items()):
            if drawn:
                a = f"{100 * since / duration:.2f}"
                styles.append(
                    f"@keyframes l{y}{{0%{{visibility:hidden}}{a}%{{visibility:visible}}}}"
                )
                groups.append(f'<g class="last" style="animation-name:l{y}">{drawn}</g>')
        style = (
            f"<style>g{{animation:{duration:.1f}s step-end infinite}}"
            "@media (prefers-reduced-motion:reduce){g{animation:none}}"
            f"{''.join(styles)}</style>"
        )
        return [style, *groups]


def pictures(scene: Scene) -> dict[str, str]:
    """Play a scene, and return its SVG images by theme."""
    drawn, rows = played(scene)
    return {name: framed(drawn, rows, colors) for name, colors in THEMES.items()}


def played(scene: Scene) -> tuple[list[str], int]:
    """Play a scene, and return its SVG elements and its number of rows."""
    with (
        tempfile.TemporaryDirectory() as home,
        Shell(Path(home), scene.rows) as shell,
    ):
        shell.wait_for(lambda _: shell.is_at_prompt, "the prompt")
        recording = Recording(shell)
        for line in scene.lines:
            (recording.run if scene.animated else shell.enter)(line)
        if scene.typed:
            shell.type(scene.typed)
            shell.wait_for_text(scene.shows)
        screen = shell.terminal._screen
        last = max(y for y in range(scene.rows) if screen.display[y].strip())
        if scene.animated:
            return recording.drawn(), last + 1
        return [run for y in range(last + 1) for run in drawn_row(screen, y, COLUMNS)], last + 1


def framed(drawn: list[str], rows: int, colors: dict[str, str]) -> str:
    """Return a complete SVG image with these elements, rows and colors."""
    body = "\n".join(drawn)
    rules = [f".{name}{{fill:{value}}}" for name, value in colors.items() if f'"{name}"' in body]
    width = COLUMNS * CELL_WIDTH + 2 * MARGIN
    height = rows * CELL_HEIGHT + 2 * MARGIN
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height}" {FONT}>',
            f"<style>{''.join(rules)}</style>",
            f'<rect width="100%" height="100%" rx="8" fill="{colors["background"]}"/>',
            body,
            "</svg>\n",
        ]
    )


def drawn_row(screen: pyte.Screen, y: int, columns: int) -> list[str]:
    """Draw one row, with one text element per run of equally styled characters."""
    runs: list[tuple[int, str, Char]] = []
    for x in range(columns):
        cell = screen.buffer[y][x]
        if runs and cell._replace(data="") == runs[-1][2]._replace(data=""):
            start, text, style = runs[-1]
            runs[-1] = (start, text + cell.data, style)
        else:
            runs.append((x, cell.data, cell))
    return [part for start, text, style in runs for part in drawn(start, y, text, style)]


def drawn(x: int, y: int, text: str, style: Char) -> list[str]:
    """Draw a run of characters, with its background if it has one."""
    foreground, background = color(style.fg, "foreground"), color(style.bg, "background")
    if style.reverse:
        foreground, background = background, foreground
    parts = []
    if background != color("default", "background"):
        left, top, width = MARGIN + x * CELL_WIDTH, MARGIN + y * CELL_HEIGHT, CELL_WIDTH * len(text)
        parts.append(
            f'<rect x="{left:.1f}" y="{top}" width="{width:.1f}" height="{CELL_HEIGHT}" '
            f"{background}/>"
        )
    if text.strip():
        parts.append(drawn_text(x, y, text.rstrip(), style, foreground))
    return parts


def color(name: str, default: str) -> str:
    """Return the SVG attribute for a color: a class of the theme, or an RGB value."""
    if len(name) == 6 and re.fullmatch("[0-9a-f]+", name):
        return f'fill="#{name}"'
    return f'class="{default if name == "default" else name}"'


def drawn_text(x: int, y: int, text: str, style: Char, foreground: str) -> str:
    """Draw characters without their background."""
    attributes = [foreground]
    if style.bold:
        attributes.append('font-weight="bold"')
    if style.italics:
        attributes.append('font-style="italic"')
    if style.underscore or style.strikethrough:
        line = "underline" if style.underscore else "line-through"
        attributes.append(f'text-decoration="{line}"')
    # Each character has its position, so that columns are aligned in any font.
    positions = " ".join(f"{MARGIN + (x + i) * CELL_WIDTH:.1f}" for i in range(len(text)))
    baseline = MARGIN + (y + 0.75) * CELL_HEIGHT
    shown = html.escape(text.replace(" ", "\u00a0"))
    return f'<text x="{positions}" y="{baseline:.1f}" {" ".join(attributes)}>{shown}</text>'


if __name__ == "__main__":
    for name, scene in SCENES.items():
        for theme, svg in pictures(scene).items():
            (DOCS / f"{name}-{theme}.svg").write_text(svg, encoding="utf-8")
