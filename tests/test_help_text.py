"""The generated help is what the command line prints."""

import pytest

from srchat.help_text import HELP
from tests.conftest import Srchat
from tests.support.pseudo_terminal import TerminalSession


def test_help_is_that_of_the_command_tree(srchat: Srchat) -> None:
    assert srchat("--help").out == srchat("--help", COLUMNS="80").out


@pytest.mark.parametrize(("columns", "is_wrapped"), [(60, True), (80, False), (200, False)])
def test_help_is_wrapped_on_a_narrow_terminal(
    srchat: Srchat, columns: int, is_wrapped: bool
) -> None:
    command = srchat.command("--help")
    with TerminalSession(command, srchat.env, columns=columns, lines=40) as session:
        session.wait()
    assert (session.lines == HELP.splitlines()) is not is_wrapped
    assert max(map(len, session.lines)) < columns
