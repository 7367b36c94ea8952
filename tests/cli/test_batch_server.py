"""`srchat batch submit`, `status`, `fetch`, `cancel`, with responses of OGX and others."""

import json
from typing import Any

import pytest

from tests.conftest import Result, Serve, Srchat
from tests.support.server import CLOSE, Script, error, json_response

UPLOADED = json_response({"object": "file", "id": "file-1", "purpose": "batch"})


def batch(status: str, **more: Any) -> Script:
    """As OGX says it."""
    counts = {"completed": 2, "failed": 1, "total": 3}
    names = ("output_file_id", "error_file_id", "errors", "request_counts")
    value = {"id": "batch_1", "object": "batch", "status": status, **dict.fromkeys(names)}
    return json_response(value | {"request_counts": counts} | more)


@pytest.fixture
def made(srchat: Srchat) -> Srchat:
    assert srchat("batch", "make", "-o", "in.jsonl", stdin=b"x\ny\nz\n").code == 0
    return srchat


def ask(srchat: Srchat, server: Any, *args: str) -> Result:
    return srchat("batch", *args, "--base-url", server.url, SRCHAT_API_KEY="sk-0123456789")


def test_submit_uploads_the_file_and_prints_the_id(made: Srchat, serve: Serve) -> None:
    server = serve(UPLOADED, batch("validating"))
    result = ask(made, server, "submit", "in.jsonl")
    assert (result.code, result.out, result.err) == (0, b"batch_1\n", "")
    upload, create = server.requests
    assert (upload.path, create.path) == ("/v1/files", "/v1/batches")
    assert upload.headers["authorization"] == "Bearer sk-0123456789"
    assert upload.headers["content-type"].startswith("multipart/form-data; boundary=")
    assert (made.home / "in.jsonl").read_bytes() in upload.body
    assert b'name="purpose"\r\n\r\nbatch\r\n' in upload.body
    assert b'name="file"; filename="in.jsonl"' in upload.body
    assert create.json == {
        "input_file_id": "file-1",
        "endpoint": "/v1/chat/completions",
        "completion_window": "24h",
    }


def test_a_bad_file_is_not_uploaded(made: Srchat, serve: Serve) -> None:
    server = serve(UPLOADED)
    (made.home / "in.jsonl").write_text("x\n")
    assert ask(made, server, "submit", "in.jsonl").code == 2
    assert not server.requests


@pytest.mark.parametrize(
    ("script", "code", "message"),
    [
        (json_response({"detail": "Not Found"}, 404), 5, "this server has no batches: "),
        (error(405), 5, "this server has no batches: "),
        (error(501), 6, "this server has no batches: "),
        (
            error(400, "Storage backend litellm_db requires a database-connected proxy"),
            5,
            "litellm_db",
        ),
        (error(500, "files_settings is not set"), 6, "files_settings is not set"),
    ],
)
def test_a_server_without_batches_is_an_error_with_a_hint(
    made: Srchat, serve: Serve, script: Script, code: int, message: str
) -> None:
    server = serve(script)
    result = ask(made, server, "submit", "in.jsonl")
    assert (result.code, result.out) == (code, b"")
    assert message in result.err
    assert "use srchat batch run" in result.err
    assert len(server.requests) <= 4
    assert ask(made, serve(script), "status").code == code


def test_the_demo_has_no_batches(made: Srchat) -> None:
    for args in (("submit", "in.jsonl"), ("status",), ("cancel", "b-1")):
        result = made("batch", *args, "-p", "demo")
        assert result.code == 5
        assert "this server has no batches: " in result.err
        assert "hint: use srchat batch run\n" in result.err


def test_an_unknown_batch_differs_from_a_server_without_batches(made: Srchat, serve: Serve) -> None:
    nothing = json_response({"detail": "Not Found"}, 404)
    for args in (("status", "b"), ("fetch", "b"), ("cancel", "b")):
        assert "this server has no batches" in ask(made, serve(nothing), *args).err
    unknown = ask(
        made, serve(error(404, "no such batch"), json_response({"data": []})), "cancel", "b"
    )
    assert (unknown.code, unknown.messages[0].endswith("returned 404: no such batch")) == (5, True)


def test_a_key_that_a_server_repeats_is_not_shown(made: Srchat, serve: Serve) -> None:
    server = serve(batch("completed", metadata={"sk-0123456789": ["key sk-0123456789"]}))
    shown = ask(made, server, "status", "batch_1", "--json").text
    assert "metadata" in shown
    assert "sk-0123456789" not in shown


def test_a_batch_is_not_created_twice(made: Srchat, serve: Serve) -> None:
    server = serve(UPLOADED, [CLOSE])
    assert ask(made, server, "submit", "in.jsonl").code == 8
    assert [request.path for request in server.requests].count("/v1/batches") == 1


def test_reading_is_retried(made: Srchat, serve: Serve) -> None:
    server = serve(error(503), batch("completed"))
    result = ask(made, server, "status", "batch_1", "--max-wait", "0.01")
    assert (result.code, result.text) == (0, "batch_1: completed, 2 of 3 done, 1 failed\n")
    assert "retrying in" in result.err


def test_status_lists_or_shows_or_waits(made: Srchat, serve: Serve) -> None:
    listed = json_response({"data": [{"id": "b", "status": "x"}, {"id": "a", "status": "y"}]})
    assert ask(made, serve(listed), "status").text == "b: x\na: y\n"
    server = serve(batch("in_progress"), batch("completed"))
    assert ask(made, server, "status", "batch_1", "--wait").text.startswith("batch_1: completed")
    assert [request.path for request in server.requests] == ["/v1/batches/batch_1"] * 2
    shown = ask(made, serve(batch("completed")), "status", "batch_1", "--json")
    assert json.loads(shown.out)["request_counts"]["total"] == 3


def test_a_rejected_batch_reports_its_invalid_lines(made: Srchat, serve: Serve) -> None:
    errors = {"data": [{"code": "invalid_json_line", "line": 2, "message": "not JSON"}]}
    result = ask(made, serve(batch("failed", errors=errors)), "status", "batch_1")
    assert result.code == 6
    assert result.messages == [
        "srchat: error: line 2: not JSON",
        "srchat: error: the batch has failed",
    ]


def test_fetch_writes_answers_and_failures_and_read_reads_both(made: Srchat, serve: Serve) -> None:
    body = json.dumps({"choices": [{"message": {"content": "hi"}, "finish_reason": "stop"}]})
    answer = {"custom_id": "row-000001", "response": {"status_code": 200, "body": body}}
    failure = {"custom_id": "row-000002", "error": {"message": "too long"}}
    server = serve(
        batch("completed", output_file_id="file-2", error_file_id="file/3"),
        json_response(answer),
        json_response(failure),
    )
    result = ask(made, server, "fetch", "batch_1")
    assert result.code == 0
    assert result.err == "srchat: batch_1: completed, 2 of 3 done, 1 failed: batch_1.out.jsonl\n"
    paths = [request.path for request in server.requests]
    assert paths[1:] == ["/v1/files/file-2/content", "/v1/files/file%2F3/content"]
    assert (made.home / "batch_1.out.jsonl").stat().st_mode & 0o777 == 0o600
    read = made("batch", "read", "batch_1.out.jsonl", "--in", "in.jsonl")
    assert (read.code, read.out) == (6, b"hi\n")
    assert "row-000002: too long" in read.err
    again = ask(made, server, "fetch", "batch_1")
    assert (again.code, again.messages) == (2, ["srchat: error: batch_1.out.jsonl exists"])


def test_without_failures_there_is_no_file_of_them(made: Srchat, serve: Serve) -> None:
    server = serve(batch("completed", output_file_id="file-2"), json_response({"custom_id": "x"}))
    assert ask(made, server, "fetch", "batch_1").code == 0
    assert {path.name for path in made.home.glob("*batch_1*")} == {"batch_1.out.jsonl"}


def test_results_without_a_place_are_reported(made: Srchat, serve: Serve) -> None:
    server = serve(batch("completed", output_file_id="file-2"), json_response({"custom_id": "x"}))
    result = ask(made, server, "fetch", "batch_1", "-o", "none/out.jsonl")
    assert (result.code, result.out) == (74, b"")
    assert result.err == ("srchat: error: cannot write none/out.jsonl: No such file or directory\n")
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("script", "code", "message"),
    [
        (batch("in_progress"), 6, "not finished: batch_1: in_progress, 2 of 3 done"),
        (batch("cancelled"), 6, "there are no results: batch_1: cancelled"),
        (batch("expired"), 6, "the batch has expired"),
        (error(400, "no such batch"), 5, "no such batch"),
        (json_response(b"[]"), 6, "not a JSON object"),
        (json_response(b"<html>"), 6, "not JSON"),
        (json_response({}), 6, "has no id"),
    ],
)
def test_a_failed_fetch_leaves_no_file(
    made: Srchat, serve: Serve, script: Script, code: int, message: str
) -> None:
    result = ask(made, serve(script), "fetch", "batch_1")
    assert (result.code, result.out) == (code, b"")
    assert message in result.err
    assert {path.name for path in made.home.iterdir() if "batch_1" in path.name} == set()


def test_cancel_prints_the_status(made: Srchat, serve: Serve) -> None:
    server = serve(batch("cancelling"))
    assert ask(made, server, "cancel", "b/1").text.startswith("batch_1: cancelling")
    (request,) = server.requests
    assert (request.method, request.path) == ("POST", "/v1/batches/b%2F1/cancel")


def test_wait_needs_an_id(srchat: Srchat) -> None:
    assert "--wait needs the ID" in srchat("batch", "status", "--wait").err


def test_names_from_the_server_are_inert(made: Srchat, serve: Serve) -> None:
    result = ask(made, serve(batch("\x1b]0;x\x07")), "status", "batch_1")
    assert "\x1b" not in result.text
