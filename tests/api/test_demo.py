"""The demo answers like a server, but without a network, and says that it is a demo."""

import json
import socket
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from srchat.api.client import ChatClient
from srchat.api.demo import DemoTransport, demo_answer
from srchat.api.events import Event
from srchat.api.models import ChatCompletionChunk, ChatRequest, Message
from srchat.api.server import Server
from srchat.conversation import CONTINUE_PROMPT
from tests.support.asking import collect, complete

URL = "http://demo.invalid/v1"


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("the demo used the network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


@pytest.fixture
def demo() -> Iterator[ChatClient]:
    with ChatClient(Server(URL, None, transport=DemoTransport(pace=0))) as client:
        yield client


def request_for(*prompts: str, stream: bool = True, max_tokens: int | None = None) -> ChatRequest:
    messages = tuple(Message("user", prompt) for prompt in prompts)
    return ChatRequest("any", messages, stream=stream, parameters={"max_tokens": max_tokens})


def test_the_demo_says_that_it_is_not_a_language_model(demo: ChatClient) -> None:
    got = collect(demo.stream(request_for("hello")))
    assert got.error is None
    assert "not a language model" in got.text
    assert "needs no network" in got.text


def test_it_shows_a_heading_a_list_a_table_and_code(demo: ChatClient) -> None:
    lines = collect(demo.stream(request_for("hello"))).text.splitlines()
    for start in ("## ", "1. ", "| ", "```python"):
        assert any(line.startswith(start) for line in lines)


def test_the_python_code_of_the_demo_is_valid() -> None:
    answer = demo_answer([{"role": "user", "content": 'a "quoted" \\ prompt\n```\n'}])
    code = answer.partition("```python\n")[2].rpartition("\n```")[0]
    compile(code, "demo", "exec")


def test_it_continues_its_answer() -> None:
    hello = {"role": "user", "content": "hello"}
    whole = demo_answer([hello])
    begun = {"role": "assistant", "content": whole[:100]}
    assert demo_answer([hello, begun, {"role": "user", "content": CONTINUE_PROMPT}]) == whole[100:]


def test_it_reacts_to_the_prompt_and_to_earlier_turns(demo: ChatClient) -> None:
    first = collect(demo.stream(request_for("apples"))).text
    assert "`apples`" in first
    assert "earlier prompts" not in first
    messages = (Message("user", "apples"), Message("assistant", first), Message("user", "pears"))
    second = collect(demo.stream(ChatRequest("any", messages, stream=True))).text
    assert "You said: `pears`" in second
    assert "earlier prompts" in second
    assert "- `apples`" in second


def test_it_streams_in_pieces_and_ends_like_a_server(demo: ChatClient) -> None:
    pieces: list[str] = []

    def seen(item: Event) -> None:
        if isinstance(item, ChatCompletionChunk):
            pieces.append(item.content)

    got = collect(demo.stream(request_for("hello")), seen)
    assert got.finish_reason == "stop"
    assert got.usage is not None
    assert got.usage.total_tokens == got.usage.prompt_tokens + got.usage.completion_tokens
    assert got.text == "".join(pieces)
    assert got.unreadable == 0


def test_it_streams_at_its_pace() -> None:
    chunks = 0

    def seen(item: Event) -> None:
        nonlocal chunks
        chunks += isinstance(item, ChatCompletionChunk)

    with ChatClient(Server(URL, None, transport=DemoTransport(pace=0.003))) as client:
        collect(client.stream(request_for("hello")), seen)
    assert chunks > 20


def test_the_answer_is_the_same_with_and_without_streaming(demo: ChatClient) -> None:
    streamed = complete(demo, request_for("hello"))
    whole = complete(demo, request_for("hello", stream=False))
    assert streamed == whole


@pytest.mark.parametrize("stream", [True, False])
def test_it_stops_at_max_tokens(demo: ChatClient, stream: bool) -> None:
    whole = complete(demo, request_for("hello", stream=stream))
    part = complete(demo, request_for("hello", stream=stream, max_tokens=5))
    assert part.finish_reason == "length"
    assert part.usage is not None
    assert part.usage.completion_tokens == 5
    assert whole.content.startswith(part.content)
    assert 0 < len(part.content) < len(whole.content)


def test_it_answers_with_an_instance_of_a_schema(demo: ChatClient) -> None:
    types = {"n": "integer", "x": "number", "s": "string", "b": "boolean", "z": "null"}
    properties: dict[str, object] = {name: {"type": kind} for name, kind in types.items()}
    properties["color"] = {"type": "string", "enum": ["red", "green"]}
    properties["list"] = {"type": "array", "items": {"enum": [7]}}
    schema = {"type": "object", "properties": properties}
    parameters = {"response_format": {"type": "json_schema", "json_schema": {"schema": schema}}}
    request = ChatRequest("any", (Message("user", "x"),), stream=True, parameters=parameters)
    assert json.loads(collect(demo.stream(request)).text) == {
        "n": 1,
        "x": 1.5,
        "s": "text",
        "b": True,
        "z": None,
        "color": "red",
        "list": [7],
    }


def test_it_lists_its_model(demo: ChatClient) -> None:
    (model,) = demo.list_models()
    assert model.context_window


def test_one_client_takes_several_turns(demo: ChatClient) -> None:
    assert [bool(collect(demo.stream(request_for("hello"))).text) for _ in range(3)] == [True] * 3


def test_an_abandoned_answer_ends() -> None:
    with ChatClient(Server(URL, None, transport=DemoTransport(pace=0.02))) as client:
        for item in client.stream(request_for("hello")):
            if isinstance(item, ChatCompletionChunk):
                break
        assert client._reader
        client._reader.join(1)
        assert not client._reader._thread.is_alive()


@given(st.lists(st.text(), max_size=3))
def test_every_answer_is_valid_json_text(prompts: list[str]) -> None:
    answer = demo_answer([{"role": "user", "content": prompt} for prompt in prompts])
    assert json.loads(json.dumps(answer)) == answer
    assert answer.count("\n```") == 2


@pytest.mark.parametrize(
    "prompt",
    ["", "`", "``` x", "a|b", "\n# not a heading", "{prompt}", "%s", "\udc00", "<b>", "x" * 9999],
)
def test_a_prompt_is_shown_and_does_nothing(demo: ChatClient, prompt: str) -> None:
    got = collect(demo.stream(request_for(prompt, "and now", prompt)))
    assert got.error is None
    headings = [line for line in got.text.splitlines() if line.startswith("#")]
    assert [heading.split(" ")[0] for heading in headings] == ["##", "###"]
    rows = [line for line in got.text.splitlines() if line.startswith("|")]
    assert {row.count("|") for row in rows} == {3}
