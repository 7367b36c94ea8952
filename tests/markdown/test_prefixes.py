"""Row prefixes fit the screen."""

import re

import pytest
from markdown_it.token import Token

from srchat.markdown import splitter
from tests.support.markdown_documents import cut
from tests.support.printed import committed, printed
from tests.support.terminal import TerminalOutput


@pytest.mark.parametrize("columns", [8, 12, 20, 30])
def test_blank_rows_between_nested_quotes_fit_the_screen(columns: int) -> None:
    text = "> " * 20 + "a\n" + "> " * 20 + "\n" + "> " * 20 + "b\n"
    shown = re.sub(r"\x1b\[[0-9;]*m", "", printed(text, TerminalOutput(columns, 24)))
    assert all(len(row) <= columns for row in shown.split("\n"))


def test_deeply_nested_quotes_are_not_parsed_repeatedly(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    parsed = []
    original = splitter.block_tokens

    def counted(*args: object) -> list[Token]:
        parsed.append(1)
        return original(*args)  # type: ignore[arg-type] # passed through

    monkeypatch.setattr(splitter, "block_tokens", counted)
    text = ">" * 50 + " a\n" + "lazy line here\n" * 600
    committed(cut(text, [40]), TerminalOutput())
    assert len(parsed) < 40
