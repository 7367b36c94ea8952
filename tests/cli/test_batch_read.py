"""`srchat batch read`: answers in order, from any engine."""

import json
from typing import Any

import pytest

from tests.conftest import Srchat
from tests.support.pseudo_terminal import TerminalSession
from tests.support.server import completion


def success(custom_id: str, content: str, **response: Any) -> dict[str, Any]:
    answer = {"status_code": 200, "body": completion(content), **response}
    return {"id": "x", "custom_id": custom_id, "response": answer, "error": None}


def failure(custom_id: str, message: str) -> dict[str, Any]:
    return {"id": "x", "custom_id": custom_id, "error": {"message": message}}


def write(srchat: Srchat, name: str, *values: dict[str, Any]) -> None:
    text = "\n".join(json.dumps(value) for value in values)  # no line break at the end: OGX
    (srchat.home / name).write_text(text)


@pytest.fixture
def batch(srchat: Srchat) -> Srchat:
    """Three requests, of which two have results, in another order."""
    stdin = b"one\ntwo\nthree\n"
    assert srchat("batch", "make", "{line}", "-o", "in.jsonl", stdin=stdin).code == 0
    write(
        srchat, "out.jsonl", success("row-000003", "iii", seconds=2.5), success("row-000001", "i\n")
    )
    return srchat


def test_answers_are_in_the_order_of_their_numbers(batch: Srchat) -> None:
    assert batch("batch", "read", "out.jsonl") == (0, b"i\niii\n", "")


def test_other_ids_are_in_the_order_of_the_file_or_of_the_requests(srchat: Srchat) -> None:
    write(srchat, "out.jsonl", success("b", "2"), success("a", "1"))
    assert srchat("batch", "read", "out.jsonl").out == b"2\n1\n"
    (srchat.home / "t.jsonl").write_text('{"k": "a"}\n{"k": "b"}\n')
    srchat("batch", "make", "{k}", "--jsonl", "t.jsonl", "--id", "k", "-o", "in.jsonl")
    assert srchat("batch", "read", "out.jsonl", "--in", "in.jsonl").out == b"1\n2\n"


def test_a_request_without_a_result_is_missing(batch: Srchat) -> None:
    result = batch("batch", "read", "out.jsonl", "--in", "in.jsonl")
    assert (result.code, result.out) == (6, b"i\niii\n")
    assert result.messages == ["srchat: error: not all requests have answers: 1 without a result"]


def test_failures_are_reported_and_counted_even_in_the_failure_file(batch: Srchat) -> None:
    write(batch, "out.errors.jsonl", failure("row-000002", "too long"))
    result = batch("batch", "read", "out.jsonl", "--in", "in.jsonl")
    assert (result.code, result.out) == (6, b"i\niii\n")
    assert result.messages == [
        "srchat: warning: row-000002: too long",
        "srchat: error: not all requests have answers: 1 failed",
    ]


def test_an_answer_takes_precedence_over_a_failure(srchat: Srchat) -> None:
    write(srchat, "a.jsonl", failure("a", "no"), success("b", "2"))
    write(srchat, "b.jsonl", success("a", "1"), failure("b", "no"))
    assert srchat("batch", "read", "a.jsonl", "b.jsonl") == (0, b"1\n2\n", "")


def test_a_duplicate_answer_is_a_warning(srchat: Srchat) -> None:
    write(srchat, "out.jsonl", success("a", "1"), success("a", "2"))
    result = srchat("batch", "read", "out.jsonl")
    assert (result.code, result.out) == (0, b"1\n")
    assert "left out 1 answer with the id of an earlier one" in result.err


def test_json_has_a_line_for_each_result(batch: Srchat) -> None:
    write(batch, "out.errors.jsonl", failure("row-000002", "too long"))
    result = batch("batch", "read", "out.jsonl", "--in", "in.jsonl", "--json")
    usage = {"prompt_tokens": 3, "completion_tokens": 5, "total_tokens": 8}
    assert [json.loads(line) for line in result.out.splitlines()] == [
        {
            "custom_id": f"row-00000{n}",
            "content": content,
            "finish_reason": None if error else "stop",
            "usage": None if error else usage,
            "error": error,
        }
        for n, content, error in ((1, "i\n", None), (2, "", "too long"), (3, "iii", None))
    ]


def test_failed_prints_the_requests_to_be_sent_again(batch: Srchat) -> None:
    result = batch("batch", "read", "out.jsonl", "--in", "in.jsonl", "--failed")
    assert result.code == 6
    assert result.out == (batch.home / "in.jsonl").read_bytes().splitlines(keepends=True)[1]
    again = batch("batch", "run", "-", "-p", "demo", "-o", "more.jsonl", stdin=result.out)
    assert again.code == 0


def test_stats_count_answers_tokens_and_times(batch: Srchat) -> None:
    result = batch("batch", "read", "out.jsonl", "--in", "in.jsonl", "--stats")
    rows = dict(line.rsplit(maxsplit=1) for line in result.text.splitlines())
    assert rows == {
        "requests": "3",
        "answers": "2",
        "failed": "0",
        "missing": "1",
        "ended by stop": "2",
        "prompt tokens": "6",
        "completion tokens": "10",
        "seconds, 50 %": "2.50",
        "seconds, 90 %": "2.50",
        "seconds, 99 %": "2.50",
    }


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("none.jsonl",), "cannot read none.jsonl"),
        (("in.jsonl",), "in.jsonl:1: not a result of a batch"),
        (("out.jsonl", "--failed"), "--failed needs --in IN"),
        (("out.jsonl", "--json", "--stats"), "cannot be combined"),
        (("out.jsonl", "--in", "none.jsonl"), "cannot read none.jsonl"),
        (("out.jsonl", "--in", "bad.jsonl"), "bad.jsonl:1: not a request of a batch"),
        ((), "missing argument"),
    ],
)
def test_an_unreadable_input_is_an_error(
    batch: Srchat, args: tuple[str, ...], message: str
) -> None:
    (batch.home / "bad.jsonl").write_text("[]\n")
    write(batch, "in2.jsonl")
    if args[:1] == ("in.jsonl",):
        (batch.home / "in.jsonl").write_text("[1]\n")
    result = batch("batch", "read", *args)
    assert (result.code, result.out) == (2, b"")
    assert message in result.err.lower() or message in result.err


def test_text_of_a_model_is_inert_on_a_terminal_and_exact_in_a_pipe(srchat: Srchat) -> None:
    write(srchat, "out.jsonl", success("a", "x\x1b[2Jy"), failure("b", "\x1b]0;t\x07"))
    result = srchat("batch", "read", "out.jsonl")
    assert result.out == b"x\x1b[2Jy\n"
    assert "\x1b" not in result.err


def test_stats_leave_out_failures_and_unknown_token_counts(batch: Srchat) -> None:
    uncounted = completion("x")
    del uncounted["usage"]
    answer = {"status_code": 200, "body": uncounted}
    other = {"custom_id": "row-000002", "response": answer}
    write(batch, "out.jsonl", success("row-000001", "i"), other, failure("row-000003", "no"))
    rows = dict(
        line.rsplit(maxsplit=1)
        for line in batch("batch", "read", "out.jsonl", "--stats").text.splitlines()
    )
    assert (rows["requests"], rows["answers"], rows["failed"]) == ("3", "2", "1")
    assert (rows["prompt tokens"], rows["completion tokens"]) == ("3", "5")


def test_blank_lines_are_ignored(batch: Srchat) -> None:
    for name in ("in.jsonl", "out.jsonl"):
        path = batch.home / name
        path.write_bytes(b"\n" + path.read_bytes().replace(b"\n", b"\n \n"))
    result = batch("batch", "read", "out.jsonl", "--in", "in.jsonl")
    assert (result.code, result.out) == (6, b"i\niii\n")
    assert result.messages == ["srchat: error: not all requests have answers: 1 without a result"]


def test_at_most_twenty_failures_are_listed(srchat: Srchat) -> None:
    write(srchat, "out.jsonl", *(failure(f"row-{n}", "no") for n in range(25)))
    result = srchat("batch", "read", "out.jsonl")
    assert (result.code, result.out) == (6, b"")
    assert result.messages == [
        *(f"srchat: warning: row-{n}: no" for n in range(20)),
        "srchat: error: not all requests have answers: 25 failed",
    ]


def test_on_a_terminal_each_answer_has_a_heading(batch: Srchat) -> None:
    command = batch.command("batch", "read", "out.jsonl")
    with TerminalSession(command, batch.env, cwd=str(batch.home)) as session:
        assert session.wait() == 0
        assert session.lines == ["── row-000001 ──", "i", "── row-000003 ──", "iii"]
