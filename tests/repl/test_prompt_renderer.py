"""A draft while the window is resized, in terminals that cut rows off or rewrap them."""

import re
from collections import Counter

import pytest

from tests.conftest import Serve, Srchat
from tests.repl.test_pastes import Open, fill, in_pyte, in_tmux, in_wrapping_pyte, pasted, shown
from tests.support.chatting import ENTER, ChatTerminal, sent_messages
from tests.support.server import answer
from tests.support.tmux import Tmux, needs_tmux

tmux = pytest.param(in_tmux, marks=needs_tmux)
terminals = pytest.mark.parametrize("opened", [in_pyte, in_wrapping_pyte, tmux])
HELP_TOPICS = re.compile(r"^(General|Model|Prompt|Answer|History|Keys)\b", re.MULTILINE)


def wide_lines(count: int) -> str:
    """Return lines of 70 columns, which are wrapped in a narrow window."""
    return "\n".join(f"pasted {n:03} {'x' * 59}" for n in range(count))


def wait_for_redraw(chat: ChatTerminal | Tmux, columns: int) -> None:
    """Wait until the draft is shown at this width, with the status line."""
    first = f"> {wide_lines(1)}"[:columns]
    second = "  x" if columns < 70 else "  pasted 001"

    def is_drawn(chat: ChatTerminal | Tmux) -> bool:
        return f"{first}\n{second}" in chat.text and chat.lines[-1].startswith(" vllm-primary")

    chat.wait_for(is_drawn, f"the draft at {columns} columns")


def wait_for_rows(chat: ChatTerminal | Tmux, text: str) -> None:
    """Wait until each row of a pasted text is shown once: a redraw may be under way."""
    expected = Counter(text.split("\n"))
    chat.wait_for(lambda chat: shown(chat) == expected, "each row once")


@terminals
@pytest.mark.parametrize(
    "steps",
    [
        [(40, 24)],
        [(40, 20)],
        [(60, 30)],
        [(79, 24), (60, 24), (50, 24), (40, 24)],
        [(40, 24), (80, 24), (42, 24)],
    ],
)
def test_a_draft_is_shown_once_in_a_narrower_window(
    srchat: Srchat, serve: Serve, opened: Open, steps: list[tuple[int, int]]
) -> None:
    server = serve(answer("Fine."))
    with opened(srchat, server.url, (80, 24)) as chat:
        fill(chat)
        above = HELP_TOPICS.findall(chat.text)
        chat.paste(wide_lines(4))
        chat.wait_for_text("pasted 003")
        for columns, lines in steps:
            chat.resize(columns, lines)
            wait_for_redraw(chat, columns)
        wait_for_rows(chat, pasted(4))
        assert HELP_TOPICS.findall(chat.text) == above
        assert "@PATH      attach" in chat.text
        chat.type(ENTER)
        chat.wait_for_text("Fine.")
        wait_for_rows(chat, pasted(4))
    assert sent_messages(server) == [("user", wide_lines(4))]


@pytest.mark.parametrize("opened", [in_pyte, tmux])
def test_a_window_that_is_dragged_leaves_no_copies(
    srchat: Srchat, serve: Serve, opened: Open
) -> None:
    with opened(srchat, serve().url, (80, 24)) as chat:
        fill(chat)
        chat.paste(wide_lines(4))
        chat.wait_for_text("pasted 003")
        for columns in range(78, 40, -4):
            chat.resize(columns, 24)
        wait_for_redraw(chat, 42)
        wait_for_rows(chat, pasted(4))
        assert "@PATH      attach" in chat.text


@terminals
@pytest.mark.parametrize("size", [(60, 24), (40, 24), (40, 10)])
def test_a_draft_longer_than_the_screen_is_shown_once(
    srchat: Srchat, serve: Serve, opened: Open, size: tuple[int, int]
) -> None:
    with opened(srchat, serve(answer("Fine.")).url, (80, 24)) as chat:
        fill(chat)
        chat.paste(pasted(200))
        chat.wait_for_text("pasted 199")
        chat.resize(*size)
        chat.type("!")
        chat.wait_for_text("pasted 199!")
        if opened is in_pyte or size[1] == 24:
            assert set(shown(chat).values()) == {1}
        chat.type(ENTER)
        chat.wait_for_text("Fine.")
        assert "\n  ".join(pasted(200).split("\n")) in chat.text


@needs_tmux
def test_wide_characters_and_blank_rows_are_counted(srchat: Srchat, serve: Serve) -> None:
    draft = f"漢{'字' * 35}\n\n{'漢字' * 15}\nend"
    with in_tmux(srchat, serve().url, (80, 24)) as chat:
        fill(chat)
        chat.paste(draft)
        chat.wait_for_text("end")
        chat.resize(31, 24)
        chat.wait_for_text(f"> 漢{'字' * 13}\n  字")
        assert chat.text.count("> 漢") == 1
        assert "@PATH      attach" in chat.text


def test_a_terminal_that_does_not_report_its_cursor_is_redrawn(
    srchat: Srchat, serve: Serve
) -> None:
    with ChatTerminal(srchat, serve().url) as chat:
        fill(chat)
        chat.paste(wide_lines(4))
        chat.wait_for_text("pasted 003")
        chat.terminal._screen.write_process_input = str  # type: ignore[method-assign,assignment]
        chat.resize(40, 24)
        chat.wait_for_text("  xxx")
        wait_for_rows(chat, pasted(4))
        assert "@PATH      attach" in chat.text


def test_keys_typed_during_a_cursor_query_are_not_lost(srchat: Srchat, serve: Serve) -> None:
    server = serve(answer("Fine."))
    with ChatTerminal(srchat, server.url) as chat:
        chat.wait_for_prompt()
        chat.type("hello")
        chat.wait_for_text("> hello")
        chat.resize(40, 24)
        chat.type(" there" + ENTER)
        chat.wait_for_text("Fine.")
        assert chat.text.count("> hello there") == 1
    assert sent_messages(server) == [("user", "hello there")]
