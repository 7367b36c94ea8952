"""The style of the prompt, in the colors of the terminal."""

from typing import Final

from prompt_toolkit.buffer import Buffer
from prompt_toolkit.filters import is_done, vi_navigation_mode
from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.layout import BufferControl, ScrollbarMargin
from prompt_toolkit.layout.containers import WindowRenderInfo
from prompt_toolkit.layout.menus import CompletionsMenuControl
from prompt_toolkit.lexers import SimpleLexer
from prompt_toolkit.shortcuts import PromptSession
from prompt_toolkit.styles import Style, merge_styles

from srchat import theme
from srchat.repl.lines import PROMPT

_VI_COMMAND: Final = ": "  # as in readline with show-mode-in-prompt


def _prompt_toolkit(style: str) -> str:
    """Return a style of the theme in prompt_toolkit's notation."""
    return " ".join(f"ansi{word}" if word in theme.COLORS else word for word in style.split())


MENU_STYLE: Final = Style.from_dict(theme.PROMPT_STYLES)
STYLE: Final = merge_styles(
    [
        Style.from_dict(
            {
                "prompt": _prompt_toolkit(theme.PROMPT_SIGN),
                "typed": _prompt_toolkit(theme.TYPED),
            }
        ),
        MENU_STYLE,
    ]
)
TYPED: Final = SimpleLexer("class:typed")


def prompt_sign() -> StyleAndTextTuples:
    """Return the prompt, which differs in vi's command mode."""
    is_command = vi_navigation_mode() and not is_done()
    return [("class:prompt", _VI_COMMAND if is_command else PROMPT)]


def adjust_menu(session: PromptSession[str]) -> None:
    """Align the completion menu with the word, and show its scrollbar only if it scrolls."""
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
