"""Keys at the prompt in a real terminal: new lines, the editor, vi mode."""

from pathlib import Path

import pytest

from tests.conftest import Serve, Srchat
from tests.support.chatting import ENTER, ESC, ChatTerminal, sent_messages
from tests.support.server import answer


def test_a_trailing_backslash_and_alt_enter_start_a_new_line(srchat: Srchat, serve: Serve) -> None:
    server = serve(answer("Fine."))
    with ChatTerminal(srchat, server.url) as chat:
        chat.wait_for_prompt()
        chat.type("one\\" + ENTER + "two" + ESC + ENTER + "three" + ENTER)
        chat.wait_for_text("Fine.")
    assert sent_messages(server) == [("user", "one\ntwo\nthree")]


@pytest.mark.parametrize("keys", ["emacs", "vi"])
@pytest.mark.parametrize("shift_enter", ["\x1b[13;2u", "\x1b[27;2;13~"])
def test_shift_enter_starts_a_new_line_if_the_terminal_reports_it(
    srchat: Srchat, serve: Serve, keys: str, shift_enter: str
) -> None:
    server = serve(answer("Fine."))
    with ChatTerminal(srchat, server.url, SRCHAT_KEYS=keys) as chat:
        chat.wait_for_prompt()
        chat.type("one" + shift_enter + "two" + ENTER)
        chat.wait_for_text("Fine.")
    assert sent_messages(server) == [("user", "one\ntwo")]


def test_other_sequences_of_terminals_are_not_inserted(srchat: Srchat, serve: Serve) -> None:
    got_focus, lost_focus, enter_of_the_number_pad = "\x1b[I", "\x1b[O", "\x1bOM"
    server = serve(answer("Fine."))
    with ChatTerminal(srchat, server.url) as chat:
        chat.wait_for_prompt()
        chat.type("one" + lost_focus + got_focus + " two" + enter_of_the_number_pad)
        chat.wait_for_text("Fine.")
    assert sent_messages(server) == [("user", "one two")]


def test_vi_keys(srchat: Srchat, serve: Serve) -> None:
    server = serve(answer("Fine."))
    with ChatTerminal(srchat, server.url, SRCHAT_KEYS="vi") as chat:
        chat.wait_for_prompt()
        chat.type("hexlo" + ESC)
        chat.read(0.5)
        chat.type("hhrlA world" + ENTER)
        chat.wait_for_text("Fine.")
    assert sent_messages(server) == [("user", "hello world")]


@pytest.mark.parametrize("keys", ["\x07", "\x18\x05"])
def test_the_editor_edits_the_line(srchat: Srchat, serve: Serve, tmp_path: Path, keys: str) -> None:
    editor = tmp_path / "editor"
    editor.write_text(
        '#!/bin/sh\nprintf "%s\\nand more\\n" "$(cat "$1")" > "$1.x"; mv "$1.x" "$1"\n'
    )
    editor.chmod(0o755)
    server = serve(answer("Fine."))
    with ChatTerminal(srchat, server.url, EDITOR=str(editor)) as chat:
        chat.wait_for_prompt()
        chat.type("begun" + keys)
        chat.wait_for_text("and more")
        chat.type(ENTER)
        chat.wait_for_text("Fine.")
    assert sent_messages(server) == [("user", "begun\nand more")]


@pytest.mark.parametrize("typed", ["", "begun"])
@pytest.mark.parametrize("keys", ["emacs", "vi"])
def test_an_editor_that_saves_an_empty_file_empties_the_line(
    srchat: Srchat, serve: Serve, tmp_path: Path, typed: str, keys: str
) -> None:
    editor = tmp_path / "editor"
    editor.write_text('#!/bin/sh\ncp "$1" before; printf "\\n" > "$1"; touch "$HOME/done"\n')
    editor.chmod(0o755)
    server = serve(answer("Fine."))
    with ChatTerminal(srchat, server.url, EDITOR=str(editor), SRCHAT_KEYS=keys) as chat:
        chat.wait_for_prompt()
        chat.type(typed + "\x07")
        chat.wait_for(lambda _: (srchat.home / "done").exists())
        chat.wait_for_prompt()
        chat.run("hello")
    assert (srchat.home / "before").read_text() == typed
    assert sent_messages(server) == [("user", "hello")]


def test_ctrl_g_closes_the_menu_first(srchat: Srchat, serve: Serve) -> None:
    with ChatTerminal(srchat, serve(answer("x")).url, EDITOR="/no/such") as chat:
        chat.wait_for_prompt()
        chat.type("/c")
        chat.wait_for_text("copy [N]")
        chat.type("\x07")
        chat.wait_for(lambda _: "copy [N]" not in chat.text, "the end of the menu")
        assert "editor" not in chat.text
        chat.type("\x07")
        chat.wait_for_text("cannot start the editor")


def test_a_missing_editor_is_reported_and_the_line_kept(srchat: Srchat, serve: Serve) -> None:
    server = serve(answer("Fine."))
    with ChatTerminal(srchat, server.url, EDITOR="/no/such") as chat:
        chat.wait_for_prompt()
        chat.type("begun\x18\x05")
        chat.wait_for_text("cannot start the editor")
        chat.type(" on" + ENTER)
        chat.wait_for_text("Fine.")
    assert sent_messages(server) == [("user", "begun on")]


def test_tab_cycles_through_the_menu_and_enter_accepts(srchat: Srchat, serve: Serve) -> None:
    with ChatTerminal(srchat, serve(answer("x")).url) as chat:
        chat.wait_for_prompt()
        chat.type("/c")
        chat.wait_for_text("copy [N]")
        for chosen in ("> /continue", "> /copy"):
            chat.type("\t")
            chat.wait_for(lambda chat: chat.terminal.screen[chat.row] == chosen, chosen)  # noqa: B023 - called in this iteration
        chat.type(ENTER)
        chat.wait_for(lambda chat: "continue an" not in chat.text, "the end of the menu")
        assert chat.terminal.screen[chat.row] == "> /copy"
        chat.type(ENTER)
        chat.wait_for_text("srchat:")
