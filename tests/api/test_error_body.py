"""Error bodies of every shape give one clean line."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from srchat.api.error_body import ErrorBody, read_error, read_error_body, read_error_text


def body(value: object) -> bytes:
    return json.dumps(value).encode()


OPENAI = {"message": "no such model", "type": "invalid_request_error", "param": None, "code": "x"}
ADVICE = (
    "litellm.BadRequestError: OpenAIException - too long. Received Model Group=a\n"
    "Available Model Group Fallbacks=None LiteLLM Retried: 1 times"
)
NESTED = (
    "litellm.BadRequestError: Hosted_vllmException - "
    '{"error":{"message":"prompt too long","type":"BadRequestError","code":400}}. '
    "Received Model Group=vllm-real\nAvailable Model Group Fallbacks=None"
)


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        (body({"error": OPENAI}), ("no such model", "invalid_request_error", "x")),
        (body({"error": {"message": "m", "type": "None", "code": 400}}), ("m", "", "400")),
        (body({"error": {"message": "m", "type": None, "code": ""}}), ("m", "", "")),
        (body({"error": "Unauthorized"}), ("Unauthorized", "", "")),
        (body({"object": "error", **OPENAI}), ("no such model", "invalid_request_error", "x")),
        (body({"detail": "Not Found"}), ("Not Found", "", "")),
        (body({"detail": [{"loc": ["body", "n"], "msg": "bad"}]}), ("body.n: bad", "", "")),
        (body({"detail": [{"msg": "a"}, {"msg": "b"}]}), ("a; b", "", "")),
        (body({"detail": {"error": {"message": "deep"}}}), ("deep", "", "")),
        (body({"errors": ["a", "b"]}), ("a; b", "", "")),
        (body({"message": "plain"}), ("plain", "", "")),
        (body({"title": "Problem", "status": 400}), ("Problem", "", "")),
        (body("a bare string"), ("a bare string", "", "")),
        (body([{"error": {"message": "listed"}}]), ("listed", "", "")),
        (body(["a", "b", "c", "d"]), ("a; b; c", "", "")),
        (b"\xef\xbb\xbf" + body({"error": "BOM"}), ("BOM", "", "")),
        (b"Internal Server Error\n", ("Internal Server Error", "", "")),
        (b"upstream\r\n  timed\tout", ("upstream timed out", "", "")),
        (b"{malformed json", ("{malformed json", "", "")),
        (b"caf\xe9", ("caf\ufffd", "", "")),
        (b"<html><head><title>502 Bad\nGateway</title></head></html>", ("502 Bad Gateway", "", "")),
        (b"<HTML><TITLE>502 Bad\nGateway</TITLE><P>nginx</P>", ("502 Bad Gateway", "", "")),
        (body({"error": "put <your key> here"}), ("put <your key> here", "", "")),
        (body({"error": "<HTML><b>Bad</b> gateway</HTML>"}), ("Bad gateway", "", "")),
        (body({"error": 'upstream: {"error": {"message": "inner"}}.'}), ("inner", "", "")),
        (b"<h1 class='x'>Sorry <b>no</b></h1>", ("Sorry no", "", "")),
        (b"<p>It is <i>down</i></p>", ("It is down", "", "")),
        (body({"error": {"message": ADVICE}}), ("too long.", "", "")),
        (body({"error": {"message": NESTED}}), ("prompt too long", "", "")),
        (b"x < y and a > b", ("x < y and a > b", "", "")),
    ],
)
def test_known_error_shapes_are_read(sent: bytes, expected: tuple[str, str, str]) -> None:
    assert read_error_body(sent, 400) == ErrorBody(*expected)


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b" \r\n",
        b"null",
        b"{}",
        b"[]",
        b"0",
        b"true",
        b'""',
        b"<html></html>",
        body({"error": {}}),
        body({"error": None}),
        body({"error": {"message": None}}),
    ],
)
def test_a_body_without_a_message_gives_the_phrase_of_the_status(sent: bytes) -> None:
    assert read_error_body(sent, 502).message == "Bad Gateway"
    assert read_error_body(sent, 599).message == "no reason given"
    assert read_error_text(sent.decode()).message == ""


def test_a_refusal_names_type_and_code_even_without_a_message() -> None:
    sent = body({"error": {"type": "no_db_connection", "code": "400"}})
    assert read_error_body(sent, 400) == ErrorBody("Bad Request", "no_db_connection", "400")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["error", "detail", "errors", "message", "msg", "loc", "type", "code"])
            | st.text(max_size=3),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(JSON)
def test_any_json_gives_one_short_line(value: object) -> None:
    for error in (read_error(value), read_error_body(body(value), 500)):
        assert len(error.message) <= 400
        assert error.message == " ".join(error.message.split())


@given(st.binary() | st.text("<>{}[]\"':,htmle rotn/1").map(str.encode))
def test_any_bytes_give_one_short_line_that_is_not_empty(sent: bytes) -> None:
    message = read_error_body(sent, 500).message
    assert message
    assert message == " ".join(message.split())


@pytest.mark.parametrize(
    "sent",
    [
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b'{"error":' * 20_000,
        body({"error": {"message": "{" * 60_000}}),
        body({"error": {"message": '{"error":' * 8000 + "1" + "}" * 8000}}),
        b'{"error": ' + b"9" * 60_000 + b"}",
        b"<" * 65_536,
        b"<title>" * 9_000,
        b"<h1>" * 16_000,
        b"<html>" + b"< " * 30_000,
        b" " * 65_536,
        body("Error: " * 9_000),
        body("a." * 30_000 + "Error: "),
        body("aError: " * 8_000),
        body("model=" * 10_000),
        body({"error": {"message": "é" * 60_000}}),
    ],
    ids=range(16),
)
def test_hostile_bodies_are_truncated(sent: bytes) -> None:
    assert 0 < len(read_error_body(sent, 500).message) <= 400


@pytest.mark.parametrize("end", [b"<title>deep</title>", b'{"message": "deep"}'])
@pytest.mark.parametrize("shape", [b"%s", b'{"error": {"message": "%s"}}'])
def test_patterns_search_only_the_beginning(shape: bytes, end: bytes) -> None:
    # What they search may cost its square: half a minute for all of some bodies above.
    sent = shape % (b"word " * 2000 + end.replace(b'"', b'\\"' if b"{" in shape else b'"'))
    assert "deep" not in read_error_body(sent, 500).message
    assert "deep" in read_error_body(sent.replace(b"word ", b""), 500).message


def test_a_long_list_is_cut_short() -> None:
    assert len(read_error(["word " * 100] * 3).message) <= 400


def test_a_long_message_shows_that_it_was_cut() -> None:
    message = read_error_text("word " * 1000).message
    assert len(message) <= 400
    assert message.endswith("word…")


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("500", 500),
        ("429", 429),
        ("", None),
        ("600", None),
        ("50", None),
        ("5000", None),
        ("x", None),
    ],
)
def test_a_code_may_be_a_status(code: str, status: int | None) -> None:
    assert ErrorBody("broken", code=code).status == status
