"""ChatClient over real sockets: requests, connections, the key, lists of models."""

import json
import select
import socket
import threading
import time
from collections.abc import Sequence

import pytest

from srchat.api.client import ChatClient
from srchat.api.exchange import Limits
from srchat.api.models import ChatCompletion, ChatRequest, Message, Model, Usage
from srchat.api.retry import RetryPolicy
from srchat.api.server import Server
from srchat.errors import (
    APIConnectionError,
    APIError,
    APIStatusError,
    APITimeoutError,
    AuthenticationError,
    ProtocolError,
)
from tests.conftest import Serve
from tests.support.asking import (
    HELLO,
    KEY,
    NO_RETRIES,
    SHORT_WAITS,
    ask,
    collect,
    complete,
    kept_open,
    settle,
)
from tests.support.server import (
    CHUNKED,
    CLOSE,
    DONE,
    HOLD,
    Pause,
    Request,
    Script,
    ScriptedServer,
    answer,
    chunk,
    chunked,
    completion,
    error,
    event,
    head,
    json_response,
)
from tests.support.waiting import WAIT_TIMEOUT, wait_until

PLAIN = ChatRequest("m", (Message("user", "hi"),))


# What is sent


def test_nothing_is_sent_before_the_answer_is_requested(serve: Serve) -> None:
    server = serve(answer("Hello"))
    with ChatClient(Server(server.url, None)) as client:
        client.stream(HELLO)
        time.sleep(0.1)
    assert server.connections == 0


def test_every_prompt_that_python_can_hold_is_sent(serve: Serve) -> None:
    text = "é 😀 \u2028 \0 \udc00 \ud83d"
    server = serve(answer("Hello"))
    ask(server.url, ChatRequest("m", (Message("user", text),)))
    sent = server.requests[0].json["messages"][0]["content"]
    assert sent == "é 😀 \u2028 \0 \ufffd \ufffd"  # halves, which strict servers refuse


def test_a_large_prompt_is_sent_whole(serve: Serve) -> None:
    text = "x" * 3_000_000
    server = serve(answer("Hello"))
    assert ask(server.url, ChatRequest("m", (Message("user", text),))).text == "Hello"
    assert server.requests[0].json["messages"][0]["content"] == text


# The connection


def test_the_next_request_uses_the_same_connection(serve: Serve) -> None:
    server = serve(
        kept_open("one"), kept_open("two"), json_response(completion("three")), kept_open("four")
    )
    with ChatClient(Server(server.url, None)) as client:
        texts = []
        for _ in range(4):
            texts.append(collect(client.stream(HELLO)).text)
            settle(client)
    assert texts == ["one", "two", "three", "four"]
    assert server.connections == 1


class SlowServer(ScriptedServer):
    """Waits before it reads the second request, with a small receive buffer."""

    def __init__(self, scripts: Sequence[Script]) -> None:
        super().__init__(scripts)
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)

    def _read_request(
        self, connection: socket.socket, buffer: bytes
    ) -> tuple[Request, bytes] | None:
        if len(self.requests) == 1 and select.select([connection], [], [], 5)[0]:
            time.sleep(1.5)
        return super()._read_request(connection, buffer)


def test_a_large_prompt_on_a_kept_connection_is_sent_once_however_long_it_takes() -> None:
    large = ChatRequest("m", (Message("user", "x" * 8_000_000),))
    limits = Limits(connect=1, silence=20)
    with (
        SlowServer([kept_open("one"), kept_open("two")]) as server,
        ChatClient(Server(server.url, None), retry=NO_RETRIES, limits=limits) as client,
    ):
        collect(client.stream(HELLO))
        settle(client)
        got = collect(client.stream(large))
    assert (got.text, got.error) == ("two", None)
    assert (len(server.requests), server.connections) == (2, 1)


def test_a_kept_connection_that_the_server_closed_while_idle_is_not_used(serve: Serve) -> None:
    server = serve([*kept_open("one"), CLOSE], kept_open("two"))
    with ChatClient(Server(server.url, None), retry=NO_RETRIES) as client:
        collect(client.stream(HELLO))
        settle(client)
        wait_until(lambda: server.connections_ended)
        assert collect(client.stream(HELLO)).text == "two"
    assert (len(server.requests), server.connections) == (2, 2)


def test_a_server_that_stopped_between_two_requests_is_reported(serve: Serve) -> None:
    server = serve([*kept_open("one"), CLOSE])
    with ChatClient(Server(server.url, None), retry=NO_RETRIES) as client:
        collect(client.stream(HELLO))
        settle(client)
        server.__exit__()
        got = collect(client.stream(HELLO))
    assert isinstance(got.error, APIConnectionError)
    assert "cannot connect" in got.message


def test_a_connection_left_open_after_done_is_closed_by_the_next_request(serve: Serve) -> None:
    server = serve(
        [head(headers=CHUNKED), chunked(chunk("one"), DONE)[:-5], HOLD], kept_open("two")
    )
    with ChatClient(Server(server.url, None), retry=NO_RETRIES) as client:
        assert collect(client.stream(HELLO)).text == "one"
        assert collect(client.stream(HELLO)).text == "two"
        assert server.client_disconnected.wait(WAIT_TIMEOUT)


def test_data_without_end_after_done_is_cut_off(serve: Serve) -> None:
    flood = [chunk("x" * 10_000)] * 5000
    server = serve([head(), chunk("one"), DONE, *flood, HOLD])
    with ChatClient(Server(server.url, None)) as client:
        assert collect(client.stream(HELLO)).text == "one"
        assert server.client_disconnected.wait(WAIT_TIMEOUT)


def test_requests_in_a_row_share_nothing_of_their_answers(serve: Serve) -> None:
    broken = [head(headers=CHUNKED), b"fff\r\n" + chunk("lost"), CLOSE]
    server = serve(broken, [head(), b"data: {bad\n\n", *answer("a")[1:]], error(400), answer("b"))
    with ChatClient(Server(server.url, None), retry=NO_RETRIES) as client:
        got = [collect(client.stream(HELLO)) for _ in range(4)]
    assert [each.text for each in got] == ["lost", "a", "", "b"]
    assert [each.unreadable for each in got] == [0, 1, 0, 0]


def test_no_thread_is_left_behind(serve: Serve) -> None:
    server = serve(kept_open("one"), [head(), chunk("two"), HOLD], error(500))
    with ChatClient(Server(server.url, None), retry=NO_RETRIES, limits=Limits(silence=3)) as client:
        for _ in range(3):
            collect(client.stream(HELLO))
    assert len(server.requests) == 3
    wait_until(lambda: "srchat-reader" not in {thread.name for thread in threading.enumerate()})


# stream_options


NAMED: list[Script] = [
    error(400, "Unknown parameter: 'stream_options'."),
    error(422, "stream_options: extra inputs are not permitted"),
    json_response(
        {"detail": [{"loc": ["body", "stream_options"], "msg": "Extra inputs are not permitted"}]},
        422,
    ),
]


@pytest.mark.parametrize("refusal", NAMED, ids=range(len(NAMED)))
def test_stream_options_is_omitted_for_a_server_that_rejects_it(
    serve: Serve, refusal: Script
) -> None:
    server = serve(refusal, kept_open("one"), kept_open("two"))
    with ChatClient(Server(server.url, None), retry=NO_RETRIES) as client:
        first = collect(client.stream(HELLO))
        assert (first.text, first.waits) == ("one", {})
        assert collect(client.stream(HELLO)).text == "two"
    sent = ["stream_options" in request.json for request in server.requests]
    assert sent == [True, False, False]


def test_a_server_that_always_rejects_stream_options_gets_two_requests(serve: Serve) -> None:
    server = serve(NAMED[0])
    got = ask(server.url, retry=SHORT_WAITS)
    assert isinstance(got.error, APIStatusError)
    assert len(server.requests) == 2


def test_a_model_that_requires_max_completion_tokens_gets_it(serve: Serve) -> None:
    message = "'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead."
    server = serve(
        error(400, message, code="unsupported_parameter"), kept_open("one"), kept_open("two")
    )
    limited = HELLO._replace(parameters={"max_tokens": 7})
    with ChatClient(Server(server.url, None), retry=NO_RETRIES) as client:
        first = collect(client.stream(limited))
        assert (first.text, first.waits) == ("one", {})
        assert collect(client.stream(limited)).text == "two"
    names = ("max_tokens", "max_completion_tokens")
    sent = [[request.json.get(name) for name in names] for request in server.requests]
    assert sent == [[7, None], [None, 7], [None, 7]]


@pytest.mark.parametrize("name", ["max_tokens", "'max_tokens' or 'max_completion_tokens'"])
def test_a_limit_that_is_too_high_is_refused(serve: Serve, name: str) -> None:
    server = serve(error(400, f"{name} is too large: 7"), answer("again"))
    with ChatClient(Server(server.url, None)) as client:
        assert collect(client.stream(HELLO._replace(parameters={"max_tokens": 7}))).error
    assert len(server.requests) == 1


def test_another_400_does_not_disable_stream_options(serve: Serve) -> None:
    server = serve(error(400, "context length exceeded"), answer("again"))
    assert ask(server.url).error
    assert len(server.requests) == 1


# The key


SAID = f"invalid key {KEY} (Authorization: Bearer {KEY})"
ECHOES: dict[str, Script] = {
    "401": error(401, SAID),
    "429, for ever": error(429, SAID),
    "plain text": [head(500, type="text/plain"), SAID.encode(), CLOSE],
    "web page": [head(403), f"<title>{SAID}</title>".encode(), CLOSE],
    "cut short": error(400, "x" * 380 + f" {KEY} {KEY}"),
    "cut short, no blanks": error(400, "x" * 378 + f"{KEY}{KEY}"),
    "in the stream": [head(), event({"error": {"message": SAID}}), CLOSE],
    "in the stream, after text": [head(), chunk("a"), event({"error": SAID}), CLOSE],
    "web page with 200": json_response(f"<title>{SAID}</title>".encode()),
    "redirect": [head(302, {"Location": f"http://x/?{KEY}", "Content-Length": "0"})],
    "status line": [f"HTTP/9.9 {KEY} no\r\n\r\n".encode(), CLOSE],
    "encoding": [head(headers={"Content-Encoding": KEY}), b"x", CLOSE],
}


@pytest.mark.parametrize("script", ECHOES.values(), ids=ECHOES.keys())
def test_the_key_is_in_no_message_though_the_server_echoes_it(serve: Serve, script: Script) -> None:
    got = ask(serve(script).url, key=KEY, retry=SHORT_WAITS)
    assert got.error
    texts = [got.message, got.error.hint, str(got.error), repr(got.error)]
    texts += [wait.reason for wait in got.waits.values()]
    for text in texts:
        assert KEY[:10] not in text


def test_the_log_has_requests_and_responses_but_not_the_key(serve: Serve) -> None:
    lines: list[str] = []
    server = serve(error(503), answer("Hello", headers={"X-Request-Id": "abc"}))
    with ChatClient(Server(server.url, KEY), retry=SHORT_WAITS, log=lines.append) as client:
        collect(client.stream(HELLO))
    log = "\n".join(lines)
    assert log.count(f"> POST {server.url}/chat/completions") == 2
    assert "answers 503" in log
    assert "answers 200" in log
    assert "< x-request-id: abc" in log
    assert KEY not in log


# complete and list_models


def test_complete_returns_a_streamed_answer_whole(serve: Serve) -> None:
    usage = event({"choices": [], "usage": {"prompt_tokens": 1, "completion_tokens": 2}})
    server = serve(
        [
            head(),
            chunk("a\ud83d", reasoning="r"),
            Pause(0.02),
            chunk("\ude00b"),
            usage,
            chunk(finish="length"),
            DONE,
            CLOSE,
        ]
    )
    with ChatClient(Server(server.url, None)) as client:
        whole = complete(client, HELLO)
    assert whole == ChatCompletion("a😀b", "r", "length", "vllm-primary", Usage(1, 2, 3))


def test_complete_returns_a_whole_answer(serve: Serve) -> None:
    server = serve(json_response(completion("Hello")))
    with ChatClient(Server(server.url, None)) as client:
        whole = complete(client, PLAIN)
    assert whole == ChatCompletion("Hello", "", "stop", "vllm-primary", Usage(3, 5, 8))
    assert server.requests[0].json == PLAIN.to_json()


def test_complete_raises_what_the_stream_raises(serve: Serve) -> None:
    with (
        ChatClient(Server(serve(error(401)).url, None)) as client,
        pytest.raises(AuthenticationError),
    ):
        complete(client, PLAIN)


MODELS = {"object": "list", "data": [{"id": "a", "max_model_len": 4096}, {"id": "b"}, {}, None]}


def models_of(url: str, key: str | None = None, retry: RetryPolicy = NO_RETRIES) -> Sequence[Model]:
    with ChatClient(Server(url, key), retry=retry, limits=Limits(silence=3)) as client:
        return client.list_models()


@pytest.mark.parametrize("value", [MODELS, MODELS["data"]])
def test_the_models_of_a_server_are_listed(serve: Serve, value: object) -> None:
    server = serve(json_response(value))
    assert models_of(server.url, KEY) == [Model("a", "", 4096), Model("b", "", None)]
    (request,) = server.requests
    assert (request.method, request.path, request.body) == ("GET", "/v1/models", b"")
    assert request.headers["authorization"] == f"Bearer {KEY}"


@pytest.mark.parametrize(
    "text",
    [
        "".join(f"\\u{ord(char):04x}" for char in KEY),
        "\\u200b".join(KEY),
        "\\t".join(KEY),
        KEY[1:],
    ],
)
def test_the_key_is_redacted_in_names_also_where_json_escapes_it(serve: Serve, text: str) -> None:
    body = f'{{"data": [{{"id": "a {text}", "owned_by": "b {text}"}}]}}'.encode()
    shown = "[key …cdef]"
    assert models_of(serve(json_response(body)).url, KEY) == [
        Model(f"a {shown}", f"b {shown}", None)
    ]


def test_the_key_is_redacted_in_an_error_in_place_of_a_list(serve: Serve) -> None:
    escaped = "".join(f"\\u{ord(char):04x}" for char in KEY)
    body = f'{{"error": "no {escaped}"}}'.encode()
    with pytest.raises(ProtocolError, match=r"no \[key …cdef\]$"):
        models_of(serve(json_response(body)).url, KEY)


def test_a_truncated_list_is_requested_again(serve: Serve) -> None:
    body = json.dumps(MODELS).encode()
    cut: Script = [head(headers={"Content-Length": "9999"}), body[:50], CLOSE]
    server = serve(cut, json_response(MODELS))
    assert len(models_of(server.url, retry=SHORT_WAITS)) == 2
    assert len(server.requests) == 2


def test_the_waits_for_a_list_are_reported(serve: Serve) -> None:
    server = serve(error(503, headers={"Retry-After": "0.2"}), json_response(MODELS))
    with ChatClient(Server(server.url, None)) as client:
        waits: list[float] = []
        client.list_models(lambda wait: waits.append(wait.left))
    assert waits
    assert server.requests[1].at - server.requests[0].at >= 0.2


@pytest.mark.parametrize(
    ("script", "kind"),
    [
        (error(401), AuthenticationError),
        (error(404), APIStatusError),
        (json_response(b"<html>"), ProtocolError),
        (json_response(b""), ProtocolError),
        (json_response({"data": None}), ProtocolError),
        (json_response(3), ProtocolError),
        (json_response(b"[" * 100_000), ProtocolError),
        ([HOLD], APITimeoutError),
        ([CLOSE], APIConnectionError),
    ],
)
def test_a_response_that_is_not_a_list_of_models_is_reported(
    serve: Serve, script: Script, kind: type[APIError]
) -> None:
    with pytest.raises(kind):
        models_of(serve(script).url)


def test_an_endless_list_of_models_is_truncated(serve: Serve) -> None:
    server = serve([head(), *[b"x" * 100_000] * 5000])
    with pytest.raises(ProtocolError, match="over 8388608 bytes"):
        models_of(server.url)
    assert server.client_disconnected.wait(WAIT_TIMEOUT)
