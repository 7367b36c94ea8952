"""The syntax of slash commands and messages."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from srchat.repl.slash_syntax import line_of, message_of


@pytest.mark.parametrize("line", ["/help", "/help me", "/?", "/nonsense", "/", "/ model x", "/\n"])
def test_a_word_after_a_slash_is_a_command(line: str) -> None:
    assert message_of(line) is None


@pytest.mark.parametrize(
    ("line", "message"),
    [("//help", "/help"), ("///x", "//x"), ("// a comment", "// a comment"), ("/* c */", "/* c */"),
     ("/// x", "/ x"), ("///", "/"), ("hi /help", "hi /help"), ("//usr/bin", "/usr/bin"),
     ("/usr/bin/x is broken", "/usr/bin/x is broken"), ("/etc/hosts", "/etc/hosts"),
     (" /help", " /help")],
)  # fmt: skip
def test_other_lines_are_messages(line: str, message: str) -> None:
    assert message_of(line) == message


@given(st.text(alphabet="/ab ?\n*", max_size=8))
def test_every_message_can_be_typed(message: str) -> None:
    assert message_of(line_of(message)) == message
