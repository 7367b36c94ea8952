"""AnswerDecoder: bodies of a 200, wherever they are cut."""

import json
from itertools import pairwise
from typing import Any, NamedTuple, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from srchat.api.answer import AnswerDecoder
from srchat.api.error_body import ErrorBody
from srchat.api.models import Usage
from srchat.errors import ProtocolError
from tests.support.server import DONE, chunk, completion, delta, event


class Read(NamedTuple):
    """All that an AnswerDecoder makes of a body."""

    content: str = ""
    reasoning: str = ""
    finish_reason: str = ""
    usage: Usage | None = None
    done: bool = False
    error: ErrorBody | None = None
    unreadable: int = 0
    protocol_error: str = ""


def read(*parts: bytes, max_bytes: int = 1 << 26) -> Read:
    decoder = AnswerDecoder(max_bytes)
    content, reasoning, finish_reason, usage, failure = "", "", "", None, ""
    try:
        chunks = [*map(decoder.feed, parts)]
        if not (decoder.done or decoder.error):
            chunks.append(decoder.flush())
    except ProtocolError as exc:
        chunks, failure = [], exc.message
    for piece in filter(None, chunks):
        content += piece.content
        reasoning += piece.reasoning
        finish_reason = piece.finish_reason
        usage = piece.usage or usage
    assert failure or finish_reason == decoder.finish_reason
    return Read(
        content,
        reasoning,
        finish_reason,
        usage,
        decoder.done,
        decoder.error,
        len(decoder.unreadable),
        failure,
    )


USAGE = {"prompt_tokens": 3, "completion_tokens": 5, "total_tokens": 8}
COUNTED = Usage(3, 5, 8)
BAD = [
    b"data: null\n\n",
    b"data: [1]\n\n",
    b"data: 17\n\n",
    b'data: "text"\n\n',
    b"data: true\n\n",
    b'data: [{"a": 1}]\n\n',
    b"data: {malformed\n\n",
    b"data: NaN\n\n",
    b"data: " + b"[" * 100_000 + b"\n\n",
    b'data: {"a":' + b"9" * 10_000 + b"}\n\n",
    b'data: {"choices": [{"delta": {"content": "cut\n\n',
    b"data: \xff\xfe\n\n",
]

FRAGMENTS = [
    chunk("a"),
    chunk("é😀\u2028\x85"),
    event(delta("日本")).replace(b"\n", b"\r\n"),
    event(delta("r")).replace(b"\n\n", b"\r\r"),
    json.dumps(delta("raw")).encode(),
    b"data: ",
    chunk(reasoning_content="think"),
    chunk(finish="stop"),
    event({"choices": [], "usage": USAGE}),
    event({"error": {"message": "broken"}}),
    DONE,
    b": ping\n\n",
    b"data:\n\n",
    *BAD[:7],
    b"\xef\xbb\xbf",
    b"\n",
    b"\r\n",
    b" ",
    b"{",
    b"<html>",
    "é".encode()[:1],
    json.dumps(completion("whole")).encode(),
]
BODIES = st.lists(st.sampled_from(FRAGMENTS), max_size=12).map(b"".join)


@settings(max_examples=400)
@given(BODIES, st.data())
def test_the_answer_does_not_depend_on_how_the_body_is_split(
    body: bytes, data: st.DataObject
) -> None:
    places = sorted(data.draw(st.lists(st.integers(0, len(body)), max_size=12)))
    borders = [0, *places, len(body)]
    parts = [body[a:b] for a, b in pairwise(borders)]
    assert read(*parts) == read(body)


@given(BODIES)
def test_an_answer_read_byte_by_byte_is_the_same(body: bytes) -> None:
    assert read(*(body[i : i + 1] for i in range(len(body)))) == read(body)


def test_a_streamed_answer() -> None:
    parts = [chunk(role="assistant", content=""), chunk("Hel"), chunk("lo"), chunk(finish="stop")]
    assert read(*parts, DONE) == Read("Hello", finish_reason="stop", done=True)


WHOLE = event({**completion("Hello"), "object": "chat.completion.chunk"})


def test_a_whole_message_in_one_event_is_the_answer() -> None:
    whole = Read("Hello", finish_reason="stop", usage=COUNTED, done=True)
    assert read(WHOLE, DONE) == whole
    assert read(chunk(role="assistant", content=""), WHOLE, DONE) == whole


def test_a_complete_message_after_its_reasoning_is_the_answer() -> None:
    assert read(chunk(reasoning="hm"), WHOLE, DONE).content == "Hello"


@pytest.mark.parametrize("choices", [[], None, [{}]])
def test_an_error_beside_empty_choices_is_reported(choices: object) -> None:
    body = json.dumps({"error": {"message": "boom"}, "choices": choices}).encode()
    assert read(body) == Read(error=ErrorBody("boom"))


def test_a_complete_message_after_its_deltas_is_ignored() -> None:
    assert read(chunk("Hel"), chunk("lo"), WHOLE, DONE).content == "Hello"


def test_a_message_that_grows_beside_its_deltas_is_left_out() -> None:
    """As Perplexity sends it."""
    pieces = [("He", "He"), ("llo", "Hello")]
    events = [
        event({"choices": [{"delta": {"content": piece}, "message": {"content": so_far}}]})
        for piece, so_far in pieces
    ]
    assert read(*events, DONE).content == "Hello"


def test_an_error_in_a_choice_ends_the_answer_with_its_message() -> None:
    """As OpenRouter sends it, streamed or not."""
    failed = {"code": 502, "message": "Provider disconnected"}
    message = ErrorBody("Provider disconnected", code="502")
    last = {"delta": {"content": "lo"}, "finish_reason": "error", "error": failed}
    streamed = read(chunk("Hel"), event({"choices": [last]}))
    assert (streamed.content, streamed.error) == ("Hello", message)
    whole = completion("Hel", "error")
    whole["choices"][0]["error"] = failed
    document = read(json.dumps(whole).encode())
    assert (document.content, document.error) == ("Hel", message)


def test_events_completed_by_one_part_are_one_chunk() -> None:
    decoder = AnswerDecoder()
    merged = decoder.feed(
        chunk("a", model="first", reasoning="x")
        + chunk("b", model="second", reasoning="y")
        + event({"choices": [], "usage": USAGE})
        + chunk("c", model="")
        + chunk("d", finish="stop", model="")[:-1]
    )
    assert merged is not None
    assert (merged.content, merged.reasoning, merged.usage) == ("abc", "xy", COUNTED)
    assert (merged.finish_reason, merged.model) == ("", "second")
    assert decoder.feed(b": ping") is None
    last = decoder.feed(b"\n\n")
    assert last is not None
    assert (last.content, last.finish_reason) == ("d", "stop")


@pytest.mark.parametrize("reason", ["length", "content_filter", "error"])
def test_stop_does_not_replace_another_finish_reason(reason: str) -> None:
    parts = [chunk("a", finish=reason), chunk(finish="stop"), DONE]
    for cut in (parts, [b"".join(parts)]):
        assert read(*cut) == Read("a", finish_reason=reason, done=True)
    assert read(chunk("a", finish="stop"), chunk(finish=reason)).finish_reason == reason


def test_chunks_without_a_model_give_none() -> None:
    merged = AnswerDecoder().feed(chunk("a", model="") + chunk("b", model=""))
    assert merged is not None
    assert (merged.content, merged.model) == ("ab", "")


FINISH = delta(finish="stop")
LAST = delta("a", finish="stop")


@pytest.mark.parametrize(
    "events",
    [
        [delta("a"), FINISH, {"choices": [], "usage": USAGE}],
        [delta("a"), FINISH, {"choices": [{"index": 0, "delta": {}}], "usage": USAGE}],
        [delta("a"), {**FINISH, "usage": USAGE}],
        [{**LAST, "usage": USAGE}],
        [{**delta("a"), "usage": {**USAGE, "prompt_tokens": 1}}, {**FINISH, "usage": USAGE}],
        [{**delta("a"), "usage": USAGE}, {**FINISH, "usage": None}],
        [{**delta("a"), "usage": USAGE}, {"usage": {}}, FINISH],
    ],
    ids=["vllm", "litellm", "finish chunk", "one chunk", "every chunk", "first, null", "first, {}"],
)
@pytest.mark.parametrize("parts", [1, 100])
def test_usage_is_read_from_any_chunk(events: list[dict[str, Any]], parts: int) -> None:
    pieces = [*map(event, events), DONE]
    cut = pieces if parts > 1 else [b"".join(pieces)]
    assert read(*cut) == Read("a", finish_reason="stop", usage=COUNTED, done=True)


@pytest.mark.parametrize("bad", BAD, ids=range(len(BAD)))
def test_one_bad_chunk_is_skipped_and_reported(bad: bytes) -> None:
    whole = Read("ab", finish_reason="stop", done=True, unreadable=1)
    assert read(chunk("a"), bad, chunk("b"), chunk(finish="stop"), DONE) == whole
    assert read(b"".join([chunk("a"), bad, chunk("b"), chunk(finish="stop"), DONE])) == whole


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["text", "message", "error", "type"]), inner, max_size=3)
    ),
    max_leaves=6,
)
FIELDS: list[tuple[str | int, ...]] = [
    (),
    ("object",),
    ("model",),
    ("error",),
    ("detail",),
    ("choices",),
    ("choices", 0),
    ("choices", 0, "index"),
    ("choices", 0, "finish_reason"),
    ("choices", 0, "delta"),
    ("choices", 0, "delta", "content"),
    ("choices", 0, "delta", "reasoning"),
    ("choices", 0, "delta", "reasoning_content"),
    ("usage",),
    ("usage", "prompt_tokens"),
    ("usage", "completion_tokens"),
    ("usage", "total_tokens"),
]


@pytest.mark.parametrize("field", FIELDS, ids=str)
@given(odd=JSON)
def test_an_invalid_field_invalidates_only_its_chunk(
    field: tuple[str | int, ...], odd: Any
) -> None:
    values: Any = [{**delta("x"), "usage": dict(USAGE)}]
    holder, place = values, cast("str | int", 0)
    for name in field:
        holder, place = holder[place], name
    holder[place] = odd
    result = read(chunk("a"), event(values[0]), chunk("b"), DONE)
    assert result.protocol_error == ""
    assert result.content.startswith("a")
    assert result.error or (result.content.endswith("b") and result.done)


def test_a_bad_chunk_is_shown_truncated() -> None:
    decoder = AnswerDecoder()
    decoder.feed(b"data: {malformed " + b"x" * 1000 + b"\n\n")
    (line,) = decoder.unreadable
    assert "{malformed" in line
    assert len(line) < 200


@pytest.mark.parametrize(
    "life", [b": ping\n\n", b"\n\n\n", b"data:\n\n", b"data: \r\n\r\n", b"id: 3\n\n"]
)
def test_a_keep_alive_is_ignored(life: bytes) -> None:
    assert read(life, chunk("a"), life, DONE) == Read("a", done=True)


@pytest.mark.parametrize(
    "done", [b"data: [DONE]\n\n", b"data:[DONE]\n\n", b"data:  [DONE] \r\n\r\n"]
)
def test_data_after_done_is_not_read(done: bytes) -> None:
    assert read(chunk("a") + done + chunk("b") + b"data: {bad\n\n") == Read("a", done=True)
    assert read(chunk("a"), done, chunk("b")) == Read("a", done=True)


@pytest.mark.parametrize("first", [chunk("a"), chunk(reasoning_content="hm")])
def test_an_answer_has_started_with_its_first_text_or_reasoning(first: bytes) -> None:
    decoder = AnswerDecoder()
    for part in (b": ping\n\n", chunk(role="assistant", content=""), b"data: {bad\n\n"):
        decoder.feed(part)
        assert not decoder.started
    decoder.feed(first + chunk(finish="stop"))
    assert decoder.started


def test_an_answer_without_done_and_finish_reason_is_not_done() -> None:
    assert read(chunk("a")) == Read("a")


def test_the_last_event_counts_without_its_blank_line() -> None:
    for end in (b"", b"\n", b"\r", b"\r\n"):
        assert read(chunk("a"), b"data: [DONE]" + end) == Read("a", done=True)


ERRORS: list[tuple[bytes, str]] = [
    (event({"error": {"message": "broken", "type": "x", "code": 500}}), "broken"),
    (event({"error": "broken"}), "broken"),
    (event({"error": ["broken", "twice"]}), "broken; twice"),
    (event([{"error": {"message": "broken"}}]), "broken"),
    (event({"object": "error", "message": "broken"}), "broken"),
    (event({"detail": "broken"}), "broken"),
    (event({"error": {"code": 500}}), ""),
    (b"event: error\n" + event({"message": "broken"}), "broken"),
    (b"event: error\n" + event("broken"), "broken"),
    (b"event: error\ndata: broken\n\n", "broken"),
    (b"event: error\ndata: <h1>broken</h1>\n\n", "broken"),
]


@pytest.mark.parametrize(("error", "message"), ERRORS, ids=range(len(ERRORS)))
def test_an_error_in_the_stream_ends_it_and_keeps_the_text_so_far(
    error: bytes, message: str
) -> None:
    for parts in ([chunk("a") + error + chunk("b") + DONE], [chunk("a"), error, chunk("b"), DONE]):
        result = read(*parts)
        assert (result.content, result.done, result.unreadable) == ("a", False, 0)
        assert result.error is not None
        assert result.error.message == message


def test_text_beside_an_error_is_kept() -> None:
    last = event({**delta("b"), "error": "broken"})
    for parts in ([chunk("a"), last, chunk("c")], [chunk("a") + last + chunk("c")]):
        result = read(*parts)
        assert (result.content, result.error, result.unreadable) == ("ab", ErrorBody("broken"), 0)


@pytest.mark.parametrize("value", [None, "", {}, [], False])
def test_an_error_field_without_an_error_is_ignored(value: object) -> None:
    message = event({**delta("a"), "error": value})
    assert read(message, DONE) == Read("a", done=True)


def test_a_detail_beside_choices_is_no_error() -> None:
    assert read(event({**delta("a"), "detail": "cached"}), DONE) == Read("a", done=True)


def test_an_error_keeps_its_type_and_code() -> None:
    result = read(event({"error": {"message": "m", "type": "t", "code": 7}}))
    assert result.error == ErrorBody("m", "t", "7")


@pytest.mark.parametrize("front", [b"", b"\n\n  ", b"\xef\xbb\xbf", b"\xef\xbb\xbf\r\n\t"])
def test_a_whole_completion_is_read(front: bytes) -> None:
    body = front + json.dumps(completion("Hello\n😀")).encode() + b"\n"
    assert read(body) == Read("Hello\n😀", finish_reason="stop", usage=COUNTED, done=True)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"error": {"message": "broken"}}, "broken"),
        ({"error": "broken"}, "broken"),
        ({"detail": "broken"}, "broken"),
        ([{"error": {"message": "broken"}}], "broken"),
        ({"object": "error", "message": "broken"}, "broken"),
    ],
)
def test_an_error_with_status_200_is_an_error(body: object, message: str) -> None:
    result = read(json.dumps(body).encode())
    assert result.error is not None
    assert result.error.message == message
    assert not result.done


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "empty reply"),
        (b" \r\n\xef\xbb\xbf ", "empty reply"),
        (b"<html><title>Log in</title></html>", "a web page, not an answer: Log in"),
        (b"<!doctype html><p>Hello</p>", "a web page, not an answer: Hello"),
        (b"{malformed json: <<<chaos>>>", "cannot be read: {malformed json: <<<chaos>>>"),
        (b'{"message": "try later"}', "cannot be read: try later"),
        (b"{" + b"x" * 10_000, "cannot be read: {xxx"),
        (b'{"object": "list", "data": []}', "no message"),
        (b"[]", "no message"),
        (b"[1, 2", "cannot be read"),
        (b"[" * 100_000, "cannot be read"),
        (b'{"a": ' + b"9" * 10_000 + b"}", "cannot be read"),
    ],
)
def test_a_body_that_is_not_an_answer_is_reported(body: bytes, message: str) -> None:
    assert message in read(body).protocol_error


def test_an_event_without_its_blank_line_is_bounded() -> None:
    lines = b"data: " + b"x" * 60 + b"\ndata: " + b"x" * 60
    assert "over 100 bytes" in read(lines, max_bytes=100).protocol_error


def test_plain_text_is_not_an_answer() -> None:
    assert read(b"Internal Server Error") == Read()


@pytest.mark.parametrize("start", [b"{", b"<", b"data: "])
def test_an_answer_in_one_piece_is_bounded(start: bytes) -> None:
    got = read(start, *[b"x" * 1000] * 200, max_bytes=100_000)
    assert "over 100000 bytes" in got.protocol_error


def test_invalid_utf_8_becomes_replacement_characters() -> None:
    body = event(delta("a?b")).replace(b"?", b"\xff")
    assert read(body, DONE).content == "a\ufffdb"


def test_halves_of_surrogate_pairs_are_unchanged() -> None:
    assert read(chunk("\ud83d") + chunk("\ude00"), DONE).content == "\ud83d\ude00"


def test_the_text_keeps_every_character() -> None:
    text = "".join(map(chr, [*range(0x20), 0x7F, 0x85, 0xA0, 0x2028, 0x2029, 0xFEFF, 0x1F600]))
    assert read(chunk(text), DONE).content == text
    raw = json.dumps(delta(text[0x20:]), ensure_ascii=False).encode()
    assert read(b"data: " + raw + b"\n\n", DONE).content == text[0x20:]
