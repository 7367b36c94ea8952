"""`srchat batch`: the group of its commands."""

import pytest

from tests.conftest import Srchat

COMMANDS = ["make", "run", "read", "submit", "status", "fetch", "cancel"]


def test_the_commands_are_listed_in_the_order_of_their_use(srchat: Srchat) -> None:
    first_words = [line.split()[0] for line in srchat("batch").text.splitlines() if line.split()]
    assert [word for word in first_words if word in COMMANDS] == COMMANDS


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_has_its_help(srchat: Srchat, name: str) -> None:
    result = srchat("batch", name, "--help")
    assert (result.code, result.err) == (0, "")
    assert f"srchat batch {name} [OPTIONS]" in result.text


def test_what_is_made_can_be_run_and_read(srchat: Srchat) -> None:
    assert srchat("batch", "make", "square {line}", "-o", "in.jsonl", stdin=b"2\n").code == 0
    assert srchat("batch", "run", "in.jsonl", "-p", "demo").code == 0
    assert "square 2" in srchat("batch", "read", "in.out.jsonl").text
