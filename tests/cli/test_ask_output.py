"""The outputs of `ask`: exact bytes in a pipe, or only the code of an answer."""

from itertools import combinations

import pytest

from tests.conftest import Serve, Srchat
from tests.support.server import CLOSE, DONE, HOLD, Script, answer, chunk, event, head


def test_a_piped_answer_is_its_exact_bytes(srchat: Srchat, serve: Serve) -> None:
    text = "Café\t日本\r\n\x1b[31mred\x1b[0m \U0001f600\u2028end\n"
    server = serve(answer(*text))
    result = srchat("ask", "hi", "--base-url", server.url)
    assert result == (0, text.encode(), "")


def test_a_missing_final_newline_is_added(srchat: Srchat, serve: Serve) -> None:
    server = serve(answer("no newline"), answer("two\n\n"))
    assert srchat("ask", "hi", "--base-url", server.url).out == b"no newline\n"
    assert srchat("ask", "hi", "--base-url", server.url).out == b"two\n\n"


def test_output_is_utf8_whatever_the_locale(srchat: Srchat, serve: Serve) -> None:
    server = serve(answer("ż日"))
    result = srchat("ask", "hi", "--base-url", server.url, LC_ALL="C", PYTHONIOENCODING="latin-1")
    assert result.out == "ż日\n".encode()


def test_surrogate_halves_are_joined_and_a_lone_one_is_replaced(
    srchat: Srchat, serve: Serve
) -> None:
    server = serve(answer("a\ud83d", "\ude00b\udc00c"))
    assert srchat("ask", "hi", "--base-url", server.url).text == "a\U0001f600b\ufffdc\n"


def test_each_piece_is_written_when_it_arrives(srchat: Srchat, serve: Serve) -> None:
    server = serve([head(), chunk("first"), HOLD])
    process = srchat.start("ask", "hi", "--base-url", server.url)
    assert process.stdout.read(5) == b"first"
    process.terminate()
    assert process.wait_for_result() == (143, b"\n", "srchat: terminated\n")


def test_with_code_the_file_has_the_code(srchat: Srchat, serve: Serve) -> None:
    path = srchat.home / "out.sh"
    url = serve(answer(TWO_BLOCKS)).url
    assert srchat("ask", "hi", "-x", "-o", str(path), "--base-url", url).out == b"ls\n"
    assert path.read_bytes() == b"ls\n"


TWO_BLOCKS = "Do:\n\n```sh\nls\n```\n\nor\n\n  ~~~\n  a\n   b\n  ~~~\nDone."


def test_code_prints_only_the_first_code_block(srchat: Srchat, serve: Serve) -> None:
    result = srchat("ask", "hi", "-x", "--base-url", serve(answer(TWO_BLOCKS)).url)
    assert (result.code, result.out) == (0, b"ls\n")
    assert result.err == (
        "srchat: warning: printed the first of 2 code blocks\nhint: --code-all prints all of them\n"
    )
    one = srchat("ask", "hi", "-x", "--base-url", serve(answer("> ```\n> ls\n> ```\n")).url)
    assert one == (0, b"ls\n", "")


def test_code_all_prints_all_code_blocks(srchat: Srchat, serve: Serve) -> None:
    result = srchat("ask", "hi", "--code-all", "--base-url", serve(answer(TWO_BLOCKS)).url)
    assert result == (0, b"ls\n\na\n b\n", "")


@pytest.mark.parametrize("modes", list(combinations(["--json", "--raw", "-x", "--code-all"], 2)))
def test_only_one_way_to_print(srchat: Srchat, modes: tuple[str, str]) -> None:
    result = srchat("ask", "hi", "-p", "demo", *modes)
    assert (result.code, result.out) == (2, b"")
    assert "cannot be combined with" in result.err


def test_code_without_a_code_block_fails_and_prints_the_answer_to_stderr(
    srchat: Srchat, serve: Serve
) -> None:
    server = serve(answer("Just \x1b]0;evil\x07 prose."))
    result = srchat("ask", "hi", "-x", "--base-url", server.url)
    assert (result.code, result.out) == (6, b"")
    assert "Just \\x1b]0;evil\\x07 prose." in result.err


@pytest.mark.parametrize(
    "rest", [[CLOSE], [chunk(finish="content_filter"), DONE], [event({"error": "broken"}), CLOSE]]
)
def test_an_answer_truncated_before_any_code_is_shown(
    srchat: Srchat, serve: Serve, rest: Script
) -> None:
    server = serve([head(), chunk("Just \x1b]0;evil\x07 pro"), *rest])
    result = srchat("ask", "hi", "-x", "--no-save", "--base-url", server.url)
    assert (result.code, result.out) == (6, b"")
    assert result.err.startswith("Just \\x1b]0;evil\\x07 pro\nsrchat: ")
    assert "no code block" not in result.err
