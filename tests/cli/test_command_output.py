"""`ask --command`: one command is printed, or nothing."""

import pytest

from tests.conftest import Serve, Srchat
from tests.support.server import Script, answer, command_answer


def test_the_demo_answers_with_a_command(srchat: Srchat) -> None:
    result = srchat("ask", "-p", "demo", "--command", "say `hello` to me")
    assert result == (0, b'echo "say hello to me"\n', "")


def test_only_the_command_is_printed(srchat: Srchat, serve: Serve) -> None:
    server = serve(answer("Do:\n\n```sh\n", "git reset", " --soft\n```\nDone."))
    result = srchat("ask", "--command", "undo", "--base-url", server.url, SHELL="/bin/zsh")
    assert result == (0, b"git reset --soft\n", "")
    (request,) = server.requests
    system, user = request.json["messages"]
    assert user["content"] == "undo"
    assert "zsh command line for " in system["content"]
    assert not srchat.history.exists()


def test_a_system_prompt_of_the_user_stays(srchat: Srchat, serve: Serve) -> None:
    server = serve(command_answer("ls"))
    srchat("ask", "--command", "x", "-s", "be careful", "--base-url", server.url)
    assert server.requests[0].json["messages"][0]["content"].startswith("be careful\n\nAnswer with")


@pytest.mark.parametrize(
    ("script", "message"),
    [
        (answer("I cannot."), "the answer has no command"),
        (command_answer("ls \x1b[2J"), "control characters"),
        (command_answer("if x; then\nls\nfi"), "is a script"),
        (answer("```sh\nls\n```", finish="length"), "the command was cut"),
    ],
)
def test_without_a_command_nothing_is_printed(
    srchat: Srchat, serve: Serve, script: Script, message: str
) -> None:
    result = srchat("ask", "--command", "x", "--base-url", serve(script).url)
    assert (result.code, result.out) == (6, b"")
    assert message in result.err
    assert "\x1b" not in result.err


def test_it_cannot_be_combined(srchat: Srchat) -> None:
    assert "cannot be combined" in srchat("ask", "--command", "-x", "x").err
