"""The batch file: what every engine accepts passes, anything else is named with its line."""

import io
import json
from typing import Any

import pytest

from srchat.batch.request_file import (
    MAX_LINE_BYTES,
    FileCheck,
    lines_of,
    parse_line,
    request_line,
    requests_of,
)

BODY = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}


def line(custom_id: object = "row-1", **changes: Any) -> bytes:
    value = {"custom_id": custom_id, "method": "POST", "url": "/v1/chat/completions", "body": BODY}
    return json.dumps(value | changes).encode() + b"\n"


def defects(*lines: bytes) -> list[tuple[int, str]]:
    check = FileCheck()
    for each in lines_of(io.BytesIO(b"".join(lines)).readline):
        check.feed(each)
    return [(defect.line, defect.reason) for defect in check.defects]


def test_a_written_request_line_can_be_parsed() -> None:
    text = request_line("row-1", {**BODY, "messages": [{"role": "user", "content": "é\n\u2028"}]})
    assert text.isascii()
    assert text.count("\n") == 1
    request, model = parse_line(text.encode())
    assert (request.custom_id, model) == ("row-1", "m")
    assert json.loads(request.body)["messages"][0]["content"] == "é\n\u2028"


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        (b"{\n", "not JSON: "),
        (b"[]\n", "not a JSON object"),
        (b"\n", "blank line"),
        (b"  \n", "blank line"),
        (b"\xef\xbb\xbf" + line(), "starts with a byte order mark"),
        (line().replace(b"\n", b"\r\n"), "ends with CR LF instead of LF"),
        (b"\xff\n", "not UTF-8: byte 0xff at offset 0"),
        (line(note="mine"), 'unknown key "note"; allowed: custom_id, method, url, body'),
        (line(method="GET"), '"method" must be "POST", not "GET"'),
        (line(url="/v1/embeddings"), '"url" must be "/v1/chat/completions", not "/v1/embeddings"'),
        (line(""), 'the custom_id "" must be 1 to 64 of A-Z a-z 0-9 _ -'),
        (line("a b"), 'the custom_id "a b" must be 1 to 64 of A-Z a-z 0-9 _ -'),
        (line(7), "the custom_id 7 must be 1 to 64 of A-Z a-z 0-9 _ -"),
        (line("x" * 65), "the custom_id "),
        (line(body=[]), '"body" must be an object'),
        (line(body={"messages": BODY["messages"]}), '"body" has no "model"'),
        (line(body={"model": "m", "messages": []}), '"body" has no "messages"'),
        (line(body={**BODY, "stream": True}), '"stream" must not be set'),
        (line(body={**BODY, "top_p": float("nan")}), "not JSON: NaN is not JSON"),
        (b'{"custom_id": "a", "method": "POST", "url": "/v1/chat/completions"}\n', 'no "body"'),
        (b"[" * 100_000 + b"\n", "not JSON: "),
    ],
)
def test_a_defect_is_reported_with_its_line(wrong: bytes, reason: str) -> None:
    found = defects(line("a"), wrong, line("b"))
    assert len(found) == 1
    assert found[0][0] == 2
    assert found[0][1].startswith(reason)


def test_ids_and_the_model_are_compared_with_the_lines_above() -> None:
    other = line("c", body={**BODY, "model": "other"})
    assert defects(line("a"), line("a"), other) == [
        (2, "the custom_id 'a' occurs twice"),
        (3, "the model 'other' is not that of the lines above, 'm'"),
    ]


def test_a_line_that_is_too_long_is_one_defect_and_is_not_kept() -> None:
    long = line("b", body={**BODY, "x": "y" * (20 << 20)})
    read = [len(each) for each in lines_of(io.BytesIO(line("a") + long + line("c")).readline)]
    assert max(read) == MAX_LINE_BYTES + 1
    assert defects(line("a"), long, line("c")) == [(2, "over 16 MB")]


def test_at_most_twenty_defects_are_reported() -> None:
    check = FileCheck()
    for _ in range(20):
        assert not check.is_over
        check.feed(b"\n")
    assert check.is_over


def test_a_digest_depends_on_the_request_and_not_its_layout() -> None:
    def digest(text: bytes) -> str:
        return parse_line(text)[0].digest

    assert digest(line()) == digest(line().replace(b": ", b":"))
    assert digest(line()) != digest(line("row-2"))
    assert digest(line()) != digest(line(body={**BODY, "seed": 1}))
    swapped = {"messages": BODY["messages"], "model": "m"}  # a schema's order can matter
    assert digest(line()) != digest(line(body=swapped))


def test_the_last_line_break_may_be_missing() -> None:
    found = list(requests_of([line("a"), line("b").rstrip(b"\n")]))
    assert [request.custom_id for request in found] == ["a", "b"]
