"""Key bindings that differ from those of prompt_toolkit."""

from collections.abc import Callable, Mapping
from typing import Final

from prompt_toolkit.application import Application, run_in_terminal
from prompt_toolkit.completion import CompleteEvent, get_common_complete_suffix
from prompt_toolkit.document import Document
from prompt_toolkit.enums import DEFAULT_BUFFER
from prompt_toolkit.filters import has_completions, has_focus, has_selection, vi_navigation_mode
from prompt_toolkit.input.ansi_escape_sequences import ANSI_SEQUENCES
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.keys import Keys

from srchat.errors import UsageError
from srchat.repl.mentions import pasted
from srchat.repl.prompt_renderer import PromptRenderer, line_height
from srchat.text_input import argument_text, edited

_NEW_LINE: Final = (Keys.Escape, Keys.ControlM)
# Sequences that prompt_toolkit inserts as text or takes for a plain Enter. Some terminals send
# Shift-Enter (kitty, foot, WezTerm, tmux with extended-keys). Focus events are sent if an earlier
# program has enabled them.
_SEQUENCES: Final[Mapping[str, Keys | tuple[Keys, ...]]] = {
    "\x1b[13;2u": _NEW_LINE,  # Shift-Enter
    "\x1b[27;2;13~": _NEW_LINE,  # Shift-Enter
    "\x1b[13;3u": _NEW_LINE,  # Alt-Enter
    "\x1b[27;3;13~": _NEW_LINE,  # Alt-Enter
    "\x1b[13;5u": Keys.ControlM,  # Ctrl-Enter
    "\x1bOM": Keys.ControlM,  # Enter of the number pad
    "\x1b[I": Keys.Ignore,  # the window got the focus
    "\x1b[O": Keys.Ignore,  # the window lost the focus
}


def bindings(environ: Mapping[str, str], failed: Callable[[str, str], None]) -> KeyBindings:
    """Return the bindings: Enter sends, Alt- or Shift-Enter is a new line, Ctrl-G the editor.

    `failed`: called with a message and a hint if the editor cannot be run.
    """
    ANSI_SEQUENCES.update(_SEQUENCES)
    keys = KeyBindings()
    at_prompt = has_focus(DEFAULT_BUFFER)
    keys.add("enter", filter=at_prompt)(_send)
    keys.add("c-j", filter=at_prompt)(_send)
    keys.add("tab", filter=at_prompt)(_complete)
    keys.add("escape", "enter", filter=at_prompt)(_begin_line)
    keys.add(Keys.BracketedPaste, filter=at_prompt)(_paste)
    keys.add(Keys.CPRResponse, save_before=lambda _: False)(_locate)
    # Mouse support is off, so a mouse event is pasted text, for which the default handler may fail.
    keys.add(Keys.Vt100MouseEvent)(_ignore)

    # Ctrl-G cancels a selection or a menu.
    @keys.add("c-g", filter=at_prompt & ~has_selection & ~has_completions)
    @keys.add("c-x", "c-e", filter=at_prompt)
    @keys.add("v", filter=at_prompt & vi_navigation_mode)
    def _(event: KeyPressEvent) -> None:
        run_in_terminal(lambda: _edit(event, environ, failed))

    return keys


def _send(event: KeyPressEvent) -> None:
    buffer = event.current_buffer
    if buffer.complete_state and buffer.complete_state.current_completion:
        buffer.complete_state = None  # accept the completion; the next Enter sends the line
    elif buffer.document.text_before_cursor.endswith("\\"):
        buffer.delete_before_cursor()
        _begin_line(event)
    else:
        # A line that does not fit would remain truncated, so PromptLines.read prints it in full.
        event.app.erase_when_done = _is_cut(event.app)
        buffer.validate_and_handle()


def _is_cut(app: Application[str]) -> bool:
    """Tell whether the line has more rows than the screen."""
    rows = app.output.get_size().rows
    return line_height(app, rows + 1) > rows


def _locate(event: KeyPressEvent) -> None:
    renderer = event.app.renderer
    assert isinstance(renderer, PromptRenderer)
    row, column = event.data[2:-1].split(";")
    renderer.report_cursor(int(row) - 1, int(column) - 1)


def _ignore(_event: KeyPressEvent) -> None:
    pass


def _paste(event: KeyPressEvent) -> None:
    # Pasted text must not attach a file.
    text = event.data.replace("\r\n", "\n").replace("\r", "\n")
    document = event.current_buffer.document
    line, cursor = pasted(document.text_before_cursor, text, document.text_after_cursor)
    event.current_buffer.document = Document(line, cursor)


def _begin_line(event: KeyPressEvent) -> None:
    event.current_buffer.newline(copy_margin=False)


def _complete(event: KeyPressEvent) -> None:
    buffer = event.current_buffer
    if buffer.complete_state and len(buffer.complete_state.completions) > 1:
        buffer.complete_next()
        return
    # Not in a background task: the menu may not be open yet if the user types fast.
    asked = CompleteEvent(completion_requested=True)
    found = list(buffer.completer.get_completions(buffer.document, asked))
    if len(found) == 1:
        buffer.apply_completion(found[0])
    else:
        buffer.insert_text(get_common_complete_suffix(buffer.document, found))
    buffer.start_completion()  # opens the menu, also for what may follow


def _edit(
    event: KeyPressEvent, environ: Mapping[str, str], failed: Callable[[str, str], None]
) -> None:
    buffer = event.current_buffer
    try:
        text = edited(argument_text(buffer.text, "the line"), environ).rstrip("\n")
    except UsageError as exc:
        failed(exc.message, exc.hint)
        return
    buffer.text = text
    buffer.cursor_position = len(text)
