"""The list of commands and keys in terminals of all widths."""

import pytest

from srchat.repl.help_layout import help_lines
from srchat.repl.slash_commands import _KEYS, COMMANDS
from srchat.terminal.word_wrap import wrapped_text
from tests.conftest import Serve, Srchat
from tests.support.chatting import ChatTerminal
from tests.support.server import answer

COMMANDS_OF = {
    "One": [("/first [N]", "do the first thing"), ("/b", "do b")],
    "Other": [("/c", "c")],
}
KEYS = [("Ctrl-A", "a"), ("Ctrl-B", "b"), ("@", "c")]


def shown(columns: int) -> list[str]:
    lines, indent = help_lines(COMMANDS_OF, KEYS, columns)
    return wrapped_text("\n".join(lines), columns, indent).splitlines()


def test_in_a_wide_terminal_group_names_are_beside_their_commands() -> None:
    assert [line.rstrip() for line in shown(76)] == [
        "One    /first [N]  do the first thing",
        "       /b          do b",
        "Other  /c          c",
        "Keys   Ctrl-A  a                         Ctrl-B  b",
        "       @       c",
    ]


def test_in_a_narrow_terminal_group_names_are_above_and_texts_are_wrapped() -> None:
    assert shown(28) == [
        "One:", "/first [N]  do the first", "            thing", "/b          do b", "",
        "Other:", "/c          c", "",
        "Keys:", "Ctrl-A  a", "Ctrl-B  b", "@       c",
    ]  # fmt: skip


def test_in_the_narrowest_terminal_texts_are_below_their_commands() -> None:
    assert shown(20)[:4] == ["One:", "/first [N]", "    do the first", "    thing"]


@pytest.mark.parametrize("columns", [80, 40, 24])
def test_help_is_complete_and_splits_no_word(srchat: Srchat, serve: Serve, columns: int) -> None:
    with ChatTerminal(srchat, serve(answer("Fine.")).url, size=(columns, 24)) as chat:
        text = " ".join(chat.run("/help").split())
        assert all(f"{command.help} " in f"{text} " for command in COMMANDS.values())
        assert all(f"{key} {what}" in text for key, what in _KEYS)
        if columns == 40:
            assert "/load [ID]           continue another\n                     conver" in chat.text
