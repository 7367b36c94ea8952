"""Asks one question on a terminal, with line editing and completion."""

import signal
import sys
from collections.abc import Mapping, Sequence
from typing import Final

from prompt_toolkit.completion import WordCompleter
from prompt_toolkit.input import Input
from prompt_toolkit.input.defaults import create_input
from prompt_toolkit.input.typeahead import clear_typeahead
from prompt_toolkit.output import Output as TerminalOutput
from prompt_toolkit.shortcuts import PromptSession

from srchat.errors import Interrupted
from srchat.repl.interruption import ended_by_signals
from srchat.repl.prompt_style import MENU_STYLE, adjust_menu
from srchat.repl.terminal_output import terminal_output
from srchat.terminal.sanitize import one_line
from srchat.terminal.streams import Output

_MENU: Final = 6  # rows for completions


def typed_answer(
    question: str, input: Input, output: TerminalOutput, choices: Sequence[str] = ()
) -> str:
    """Return the answer to a question. Tab completes `choices`.

    Raises EOFError at the end, KeyboardInterrupt on Ctrl-C, and Interrupted on other signals.
    """
    session: PromptSession[str] = PromptSession(
        f"{one_line(question)} ",
        completer=WordCompleter(choices, sentence=True, match_middle=True),
        complete_while_typing=False,
        reserve_space_for_menu=min(_MENU, len(choices) + 1),
        style=MENU_STYLE,
        enable_suspend=True,
        input=input,
        output=output,
    )
    session.app.renderer.cpr_not_supported_callback = None
    adjust_menu(session)
    with ended_by_signals(session.app):
        return session.prompt(handle_sigint=False)


def completed_answer(
    question: str, choices: Sequence[str], screen: Output, environ: Mapping[str, str]
) -> str:
    """Return the answer to a question outside a chat. Tab completes `choices`.

    Raises EOFError at the end, and Interrupted.
    """
    keys = create_input(sys.stdin)
    try:
        return typed_answer(question, keys, terminal_output(screen, environ), choices)
    except KeyboardInterrupt as exc:
        raise Interrupted(signal.SIGINT) from exc
    finally:
        # Text typed ahead may be a key, and the next question may echo it.
        clear_typeahead(keys)
