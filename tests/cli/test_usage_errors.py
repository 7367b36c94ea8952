"""Hints for commands that do not exist."""

import pytest

from tests.conftest import Srchat


@pytest.mark.parametrize(
    ("args", "hints"),
    [
        (("list",), ["did you mean: srchat history list", "see: srchat --help"]),
        (("edit",), ["did you mean: srchat config edit", "see: srchat --help"]),
        (("login",), ["did you mean: srchat config init", "see: srchat --help"]),
        (("histori",), ["did you mean: srchat history", "see: srchat --help"]),
        (("xyzzy",), ['to ask a question: srchat ask "..."', "see: srchat --help"]),
        (("batch", "rum"), ["did you mean: srchat batch run", "see: srchat batch --help"]),
        (("history", "init"), ["see: srchat history --help"]),
    ],
)
def test_an_unknown_command_has_a_hint(
    srchat: Srchat, args: tuple[str, ...], hints: list[str]
) -> None:
    result = srchat(*args)
    assert (result.code, result.out) == (2, b"")
    group = f"{args[0]}: " if args[1:] else ""
    assert result.err.splitlines() == [
        f"srchat: error: {group}no such command '{args[-1]}'",
        *(f"hint: {hint}" for hint in hints),
    ]
