"""Streamed answers over real sockets: how they arrive, end and fail."""

import gzip
import json
import threading
import time
import tracemalloc
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import trustme

from srchat.api.client import ChatClient
from srchat.api.events import Event, RequestSent, RetryWait
from srchat.api.exchange import Limits
from srchat.api.models import ChatCompletionChunk, Usage
from srchat.api.server import Server
from srchat.errors import (
    IncompleteAnswerError,
    Interrupted,
    ProtocolError,
    SrchatError,
    TextTimeoutError,
)
from tests.conftest import Serve
from tests.support.asking import HELLO, NO_RETRIES, SHORT_WAITS, ask, collect, is_text
from tests.support.server import (
    CHUNKED,
    CLOSE,
    DONE,
    HOLD,
    RESET,
    Pause,
    Script,
    ScriptedServer,
    Step,
    answer,
    chunk,
    chunked,
    completion,
    delta,
    error,
    event,
    head,
    json_response,
    part,
)
from tests.support.tls_server import TLSServer
from tests.support.waiting import wait_until

TEXT = "Grüße, 日本 and 😀:\u2028 done.\n"
PIECES = [chunk(piece) for piece in TEXT]
STREAM = b"".join([*PIECES, chunk(finish="stop"), DONE])
FINISH = chunk(finish="stop")
# Anything else that could end a request takes 30 seconds or more.
MAX_SECONDS = 20


# Complete answers


def raw(value: dict[str, Any]) -> bytes:
    return b"data: " + json.dumps(value, ensure_ascii=False).encode() + b"\n\n"


RAW = b"".join([*(raw(delta(piece)) for piece in TEXT), FINISH, DONE])
WHOLE: dict[str, Script] = {
    "close-delimited": [head(), STREAM, CLOSE],
    "content-length": [head(headers={"Content-Length": str(len(STREAM))}), STREAM],
    "chunked": [head(headers=CHUNKED), chunked(*PIECES, FINISH, DONE)],
    "HTTP/1.0": [head().replace(b"HTTP/1.1", b"HTTP/1.0"), STREAM, CLOSE],
    "chunked in single bytes": [
        head(headers=CHUNKED),
        chunked(*(RAW[i : i + 1] for i in range(len(RAW)))),
    ],
    "torn in the middle of characters": [
        head(),
        *(RAW[i : i + 7] for i in range(0, len(RAW), 7)),
        CLOSE,
    ],
    "CR LF": [head(), STREAM.replace(b"\n", b"\r\n"), CLOSE],
    "CR": [head(), STREAM.replace(b"\n", b"\r"), CLOSE],
    "gzip": [
        head(headers={"Content-Encoding": "gzip", **CHUNKED}),
        chunked(
            *(
                gzip.compress(STREAM)[i : i + 50]
                for i in range(0, 5000, 50)
                if i < len(gzip.compress(STREAM))
            )
        ),
    ],
    "deflate": [head(headers={"Content-Encoding": "deflate"}), zlib.compress(STREAM), CLOSE],
    "a charset that lies": [head(type="text/event-stream; charset=utf-16"), RAW, CLOSE],
    "a type that lies": [head(type="application/json"), STREAM, CLOSE],
    "no type": [b"HTTP/1.1 200 OK\r\n\r\n", STREAM, CLOSE],
    "without [DONE]": [head(headers=CHUNKED), chunked(*PIECES, FINISH)],
    "without finish_reason": [head(headers=CHUNKED), chunked(*PIECES, DONE)],
    "without the last blank line": [head(), STREAM.rstrip(b"\n"), CLOSE],
    "with comments": [head(), b": hello\n\n", *PIECES, b": ping\n\n", FINISH, DONE, CLOSE],
    "with a 100 before it": [b"HTTP/1.1 100 Continue\r\n\r\n", head(), STREAM, CLOSE],
    "as one JSON document": json_response(completion(TEXT)),
    "as one JSON document, chunked": [
        head(headers=CHUNKED),
        chunked(*(bytes([byte]) for byte in json.dumps(completion(TEXT)).encode())),
    ],
    "reset after one JSON document": [
        head(type="application/json"),
        json.dumps(completion(TEXT)).encode(),
        RESET,
    ],
    "cut after one JSON document": [
        head(headers=CHUNKED),
        part(json.dumps(completion(TEXT, finish="")).encode()),
        CLOSE,
    ],
    "cut after finish_reason": [head(headers=CHUNKED), part(STREAM[: -len(DONE)]), CLOSE],
    "reset after finish_reason": [
        head(headers=CHUNKED),
        part(STREAM[: -len(DONE)]),
        RESET,
    ],
    "status 201": [head(201), STREAM, CLOSE],
}


@pytest.mark.parametrize("script", WHOLE.values(), ids=WHOLE.keys())
def test_a_whole_answer_is_read_exactly(serve: Serve, script: Script) -> None:
    server = serve(script)
    result = ask(server.url)
    assert result.error is None
    assert result.text == TEXT
    assert result.unreadable == 0
    assert len(server.requests) == 1


@pytest.mark.parametrize("streamed", [True, False])
def test_a_whole_completion_is_read_whatever_was_asked_for(serve: Serve, streamed: bool) -> None:
    server = serve(json_response(completion("Hello", "length")))
    request = HELLO if streamed else type(HELLO)(HELLO.model, HELLO.messages)
    result = ask(server.url, request)
    assert (result.text, result.finish_reason, result.usage) == ("Hello", "length", Usage(3, 5, 8))
    assert ("stream" in server.requests[0].json) is streamed


def test_text_is_returned_when_it_arrives(serve: Serve) -> None:
    came = threading.Event()
    server = serve([head(), chunk("one"), came, chunk("two"), FINISH, DONE, CLOSE])

    def seen(item: Event) -> None:
        if isinstance(item, ChatCompletionChunk) and item.content == "one":
            came.set()

    with ChatClient(Server(server.url, None), limits=Limits(silence=MAX_SECONDS)) as client:
        got = collect(client.stream(HELLO), seen)
    assert (got.text, got.error) == ("onetwo", None)


def test_reasoning_comes_apart_from_the_answer(serve: Serve) -> None:
    result = ask(serve([head(), chunk(reasoning="hm"), *answer("yes")[1:]]).url)
    assert (result.reasoning, result.text) == ("hm", "yes")


def test_only_choice_0_is_the_answer(serve: Serve) -> None:
    second = {"index": 1, "delta": {"content": "B"}, "finish_reason": None}
    both = delta("a")
    both["choices"].insert(0, second)
    ended = {"choices": [{**second, "delta": {}, "finish_reason": "length"}]}
    server = serve(
        [head(), event(both), event(ended), event({"choices": [second]}), *answer("b")[1:]]
    )
    result = ask(server.url)
    assert (result.text, result.finish_reason) == ("ab", "stop")


@pytest.mark.parametrize(
    "bad", [b"null", b"[1]", b"17", b"{oops", b"[" * 100_000, b'{"a":' + b"9" * 5000 + b"}"]
)
def test_a_bad_chunk_is_skipped_and_reported(serve: Serve, bad: bytes) -> None:
    server = serve([head(), chunk("a"), b"data: " + bad + b"\n\n", *answer("b")[1:]])
    result = ask(server.url)
    assert (result.text, result.unreadable, result.error) == ("ab", 1, None)


def test_a_long_line_in_small_pieces_is_read(serve: Serve) -> None:
    text = "x" * (2 * 1024 * 1024)
    line = chunk(text)
    script = [head(), *(line[i : i + 1000] for i in range(0, len(line), 1000)), FINISH, DONE, CLOSE]
    assert ask(serve(script).url).text == text


# How an answer ends


@pytest.mark.parametrize("ending", [HOLD, CLOSE, RESET])
@pytest.mark.parametrize("headers", [{}, CHUNKED], ids=["plain", "chunked"])
def test_done_ends_the_answer_at_once(serve: Serve, ending: Any, headers: dict[str, str]) -> None:
    body = chunk("Hello") + DONE
    server = serve([head(headers=headers), part(body) if headers else body, ending])
    begun = time.monotonic()
    result = ask(server.url, silence=2 * MAX_SECONDS)
    assert (result.text, result.error) == ("Hello", None)
    assert time.monotonic() - begun < MAX_SECONDS
    if ending is HOLD:
        assert server.client_disconnected.wait(MAX_SECONDS)


@pytest.mark.parametrize("pings", [0, 100], ids=["silent", "with comments"])
def test_the_wait_after_the_finish_reason_is_short(serve: Serve, pings: int) -> None:
    life = [Pause(0.1), b": ping\n\n"] * pings
    server = serve([head(), chunk("Hello"), FINISH, *life, HOLD])
    begun = time.monotonic()
    result = ask(server.url, silence=2 * MAX_SECONDS, after_finish=0.3)
    assert (result.text, result.finish_reason, result.error) == ("Hello", "stop", None)
    assert time.monotonic() - begun < MAX_SECONDS
    assert server.client_disconnected.wait(MAX_SECONDS)


def test_late_usage_is_waited_for(serve: Serve) -> None:
    usage = event({"choices": [], "usage": completion("")["usage"]})
    server = serve([head(), chunk("Hello"), FINISH, Pause(0.3), usage, CLOSE])
    assert ask(server.url, silence=5).usage == Usage(3, 5, 8)


EVERY = [chunk(piece, finish="stop") for piece in ("one ", "two ", "three")]


@pytest.mark.parametrize("word", ["stop", "null", "None", "", "length"])
@pytest.mark.parametrize("is_first_empty", [True, False])
def test_a_finish_reason_in_every_chunk_does_not_end_the_answer(
    serve: Serve, word: str, is_first_empty: bool
) -> None:
    pieces = ([""] if is_first_empty else []) + ["one ", "two ", "three"]
    script: list[Step] = [head()]
    for piece in pieces:  # longer than the wait after a finish reason
        script += [chunk(piece, finish=word), Pause(3.2 if piece in ("", "two ") else 0)]
    got = ask(serve([*script, DONE, CLOSE]).url)
    assert (got.text, got.message) == ("one two three", "")
    assert got.finish_reason == ("" if word in ("null", "None") else word)


def test_a_finish_reason_only_in_the_first_chunk_does_not_end_the_answer(serve: Serve) -> None:
    first = chunk("one ", finish="stop")
    script = [head(), first, Pause(3.2), chunk("two "), chunk("three"), DONE, CLOSE]
    got = ask(serve(script).url)
    assert (got.text, got.finish_reason, got.message) == ("one two three", "", "")


def test_a_connection_lost_after_text_that_follows_a_finish_reason_is_incomplete(
    serve: Serve,
) -> None:
    got = ask(serve([head(headers=CHUNKED), *map(part, EVERY), RESET]).url)
    assert got.text == "one two three"
    assert isinstance(got.error, IncompleteAnswerError)


def test_a_connection_lost_within_an_event_after_the_finish_reason_is_incomplete(
    serve: Serve,
) -> None:
    torn = chunk(" and more")[:-20]
    got = ask(serve([head(headers=CHUNKED), *map(part, (PIECES[0], FINISH, torn)), RESET]).url)
    assert isinstance(got.error, IncompleteAnswerError)


def test_an_answer_with_a_finish_reason_is_complete_if_the_connection_is_lost(serve: Serve) -> None:
    last = chunk("b", finish="stop")
    got = ask(serve([head(headers=CHUNKED), part(chunk("a")), part(last), RESET]).url)
    assert (got.text, got.finish_reason, got.message) == ("ab", "stop", "")


def test_a_finish_reason_in_every_chunk_counts_at_the_end_of_the_body(serve: Serve) -> None:
    got = ask(serve([head(headers=CHUNKED), chunked(*EVERY)]).url)
    assert (got.text, got.finish_reason, got.message) == ("one two three", "stop", "")


@pytest.mark.parametrize("begun", [True, False])
def test_keep_alives_without_text_end_after_ten_timeouts(serve: Serve, begun: bool) -> None:
    text = [chunk("some ")] if begun else []
    server = serve([head(), *text, *[b": ping\n\n", Pause(0.1)] * 200, HOLD])
    got = ask(server.url, silence=0.2, retry=SHORT_WAITS)
    assert type(got.error) is (IncompleteAnswerError if begun else TextTimeoutError)
    assert f"no text from {server.url.split('/')[2]} for 2 s" in got.message
    assert len(server.requests) == 1


@pytest.mark.parametrize("field", ["content", "reasoning"])
def test_an_answer_over_the_limit_is_cut_off_there(serve: Serve, field: str) -> None:
    piece = event({"choices": [{"index": 0, "delta": {field: "x" * 50_000}}]})
    got = ask(serve([head(), *[piece] * 100, HOLD]).url, max_characters=1 << 20)
    assert isinstance(got.error, IncompleteAnswerError)
    assert got.message == "incomplete answer: over 1 MB"
    assert 1 << 20 < len(got.text + got.reasoning) < 2 << 20


def test_all_pieces_of_choice_0_in_one_event_are_the_answer(serve: Serve) -> None:
    pieces = [{"index": 0, "delta": {"content": text}} for text in ("one ", "two ")]
    both = event({"choices": [*pieces, {"index": 1, "delta": {"content": "no"}}]})
    assert ask(serve([head(), both, FINISH, DONE, CLOSE]).url).text == "one two "


def test_silence_after_the_finish_reason_is_not_an_error(serve: Serve) -> None:
    result = ask(serve([head(), chunk("Hello"), FINISH, HOLD]).url, silence=2)
    assert (result.text, result.error) == ("Hello", None)


@pytest.mark.parametrize(
    "ending",
    [
        [head(), chunk("Hello"), CLOSE],
        [head(), chunk("Hello") + b'data: {"choices": [{"del', CLOSE],
        [head(headers=CHUNKED), chunked(chunk("Hello"))],
        [head(headers=CHUNKED), part(chunk("Hello")), CLOSE],
        [head(headers=CHUNKED), b"fff\r\n" + chunk("Hello"), CLOSE],
        [head(headers=CHUNKED), part(chunk("Hello")), b"nonsense\r\n", CLOSE],
        [head(headers=CHUNKED), part(chunk("Hello")), RESET],
        [head(headers={"Content-Length": "9999"}), chunk("Hello"), CLOSE],
        [head(), chunk("Hello"), RESET],
    ],
    ids=[
        "FIN",
        "FIN in a chunk",
        "end",
        "no last part",
        "cut part",
        "bad part",
        "RST in parts",
        "short",
        "RST",
    ],
)
def test_a_truncated_answer_is_kept_and_not_retried(serve: Serve, ending: Script) -> None:
    server = serve(ending, answer("again"))
    result = ask(server.url, retry=SHORT_WAITS)
    assert result.text == "Hello"
    assert isinstance(result.error, IncompleteAnswerError)
    assert result.message.startswith("incomplete answer: ")
    assert len(server.requests) == 1


ERRORS: list[bytes] = [
    event({"error": {"message": "broken", "code": 500}}),
    event({"error": "broken"}),
    event({"error": ["broken"]}),
    event([{"error": {"message": "broken"}}]),
    event({"object": "error", "message": "broken"}),
    event({"detail": "broken"}),
    b"event: error\ndata: broken\n\n",
]


@pytest.mark.parametrize("after", [b"", DONE], ids=["", "DONE"])
@pytest.mark.parametrize("before", ["", "Hello"], ids=["before text", "after text"])
@pytest.mark.parametrize("message", ERRORS, ids=range(len(ERRORS)))
def test_an_error_in_the_stream_ends_the_answer_with_its_message(
    serve: Serve, message: bytes, before: str, after: bytes
) -> None:
    server = serve([head(), chunk(before), message, after, CLOSE])
    got = ask(server.url, retry=SHORT_WAITS)
    assert got.text == before
    assert isinstance(got.error, IncompleteAnswerError)
    assert got.message.endswith(": broken")
    assert len(server.requests) == 1


def test_an_error_in_the_stream_ends_it_though_the_connection_stays_open(serve: Serve) -> None:
    server = serve([head(), chunk("Hello"), ERRORS[0], HOLD])
    got = ask(server.url, silence=30)
    assert got.message.endswith(": broken")
    assert server.client_disconnected.wait(MAX_SECONDS)


@pytest.mark.parametrize(
    ("script", "message"),
    [
        (json_response({"error": {"message": "broken"}}), "broken"),
        (json_response({"detail": "broken"}), "broken"),
        (json_response(b"{malformed json: <<<chaos>>>"), "cannot be read"),
        (json_response({"object": "list", "data": []}), "no message"),
        (json_response(b"<html><title>Log in</title></html>"), "web page, not an answer: Log in"),
        (json_response(b""), "empty reply"),
        ([head(), CLOSE], "empty reply"),
        ([head(headers=CHUNKED), chunked()], "empty reply"),
        ([head(204)], "empty reply"),
        ([head(), b": ping\n\n", CLOSE], "without an answer"),
        ([head(), chunk(role="assistant", content=""), CLOSE], "without an answer"),
        ([head(), b"Service unavailable", CLOSE], "without an answer"),
        ([head(headers={"Content-Encoding": "br"}), b"xyz", CLOSE], "'br'"),
        ([head(headers={"Content-Encoding": "gzip"}), STREAM, CLOSE], "corrupt"),
    ],
)
def test_a_200_without_an_answer_is_not_retried(serve: Serve, script: Script, message: str) -> None:
    server = serve(script, answer("again"))
    got = ask(server.url, retry=SHORT_WAITS)
    assert got.text == ""
    assert isinstance(got.error, ProtocolError | IncompleteAnswerError)
    assert message in got.message
    assert len(server.requests) == 1


def test_a_corrupt_compressed_answer_is_kept_and_reported(serve: Serve) -> None:
    packer = zlib.compressobj(wbits=31)
    good = packer.compress(chunk("Hello")) + packer.flush(zlib.Z_SYNC_FLUSH)
    came = threading.Event()
    server = serve([head(headers={"Content-Encoding": "gzip"}), good, came, b"\xff" * 99, CLOSE])
    with ChatClient(Server(server.url, None), retry=NO_RETRIES) as client:
        got = collect(client.stream(HELLO), lambda item: came.set() if is_text(item) else None)
    assert got.text == "Hello"
    assert isinstance(got.error, IncompleteAnswerError)
    assert "compressed answer is corrupt" in got.message


# Silence


def test_a_timeout_in_the_middle_truncates_the_answer(serve: Serve) -> None:
    server = serve([head(), chunk("Hello"), HOLD], answer("again"))
    got = ask(server.url, retry=SHORT_WAITS, silence=3)
    assert got.text == "Hello"
    assert isinstance(got.error, IncompleteAnswerError)
    assert "no data" in got.message
    assert server.client_disconnected.wait(MAX_SECONDS)
    assert len(server.requests) == 1


def test_the_connect_timeout_does_not_apply_to_the_body(serve: Serve) -> None:
    server = serve([b"HTTP/1.1 200 OK\r\n\r\n", Pause(1.5), STREAM, CLOSE])
    got = ask(server.url, connect=1, silence=20)
    assert (got.text, got.error) == (TEXT, None)


# Interrupts


class Interruption:
    """Interrupts a stream at the first event for which `wanted` is true, and waits for its end."""

    def __init__(
        self, client: ChatClient, wanted: Callable[[Event], bool], signum: int = 2
    ) -> None:
        self.was_sent = False
        self.stream = client.stream(HELLO)
        self.wanted = wanted
        self.signum = signum
        begun = time.monotonic()
        self.answer = collect(self.stream, self.seen)
        assert time.monotonic() - begun < MAX_SECONDS
        assert client._reader
        client._reader.join(MAX_SECONDS)
        self.reader_ended = not client._reader._thread.is_alive()

    def seen(self, item: Event) -> None:
        if not self.was_sent and self.wanted(item):
            self.was_sent = True
            # Delayed and in another thread, so that the main thread is waiting again.
            threading.Timer(0.1, self.stream.interrupt, [self.signum]).start()


PINGS: list[Step] = [b": ping\n\n", Pause(0.02)] * 2000
FLOOD = 5000 * 20_000
PHASES: dict[str, tuple[Script, Callable[[Event], bool], str]] = {
    "before headers": ([HOLD], lambda item: isinstance(item, RequestSent), ""),
    "before the first text": ([head(), HOLD], lambda item: isinstance(item, tuple), ""),
    "in mid-stream": ([head(), chunk("Hello"), HOLD], is_text, "Hello"),
    "in parts": ([head(headers=CHUNKED), part(chunk("Hello")), HOLD], is_text, "Hello"),
    "while pings come": ([head(), *PINGS], lambda _: True, ""),
    "while text pours": ([head(), *[chunk("x" * 5000)] * (FLOOD // 5000), HOLD], is_text, "x"),
    "in an error body": ([head(400, type="text/plain"), b"no", HOLD], lambda _: True, ""),
}


@pytest.mark.parametrize(("script", "wanted", "text"), PHASES.values(), ids=PHASES.keys())
def test_an_interrupt_ends_the_answer_promptly_and_closes_the_connection(
    serve: Serve, script: Script, wanted: Callable[[Event], bool], text: str
) -> None:
    server = serve(script)
    with ChatClient(Server(server.url, None)) as client:
        got = Interruption(client, wanted)
        assert isinstance(got.answer.error, Interrupted)
        assert got.answer.error.exit_code == 130
        assert got.answer.text[:5].startswith(text)
        assert len(got.answer.text) < FLOOD
        assert got.reader_ended
        assert server.client_disconnected.wait(MAX_SECONDS)
    assert len(server.requests) == 1


def test_an_interrupt_before_anything_is_sent_is_not_lost(serve: Serve) -> None:
    server = serve(answer("Hello"))
    with ChatClient(Server(server.url, None)) as client:
        stream = client.stream(HELLO)
        stream.interrupt(15)
        got = collect(stream)
        assert isinstance(got.error, Interrupted)
        assert got.error.exit_code == 143
        assert got.text == ""


def test_an_interrupt_while_connecting_ends_promptly(full_backlog: str) -> None:
    begun = time.monotonic()
    with ChatClient(Server(full_backlog, None), limits=Limits(connect=2 * MAX_SECONDS)) as client:
        stream = client.stream(HELLO)
        threading.Timer(0.2, stream.interrupt, [1]).start()
        got = collect(stream)
    assert isinstance(got.error, Interrupted)
    assert got.error.exit_code == 129
    assert time.monotonic() - begun < MAX_SECONDS


def test_an_interrupt_while_waiting_to_try_again_ends_promptly(serve: Serve) -> None:
    server = serve(error(429, headers={"Retry-After": "30"}))
    with ChatClient(Server(server.url, None)) as client:
        got = Interruption(client, lambda item: isinstance(item, RetryWait))
    assert isinstance(got.answer.error, Interrupted)
    assert len(server.requests) == 1


@pytest.fixture
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> trustme.CA:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    return authority


@pytest.mark.parametrize("script", [[HOLD], [head(), chunk("Hello"), HOLD]])
def test_an_interrupt_ends_an_answer_over_tls_as_promptly(
    script: Script, authority: trustme.CA
) -> None:
    wanted: Callable[[Event], bool] = is_text if len(script) > 1 else PHASES["before headers"][1]
    with (
        TLSServer([script], authority) as server,
        ChatClient(Server(server.url, None)) as client,
    ):
        got = Interruption(client, wanted)
        assert isinstance(got.answer.error, Interrupted)
        assert got.reader_ended
        assert server.client_disconnected.wait(MAX_SECONDS)


def test_a_connection_established_after_an_interrupt_is_not_used(
    authority: trustme.CA,
) -> None:
    ready = threading.Event()
    with (
        TLSServer([[HOLD]], authority, ready=ready) as server,
        ChatClient(Server(server.url, None)) as client,
    ):
        stream = client.stream(HELLO)

        def interrupt() -> None:
            wait_until(lambda: server.connections)
            stream.interrupt(2)

        threading.Thread(target=interrupt).start()
        got = collect(stream)
        assert isinstance(got.error, Interrupted)
        ready.set()
        assert client._reader
        client._reader.join(MAX_SECONDS)
        assert not client._reader._thread.is_alive()
        assert server.requests == []


def test_the_client_can_send_a_request_after_an_interrupt(serve: Serve) -> None:
    server = serve([head(), chunk("Hello"), HOLD], answer("Hi"))
    with ChatClient(Server(server.url, None)) as client:
        Interruption(client, is_text)
        assert collect(client.stream(HELLO)).text == "Hi"


def test_an_abandoned_answer_is_ended(serve: Serve) -> None:
    server = serve([head(), *[chunk("Hello"), Pause(0.02)] * 500])
    with ChatClient(Server(server.url, None)) as client:
        for item in client.stream(HELLO):
            if is_text(item):
                break
        assert server.client_disconnected.wait(MAX_SECONDS)


def test_closing_the_client_ends_reading(serve: Serve) -> None:
    server = serve([head(), chunk("Hello"), HOLD])
    with ChatClient(Server(server.url, None)) as client:
        events = iter(client.stream(HELLO))
        while not is_text(next(events)):
            pass
    assert server.client_disconnected.wait(MAX_SECONDS)


# Bounds


def test_a_slow_consumer_slows_down_the_server(serve: Serve) -> None:
    sent = 0
    size = 64 * 1024
    text = chunk("x" * (size - len(chunk(""))))

    class Counting(ScriptedServer):
        def _send(self, connection: Any, data: bytes) -> bool:
            nonlocal sent
            done = super()._send(connection, data)
            sent += len(data)
            return done

    tracemalloc.start()
    script: Script = [head(), *[text] * 3000, FINISH, DONE, CLOSE]
    with Counting([script]) as server, ChatClient(Server(server.url, None)) as client:
        events = iter(client.stream(HELLO))
        while not is_text(next(events)):
            pass
        before = -1
        while before < sent:
            before = sent
            time.sleep(0.3)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert sent < 100 * 1024 * 1024
        assert peak < 100 * 1024 * 1024
        rest = sum(len(item.content) for item in events if isinstance(item, ChatCompletionChunk))
        assert rest > 2900 * (size - len(chunk("")))


def test_every_failure_is_an_exception_of_srchat(serve: Serve) -> None:
    for script in ([b"\0" * 100, CLOSE], [b"HTTP/1.1 abc\r\n\r\n", CLOSE], [head(999), CLOSE]):
        got = ask(serve(script).url)
        assert isinstance(got.error, SrchatError)
