"""A paste that is longer than the screen, in pyte and in tmux."""

import re
from collections import Counter
from collections.abc import Callable

import pytest

from tests.conftest import Serve, Srchat
from tests.support.chatting import CTRL_C, ENTER, ChatTerminal, sent_messages
from tests.support.server import answer
from tests.support.tmux import Tmux, needs_tmux

Chat = ChatTerminal | Tmux
Open = Callable[[Srchat, str, tuple[int, int]], Chat]


def in_pyte(srchat: Srchat, url: str, size: tuple[int, int]) -> Chat:
    return ChatTerminal(srchat, url, size=size)


def in_wrapping_pyte(srchat: Srchat, url: str, size: tuple[int, int]) -> Chat:
    chat = ChatTerminal(srchat, url, size=size)
    chat.terminal.rewraps = True
    return chat


def in_tmux(srchat: Srchat, url: str, size: tuple[int, int]) -> Chat:
    return Tmux(srchat.command("chat", "--base-url", url), srchat.env, srchat.home, *size)


terminals = pytest.mark.parametrize("opened", [in_pyte, pytest.param(in_tmux, marks=needs_tmux)])
sizes = pytest.mark.parametrize("size", [(80, 24), (40, 10)])


def pasted(count: int) -> str:
    return "\n".join(f"pasted {n:03}" for n in range(count))


def shown(chat: Chat) -> Counter[str]:
    """Count how often each pasted line is shown, scrollback included."""
    return Counter(re.findall(r"pasted \d\d\d", chat.text))


def fill(chat: Chat) -> None:
    """Fill the screen with output, so that the prompt is at the bottom."""
    chat.wait_for_prompt()
    chat.type("/help" + ENTER)
    chat.wait_for_text("start with a slash")
    chat.wait_for_prompt()


@terminals
@sizes
@pytest.mark.parametrize("at_bottom", [False, True])
def test_a_long_paste_is_shown_whole_and_once_when_it_is_sent(
    srchat: Srchat, serve: Serve, opened: Open, size: tuple[int, int], at_bottom: bool
) -> None:
    server = serve(answer("Fine."), answer("Good."))
    with opened(srchat, server.url, size) as chat:
        chat.wait_for_prompt()
        if at_bottom:
            fill(chat)
        chat.paste(pasted(200))
        chat.wait_for_text("pasted 199")
        # While it is edited, only the last rows are shown.
        assert set(shown(chat).values()) == {1}
        assert len(shown(chat)) < size[1]
        chat.type(ENTER)
        chat.wait_for_text("Fine.")
        chat.wait_for_prompt()
        assert shown(chat) == Counter(pasted(200).split("\n"))
        assert chat.text.index("> pasted 000") < chat.text.index("pasted 199")
        chat.type("next" + ENTER)
        chat.wait_for_text("Good.")
        assert "> next" in chat.text
    assert sent_messages(server, 0) == [("user", pasted(200))]


@terminals
@pytest.mark.parametrize("count", [7, 8, 9, 10, 11])
def test_a_paste_that_just_fits_or_just_not_is_shown_once(
    srchat: Srchat, serve: Serve, opened: Open, count: int
) -> None:
    with opened(srchat, serve(answer("Fine.")).url, (40, 10)) as chat:
        fill(chat)
        chat.paste(pasted(count))
        chat.wait_for_text(f"pasted {count - 1:03}")
        chat.type(ENTER)
        chat.wait_for_text("Fine.")
        assert shown(chat) == Counter(pasted(count).split("\n"))


@terminals
@sizes
def test_a_long_line_given_up_is_not_shown_twice(
    srchat: Srchat, serve: Serve, opened: Open, size: tuple[int, int]
) -> None:
    with opened(srchat, serve().url, size) as chat:
        fill(chat)
        chat.paste(pasted(200))
        chat.wait_for_text("pasted 199")
        chat.type(CTRL_C)
        chat.wait_for_prompt()
        assert set(shown(chat).values()) == {1}


@terminals
def test_a_line_longer_than_the_screen_is_shown_whole(
    srchat: Srchat, serve: Serve, opened: Open
) -> None:
    line = " ".join(f"pasted {n:03}," for n in range(100))
    with opened(srchat, serve(answer("Fine.")).url, (40, 10)) as chat:
        fill(chat)
        chat.paste(line)
        chat.wait_for_text("099")
        chat.type(ENTER)
        chat.wait_for_text("Fine.")
        shown = "".join(f"{row:40}" for row in chat.lines)
        assert shown.count(f"> {line}") == 1
