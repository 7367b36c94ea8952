"""Results of every engine, in shapes seen in practice."""

import json
from typing import Any

import pytest

from srchat.api.models import Usage
from srchat.batch.request_file import BatchRequest
from srchat.batch.results import (
    completion_in,
    failure_line,
    read_result,
    success_line,
)
from tests.support.server import completion

REQUEST = BatchRequest("row-1", b"{}", "0123456789abcdef")
BODY = completion("hello")
COUNTED = Usage(3, 5, 8)


def result(**value: Any) -> Any:
    return read_result(json.dumps({"custom_id": "row-1", **value}).encode())


def test_a_success_line_round_trips() -> None:
    line = success_line(REQUEST, {"x-request-id": "r-1"}, BODY, 1.2345)
    assert line.endswith(b"\n")
    assert line.isascii()
    read = read_result(line)
    assert (read.custom_id, read.digest, read.content) == ("row-1", REQUEST.digest, "hello")
    assert (read.usage, read.seconds, read.error, read.status) == (COUNTED, 1.234, "", 200)
    assert json.loads(line)["response"]["request_id"] == "r-1"


def test_a_failure_line_round_trips() -> None:
    read = read_result(failure_line(REQUEST, 400, "bad", "no such parameter"))
    assert (read.error, read.status, read.digest) == ("no such parameter", 400, REQUEST.digest)
    assert (
        read_result(failure_line(REQUEST, 0, "lost", "connection lost")).error == "connection lost"
    )


@pytest.mark.parametrize(
    "value",
    [
        {"id": "vllm-1", "response": {"status_code": 200, "body": BODY}, "error": None},
        {"id": "ray-1", "response": {"status_code": 200, "body": BODY}},
        {"response": {"status_code": 200, "body": json.dumps(BODY)}},  # OGX
    ],
)
def test_a_success_line_of_another_engine_is_recognized(value: dict[str, Any]) -> None:
    read = result(**value)
    assert (read.content, read.finish_reason, read.usage) == ("hello", "stop", COUNTED)
    assert (read.digest, read.error) == ("", "")


@pytest.mark.parametrize(
    ("value", "message"),
    [
        # vLLM
        (
            {
                "response": {"status_code": 404, "body": None},
                "error": {"error": {"message": "no model", "code": 404}},
            },
            "no model",
        ),
        (
            {"response": {"status_code": 400, "body": None}, "error": "no stream mode"},
            "no stream mode",
        ),
        # Ray, LiteLLM
        (
            {
                "response": {"status_code": 400, "body": {"error": {"message": "too hot"}}},
                "error": None,
            },
            "too hot",
        ),
        # OGX
        ({"error": {"type": "request_failed", "message": "too long"}}, "too long"),
        # A stream line under Ray: the status is 200, and nothing was answered.
        ({"response": {"status_code": 200, "body": {"error": {"message": "data: {"}}}}, "data: {"),
        ({"response": {"status_code": 200, "body": {"choices": []}}}, "no choices, status 200"),
        ({"response": {"status_code": 200, "body": "{"}}, "no choices, status 200"),
        ({"response": {"status_code": 500, "body": BODY}, "error": None}, "no choices, status 500"),
        (
            {"response": {"status_code": 200, "body": {"choices": [{}]}}},
            "the answer has no message",
        ),
        ({"response": None, "error": None}, "no answer"),
        ({}, "no answer"),
    ],
)
def test_a_failure_line_of_another_engine_is_recognized(
    value: dict[str, Any], message: str
) -> None:
    read = result(**value)
    assert (read.error, read.content) == (message, "")


@pytest.mark.parametrize("line", [b"", b"{", b"[]", b"null", b'{"id": "x"}', b'{"custom_id": 7}'])
def test_a_line_that_is_not_a_result_is_rejected(line: bytes) -> None:
    with pytest.raises(ValueError, match=r"JSON|custom_id"):
        read_result(line)


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"<html>", "the answer is not JSON"),
        (b"[]", "the answer has no choices"),
        (b'{"error": {"message": "overloaded"}}', "the answer has no choices: overloaded"),
        (b'{"choices": [{}]}', "the answer has no message"),
    ],
)
def test_a_body_without_an_answer_is_refused(body: bytes, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        completion_in(body)


def test_a_number_that_is_not_json_is_rejected() -> None:
    body, _ = completion_in(json.dumps(BODY).replace("3", "1e999").encode())
    with pytest.raises(ValueError, match="JSON compliant"):
        success_line(REQUEST, {}, body, 0.0)
