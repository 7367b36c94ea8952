"""`srchat last` prints a stored answer exactly."""

import json

import pytest

from tests.conftest import Serve, Srchat
from tests.support.pseudo_terminal import TerminalSession
from tests.support.server import CLOSE, DONE, answer, chunk, head

CODE = "Do:\n\n```sh\nls\n```\n\nor\n\n```sh\ndir\n```\n"


@pytest.fixture
def answered(srchat: Srchat, serve: Serve) -> Srchat:
    """Three answers in three conversations; the newest has reasoning and code."""
    thought = [head(), chunk(reasoning="Hm."), chunk(CODE, "stop"), DONE]
    server = serve(answer("first"), answer("second\n"), thought)
    for prompt in ("a", "b", "c"):
        assert srchat("ask", prompt, "--base-url", server.url).code == 0
    return srchat


def test_the_newest_answer_is_printed_without_a_request(answered: Srchat) -> None:
    assert answered("last") == (0, CODE.encode(), "")
    assert answered("last", "-n", "2").out == b"second\n"
    assert answered("last", "-n", "3").out == b"first\n"


def test_parts_of_it_can_be_printed(answered: Srchat) -> None:
    assert answered("last", "-x").out == b"ls\n"
    assert answered("last", "--block", "2").out == b"dir\n"
    assert answered("last", "--reasoning").out == b"Hm.\n"


def test_json_is_the_document_of_ask(answered: Srchat) -> None:
    document = json.loads(answered("last", "--json").out)
    assert (document["content"], document["reasoning"]) == (CODE, "Hm.")
    assert (document["complete"], document["error"]) == (True, None)
    assert document["conversation"] in answered("history", "list").out.decode()


@pytest.mark.parametrize(
    ("args", "why"),
    [
        (("-n", "4"), "no 4 stored answers"),
        (("--block", "3"), "the answer has only 2 code blocks"),
        (("-n", "3", "-x"), "the answer has no code block"),
        (("-x", "--json"), "cannot be combined"),
        (("-n", "0"), "-n"),
    ],
)
def test_a_missing_answer_or_part_is_an_error(
    answered: Srchat, args: tuple[str, ...], why: str
) -> None:
    result = answered("last", *args)
    assert (result.code, result.out) == (2, b"")
    assert why in result.err


def test_without_a_history_there_is_no_answer(srchat: Srchat) -> None:
    assert srchat("last") == (2, b"", "srchat: error: no stored answer\n")


def test_an_incomplete_answer_is_printed_with_a_warning(srchat: Srchat, serve: Serve) -> None:
    server = serve([head(), chunk("half"), CLOSE])
    assert srchat("ask", "a", "--base-url", server.url).code == 6
    result = srchat("last")
    assert (result.code, result.out) == (0, b"half\n")
    why = "the server closed the stream early"
    assert result.err == f"srchat: warning: incomplete answer: {why}\n"
    assert json.loads(srchat("last", "--json").out)["complete"] is False


SHOWN = pytest.mark.parametrize("words", [("last",), ("history", "show")])
BOLD = "\x1b[1mbold\x1b[0m"


@pytest.fixture
def bold(srchat: Srchat, serve: Serve) -> Srchat:
    assert srchat("ask", "q", "--base-url", serve(answer("**bold**")).url).code == 0
    return srchat


@SHOWN
def test_color_renders_a_stored_answer_into_a_pipe(bold: Srchat, words: tuple[str, ...]) -> None:
    assert BOLD in bold(*words, "--color", "always").text
    plain = bold(*words).text
    assert "**bold**" in plain
    assert bold(*words, "--color", "never").text == plain
    assert "must be auto, always or never" in bold(*words, "--color", "blue").err


@SHOWN
def test_the_option_color_overrides_the_setting(bold: Srchat, words: tuple[str, ...]) -> None:
    bold.configure('color = "always"\n')
    assert BOLD in bold(*words).text
    assert "\x1b" not in bold(*words, "--color", "never").text
    assert "\x1b" not in bold(*words, "--color", "auto").text


@SHOWN
def test_color_never_is_obeyed_on_a_terminal(bold: Srchat, words: tuple[str, ...]) -> None:
    bold.env["FORCE_COLOR"] = "1"
    with TerminalSession(bold.command(*words, "--color", "never"), bold.env) as session:
        assert session.wait() == 0
        assert "bold" in session.lines
    assert b"\x1b[3" not in session.raw


def test_exact_parts_stay_exact_with_color(answered: Srchat) -> None:
    assert answered("last", "-x", "--color", "always").out == b"ls\n"
    assert json.loads(answered("last", "--json", "--color", "always").out)["content"] == CODE
