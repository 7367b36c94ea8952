"""SSEDecoder compared with the WHATWG rules, however the stream is split."""

import re
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from srchat.api.sse import ServerSentEvent, SSEDecoder


def reference_events(stream: bytes) -> list[ServerSentEvent]:
    """Parse a complete stream by the rules of WHATWG HTML 9.2.6."""
    text = stream.decode("utf-8", "replace").removeprefix("\ufeff")
    lines = re.split("\r\n|\n|\r", text)[:-1]  # an incomplete last line is ignored
    events, data, kind = [], "", ""
    for line in lines:
        if not line:
            if data:
                events.append(ServerSentEvent(kind or "message", data[:-1]))
            data, kind = "", ""
            continue
        field, colon, value = line.partition(":")
        if colon and not field:
            continue
        value = value.removeprefix(" ")
        if field == "event":
            kind = value
        elif field == "data":
            data += value + "\n"
    return events


def decoded(*parts: bytes) -> list[ServerSentEvent]:
    decoder = SSEDecoder()
    return [event for part in parts for event in decoder.feed(part)]


def message(data: str) -> list[ServerSentEvent]:
    return [ServerSentEvent("message", data)]


FRAGMENTS = [
    b"\r",
    b"\n",
    b"\r\n",
    b"\n\n",
    b"\xef\xbb\xbf",
    b"data",
    b"data:",
    b"data: ",
    b"event: ",
    b"event",
    b": ping",
    b":",
    b"id: 1",
    b"retry: 10",
    b" ",
    b"x",
    "é😀".encode(),
    "\u2028\u2029\x85\x0b\x0c\x1c".encode(),
    b"\xe2\x80",
    b"\xff",
    b"\xf0\x9f\x98",
    b"\0",
    b"[DONE]",
]
LINES = st.tuples(
    st.sampled_from([b"data: a", b"data:", b"data: b", b"event: error", b": ping", b"", b""]),
    st.sampled_from([b"\n", b"\r", b"\r\n"]),
).map(b"".join)
NOISE = st.sampled_from(FRAGMENTS) | st.binary(max_size=3)
STREAMS = st.lists(LINES | LINES | NOISE, max_size=30).map(b"".join)
MANY = settings(max_examples=400)


@st.composite
def cut_streams(draw: st.DrawFn) -> tuple[bytes, list[bytes]]:
    stream = draw(STREAMS)
    places = sorted(draw(st.lists(st.integers(0, len(stream)), max_size=12)))
    borders = [0, *places, len(stream)]
    return stream, [stream[a:b] for a, b in pairwise(borders)]


@MANY
@given(STREAMS)
def test_a_whole_stream_is_read_as_the_standard_says(stream: bytes) -> None:
    assert decoded(stream) == reference_events(stream)


@MANY
@given(cut_streams())
def test_the_events_do_not_depend_on_how_the_stream_is_split(
    cut: tuple[bytes, list[bytes]],
) -> None:
    stream, parts = cut
    assert decoded(*parts) == reference_events(stream)


@MANY
@given(STREAMS)
def test_events_read_byte_by_byte_are_the_same(stream: bytes) -> None:
    assert decoded(*(stream[i : i + 1] for i in range(len(stream)))) == reference_events(stream)


@pytest.mark.parametrize(
    ("stream", "events"),
    [
        (b"data: a\n\n", message("a")),
        (b"data: a\r\r", message("a")),
        (b"data: a\r\n\r\n", message("a")),
        (b"data:a\n\n", message("a")),
        (b"data:  a \n\n", message(" a ")),
        (b"data: a\ndata: b\n\n", message("a\nb")),
        (b"data\n\n", message("")),
        (b"data:\n\n", message("")),
        (b"data\ndata\n\n", message("\n")),
        (b"\xef\xbb\xbfdata: a\n\n", message("a")),
        (b"\xef\xbb\xbf\xef\xbb\xbfdata: a\n\n", []),
        (b"data: a\n\n\xef\xbb\xbfdata: b\n\n", message("a")),
        (b": ping\n\ndata: a\n\n", message("a")),
        (b": ping data: \ndata: a\n\n", message("a")),
        (b"event: error\ndata: a\n\n", [ServerSentEvent("error", "a")]),
        (b"event: error\n\ndata: a\n\n", message("a")),
        (b"event:  x\ndata:a\ndata:  b\n\n", [ServerSentEvent(" x", "a\n b")]),
        (b"data: a\r\ndata: b\r\n\r\ndata: c\r\n\r\n", [*message("a\nb"), *message("c")]),
        (b"id: 1\nretry: 3\ndata: a\n\n", message("a")),
        (b"DATA: a\n\n", []),
        (b" data: a\n\n", []),
        ("data: a\u2028b\x85c\x0bd\x1ce\n\n".encode(), message("a\u2028b\x85c\x0bd\x1ce")),
        (b"data: \xff\xe2\x82\n\n", message("\ufffd\ufffd")),
        (b"data: a\n", []),
        (b"data: a", []),
    ],
)
def test_known_cases_are_parsed(stream: bytes, events: list[ServerSentEvent]) -> None:
    assert decoded(stream) == events
    for place in range(len(stream)):
        assert decoded(stream[:place], b"", stream[place:]) == events


def test_an_event_is_returned_at_its_blank_line() -> None:
    decoder = SSEDecoder()
    assert decoder.feed(b"data: a\r\r") == message("a")
    assert decoder.feed(b"\ndata: b\r\n\r") == message("b")
    assert decoder.feed(b"\ndata: c\n\n") == message("c")


@pytest.mark.parametrize("size", [1, 7, 1000])
@pytest.mark.parametrize(
    "endless",
    [b"data: " + b"x" * 200, b": " + b"x" * 200, b"data: x\n" * 80, b"data:\n" * 200],
    ids=["line", "comment", "data lines", "empty data lines"],
)
def test_an_endless_event_is_refused(endless: bytes, size: int) -> None:
    decoder = SSEDecoder(max_event_bytes=100)
    parts = [endless[start : start + size] for start in range(0, len(endless), size)]
    with pytest.raises(ValueError, match="over 100 bytes"):
        list(map(decoder.feed, parts))


def test_an_event_as_long_as_the_limit_is_read_and_a_longer_one_refused() -> None:
    longest = "x" * (100 - len("data: "))
    decoder = SSEDecoder(max_event_bytes=100)
    assert decoder.feed(f"data: {longest}".encode()) == []
    decoder = SSEDecoder(max_event_bytes=100)
    for _ in range(3):
        assert decoder.feed(b"data: x\n" * 50 + b"\n") == message("\n".join("x" * 50))
        assert decoder.feed(f"data: {longest}".encode()) == []
        assert decoder.feed(b"\n") + decoder.feed(b"\n") == message(longest)
    with pytest.raises(ValueError, match="over 100 bytes"):
        decoder.feed(f"data: {longest}x".encode())


def test_many_small_events_in_one_part_do_not_exceed_the_limit() -> None:
    decoder = SSEDecoder(max_event_bytes=100)
    stream = b": ping\n\ndata: x\ndata: y\n\n" * 1000
    assert decoder.feed(stream) == message("x\ny") * 1000


def test_a_long_line_in_small_pieces_takes_linear_time() -> None:
    size = 8 * 1024 * 1024
    piece = b"x" * 64
    decoder = SSEDecoder()
    decoder.feed(b"data: ")
    for _ in range(size // len(piece)):
        assert decoder.feed(piece) == []
    (event,) = decoder.feed(b"\n\n")
    assert len(event.data) == size


def test_an_error_field_is_an_error_event() -> None:
    stream = SSEDecoder()
    assert stream.feed(b'error: {"code": 500}\n\n') == [ServerSentEvent("error", '{"code": 500}')]
