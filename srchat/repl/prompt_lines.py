"""Reads lines from a terminal with prompt_toolkit."""

import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Final, NamedTuple

from prompt_toolkit.auto_suggest import AutoSuggestFromHistory
from prompt_toolkit.cursor_shapes import ModalCursorShapeConfig
from prompt_toolkit.enums import EditingMode
from prompt_toolkit.filters import Condition
from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.input.defaults import create_input
from prompt_toolkit.layout.processors import TabsProcessor
from prompt_toolkit.layout.screen import Char
from prompt_toolkit.shortcuts import PromptSession
from prompt_toolkit.utils import get_cwidth

from srchat.repl.answers import typed_answer
from srchat.repl.completer import ChatCompleter
from srchat.repl.interruption import ended_by_signals
from srchat.repl.keys import bindings
from srchat.repl.lines import MORE, show_prompt
from srchat.repl.mentions import begun_mention
from srchat.repl.picker import picked
from srchat.repl.prompt_renderer import END_OF_ROW, follow_resizes, line_height
from srchat.repl.prompt_style import STYLE, TYPED, adjust_menu, prompt_sign
from srchat.repl.slash_syntax import may_be_command
from srchat.repl.terminal_output import terminal_output
from srchat.repl.typed_history import TypedHistory
from srchat.signals import on_resume
from srchat.terminal.sanitize import hidden_characters, one_line
from srchat.terminal.streams import Output
from srchat.terminal.tty_modes import is_ours
from srchat.terminal.word_wrap import fitting
from srchat.text_input import argument_text

_MENU: Final = 6  # rows for completions
_TAB: Final = 4  # columns; prompt_toolkit would show a tab as ^I
_FOR_STATUS: Final = 5  # rows of the smallest screen with a status line


class Hooks(NamedTuple):
    """Callbacks of a prompt.

    `status`: returns the parts of the status line, most important first.
    `keys`: returns the editing mode, "emacs" or "vi"; called before each prompt.
    `shown`: called once, when the first prompt is on the screen.
    `failed`: called with the message and the hint of an error.
    """

    status: Callable[[], Sequence[str]]
    keys: Callable[[], str]
    shown: Callable[[], None]
    failed: Callable[[str, str], None]


class PromptLines:
    """Reads typed lines, with history, completion and a status line."""

    interactive = True

    def __init__(
        self,
        screen: Output,
        environ: Mapping[str, str],
        history: TypedHistory,
        completer: ChatCompleter,
        hooks: Hooks,
    ) -> None:
        # /edit may show an imported prompt, whose bidi controls must not reorder the line.
        Char.display_mappings.update(hidden_characters())
        self._screen = screen
        self._hooks = hooks
        self._history = history
        self._shown: Callable[[], None] | None = hooks.shown
        self._input = create_input(sys.stdin)
        self._output = terminal_output(screen, environ)
        self._session: PromptSession[str] = PromptSession(
            prompt_sign,
            multiline=True,
            prompt_continuation=MORE,
            style=STYLE,
            lexer=TYPED,
            history=history,
            auto_suggest=AutoSuggestFromHistory(),
            search_ignore_case=True,
            completer=completer,
            complete_while_typing=Condition(self._completes),
            input_processors=[TabsProcessor(tabstop=_TAB, char1=" ", char2=" ")],
            key_bindings=bindings(environ, hooks.failed),
            bottom_toolbar=self._toolbar,
            enable_suspend=True,
            include_default_pygments_style=False,
            input=self._input,
            output=self._output,
        )
        app = self._session.app
        app.ttimeoutlen = 0.05  # seconds; after that, Esc is not taken for Alt
        app.timeoutlen = 0.3
        follow_resizes(app)
        app.after_render += self._rendered
        adjust_menu(self._session)

    def _use_keys(self) -> None:
        is_vi = self._hooks.keys() == "vi"
        self._session.editing_mode = EditingMode.VI if is_vi else EditingMode.EMACS
        self._session.cursor = ModalCursorShapeConfig() if is_vi else None

    def complete_again(self) -> None:
        """Update the completions. May be called from any thread."""
        app, buffer = self._session.app, self._session.default_buffer

        def complete() -> None:
            is_open = app.is_running and not app.is_done
            if is_open and self._is_command():  # pragma: no branch - race
                buffer.start_completion()

        if app.loop:  # pragma: no branch - race
            app.loop.call_soon_threadsafe(complete)

    def read(self, default: str = "") -> str:
        """Return the next typed text. `default`: initial text to edit."""
        app = self._session.app
        app.erase_when_done = False
        self._use_keys()
        rows = self._screen.size().lines
        self._session.reserve_space_for_menu = max(0, min(_MENU, rows - _FOR_STATUS))
        # A signal may have ended the last prompt in the middle of a search.
        self._session.layout.focus(self._session.default_buffer)
        with ended_by_signals(app), on_resume(self._resume):
            typed = self._session.prompt(default=default, handle_sigint=False)
        if app.erase_when_done:
            show_prompt(self._screen, typed)
        return argument_text(typed, "the line")

    def settle(self, line: str, *, refused: bool) -> None:
        """Record whether a line was refused; a refused one is not suggested again."""
        self._history.settle(line, refused=refused)

    def ask(self, question: str) -> str:
        """Return the answer to a question. It is not saved in the history."""
        return typed_answer(question, self._input, self._output)

    def choose(self, rows: Sequence[str], preview: Callable[[int], str]) -> int | None:
        """Return the index of the row chosen with the arrow keys, None if cancelled."""
        app = picked(rows, preview, self._screen, self._input, self._output)
        with ended_by_signals(app):
            return app.run(handle_sigint=False)

    def _resume(self) -> None:
        loop = self._session.app.loop
        if loop:  # pragma: no branch - race
            loop.call_soon_threadsafe(self._begin_anew)

    def _begin_anew(self) -> None:
        """Restore the terminal modes and redraw, which the shell has used in between."""
        app = self._session.app
        # After Ctrl-Z at the prompt, prompt_toolkit restores them itself.
        if not app.is_running or app._running_in_terminal or not is_ours(self._input.fileno()):  # noqa: SLF001 - not available publicly
            return
        self._input.raw_mode().__enter__()  # the outermost raw_mode restores the modes at exit
        self._output.write_raw("\r\x1b[J")  # from where the shell has left the cursor
        app.renderer.reset()
        app.renderer.request_absolute_cursor_position()
        app.invalidate()

    def _is_command(self) -> bool:
        return may_be_command(self._session.default_buffer.text)

    def _completes(self) -> bool:
        line = self._session.default_buffer.document.current_line_before_cursor
        return self._is_command() or begun_mention(line) is not None

    def _toolbar(self) -> StyleAndTextTuples | None:
        columns, rows = self._screen.size()
        if rows < _FOR_STATUS:
            return None
        height = line_height(self._session.app, rows)
        hidden = [_size(self._session.default_buffer.text)] if height >= rows else []
        status = fitting(_joined([*hidden, *self._hooks.status()], columns - 1), columns - 1)
        if height >= rows - 1:
            return [("", status)]  # the prompt fills the screen
        mark = END_OF_ROW.encode(self._screen.encoding, "ignore").decode(self._screen.encoding)
        return [("", status), ("", " " * (columns - 1 - get_cwidth(status)) + mark)]

    def _rendered(self, _: object) -> None:
        if self._shown:
            self._shown()
            self._shown = None


def _size(draft: str) -> str:
    """Return the size of a draft of which only a part is shown."""
    lines = draft.count("\n") + 1
    return f"{lines} lines" if lines > 1 else f"{len(draft)} characters"


def _joined(parts: Sequence[str], columns: int) -> str:
    """Join as many parts as fit into `columns`, at least the first one."""
    line = ""
    for part in map(one_line, parts):
        longer = f"{line} · {part}" if line else f" {part}"
        if line and len(longer) > columns:
            break
        line = longer
    return line
