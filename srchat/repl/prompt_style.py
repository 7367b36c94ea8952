"""How the prompt looks: in the colors of the terminal, and with what was typed marked."""

from typing import Final

from prompt_toolkit.buffer import Buffer
from prompt_toolkit.filters import is_done, vi_navigation_mode
from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.layout import BufferControl, ScrollbarMargin
from prompt_toolkit.layout.containers import WindowRenderInfo
from prompt_toolkit.layout.menus import CompletionsMenuControl
from prompt_toolkit.lexers import SimpleLexer
from prompt_toolkit.shortcuts import PromptSession
from prompt_toolkit.styles import Style

from srchat.repl.lines import PROMPT

_VI_COMMAND: Final = ": "  # readline's sign, with show-mode-in-prompt
_OWN: Final = "fg:default bg:default"  # instead of prompt_toolkit's shades of grey
STYLE: Final = Style.from_dict(
    {
        "prompt": "bold ansigreen",
        "typed": "bold",
        "aborting": f"{_OWN} nobold dim",
        "exiting": f"{_OWN} nobold dim",
        "auto-suggestion": f"{_OWN} dim",
        "bottom-toolbar": "noreverse dim",
        "window-too-small": _OWN,
        "completion-menu": _OWN,
        "completion-menu.completion.current": f"{_OWN} reverse",
        "completion-menu.meta.completion": f"{_OWN} dim",
        "completion-menu.meta.completion.current": f"{_OWN} nodim reverse",
        "scrollbar.background": _OWN,
        "scrollbar.button": f"{_OWN} reverse",
    }
)
TYPED: Final = SimpleLexer("class:typed")


def prompt_sign() -> StyleAndTextTuples:
    """Return the sign before the line; it differs while vi's keys are commands."""
    is_command = vi_navigation_mode() and not is_done()
    return [("class:prompt", _VI_COMMAND if is_command else PROMPT)]


def adjust_menu(session: PromptSession[str]) -> None:
    """Let the menu of completions stand under the word, its scrollbar only where it scrolls."""
    prompt = session.layout.current_control
    assert isinstance(prompt, BufferControl)
    for window in session.layout.find_all_windows():
        if isinstance(window.content, CompletionsMenuControl):
            window.right_margins = [_Scrollbar()]
        elif window.content is prompt:
            prompt.menu_position = lambda: _menu_position(session.default_buffer)


def _menu_position(buffer: Buffer) -> int | None:
    state = buffer.complete_state
    if not state or not state.completions:
        return None
    start = state.original_document.cursor_position + state.completions[0].start_position
    return max(0, start - 1)  # the menu begins with a blank


class _Scrollbar(ScrollbarMargin):
    def create_margin(
        self, window_render_info: WindowRenderInfo, width: int, height: int
    ) -> StyleAndTextTuples:
        info = window_render_info
        if info.content_height <= info.window_height:
            return []
        return super().create_margin(info, width, height)
