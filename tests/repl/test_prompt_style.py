"""The style of the prompt, the completion menu, and vi's command mode."""

import re

import pytest

from tests.conftest import Serve, Srchat
from tests.support.chatting import CTRL_C, ENTER, ESC, ChatTerminal, sent_messages
from tests.support.server import answer

FIXED_COLOR = rb"\x1b\[[0-9;]*[34]8;[25];"  # a 256-color or RGB color


def char_styles(chat: ChatTerminal, line: str) -> list[tuple[str, bool]]:
    """Return the color and boldness of each character of the first line with this text."""
    cells = next(
        row for row in chat.terminal.cells if "".join(cell.data for cell in row).strip() == line
    )
    return [(cell.fg, cell.bold) for cell in cells if cell.data != " "]


def reversed_rows(chat: ChatTerminal) -> list[int]:
    """Return the rows with a reversed character, which may be a trailing blank."""
    screen = chat.terminal._screen
    return [y for y in range(screen.lines) if any(c.reverse for c in screen.buffer[y].values())]


def test_a_sent_prompt_stands_out_from_the_answer(srchat: Srchat, serve: Serve) -> None:
    with ChatTerminal(srchat, serve(answer("Fine.")).url) as chat:
        chat.run("hello")
        assert char_styles(chat, "> hello") == [("green", True), *[("default", True)] * 5]
        assert set(char_styles(chat, "Fine.")) == {("default", False)}
        chat.leave()


@pytest.mark.parametrize(
    ("no_color", "sign", "is_bold"), [("", "green", True), ("1", "default", False)]
)
def test_a_prompt_that_was_not_typed_here_looks_the_same(
    srchat: Srchat, serve: Serve, no_color: str, sign: str, is_bold: bool
) -> None:
    server = serve(answer("Fine."))
    with ChatTerminal(srchat, server.url, "hello", NO_COLOR=no_color) as chat:
        chat.wait_for_text("Fine.")
        expected = [(sign, is_bold), *[("default", is_bold)] * 5]
        assert char_styles(chat, "> hello") == expected
        chat.leave()
    with ChatTerminal(srchat, server.url, "-c", NO_COLOR=no_color) as chat:
        chat.wait_for_prompt()
        assert char_styles(chat, "> hello") == expected


def test_the_lines_of_a_stored_prompt_are_indented(srchat: Srchat, serve: Serve) -> None:
    srchat("ask", "one\ntwo", "--base-url", serve(answer("Fine.")).url)
    with ChatTerminal(srchat, serve(answer("Fine.")).url, "-c") as chat:
        chat.wait_for_prompt()
        assert "> one\n  two\n" in chat.text


def test_menu_suggestion_and_discarded_line_have_the_colors_of_the_terminal(
    srchat: Srchat, serve: Serve
) -> None:
    with ChatTerminal(srchat, serve(answer("Fine.")).url) as chat:
        chat.run("hello")
        chat.wait_for_prompt()
        chat.type("hel")
        chat.wait_for(lambda _: chat.text.count("hello") == 2)
        chat.type(CTRL_C + "/")
        chat.wait_for_text("list commands")
        chat.type("\t")
        chat.wait_for_text("> /help")
        chat.type(CTRL_C)
        chat.leave()
        assert not re.search(FIXED_COLOR, chat.raw)


def test_the_chosen_row_of_the_menu_is_reversed(srchat: Srchat, serve: Serve) -> None:
    with ChatTerminal(srchat, serve(answer("Fine.")).url) as chat:
        chat.wait_for_prompt()
        chat.type("/")
        chat.wait_for_text("list commands")
        chat.type("\t\t")
        chat.wait_for_text("> /usage")
        rows = {"".join(c.data for c in row).split()[0]: row for row in chat.terminal.cells if row}
        assert {cell.reverse for cell in rows["usage"][3:]} == {True}
        assert not any(cell.reverse for cell in rows["help"][:40])


@pytest.mark.parametrize(
    ("typed", "offered"), [("/us", "usage  tokens"), ("/file notes/re", "report.txt")]
)
def test_the_menu_is_below_the_word(srchat: Srchat, serve: Serve, typed: str, offered: str) -> None:
    folder = srchat.home / "notes"
    folder.mkdir()
    for name in ("report.txt", "readme.txt"):
        (folder / name).touch()
    with ChatTerminal(srchat, serve(answer("Fine.")).url) as chat:
        chat.wait_for_prompt()
        chat.type(typed)
        chat.wait_for_text(offered)
        shown = next(line for line in chat.terminal.screen[chat.row + 1 :] if offered in line)
        word = typed.rstrip().replace("/", " ").split()[-1]
        assert shown.index(offered) == chat.terminal.screen[chat.row].rindex(word)


def test_a_long_menu_scrolls_and_a_short_one_has_no_scrollbar(srchat: Srchat, serve: Serve) -> None:
    for number in range(30):
        (srchat.home / f"note-{number:02}").touch()
    with ChatTerminal(srchat, serve(answer("Fine.")).url, size=(80, 40)) as chat:
        chat.wait_for_prompt()
        chat.type("/file note-1")
        chat.wait_for_text("note-19")
        assert not reversed_rows(chat)
        chat.type(CTRL_C + "/file note")
        chat.wait_for_text("note-05")
        assert "note-16" not in chat.text
        chat.type("\t" * 20)
        chat.wait_for_text("> /file note-19")
        assert any(line.strip() == "note-19" for line in chat.terminal.screen[chat.row + 1 :])
        assert len(reversed_rows(chat)) > 1  # the chosen one, and the scrollbar


def test_the_prompt_shows_the_command_mode_of_vi(srchat: Srchat, serve: Serve) -> None:
    server = serve(answer("Fine."))
    with ChatTerminal(srchat, server.url, SRCHAT_KEYS="vi") as chat:
        chat.wait_for_prompt()
        chat.type("hello" + ESC)
        chat.wait_for(lambda _: chat.terminal.screen[chat.row] == ": hello", "the sign")
        chat.type("a")
        chat.wait_for(lambda _: chat.terminal.screen[chat.row] == "> hello", "the sign")
        chat.type(ESC)
        chat.wait_for(lambda _: chat.terminal.screen[chat.row] == ": hello", "the sign")
        chat.type(ENTER)
        chat.wait_for_text("Fine.")
        assert "> hello" in chat.text
    assert sent_messages(server) == [("user", "hello")]
