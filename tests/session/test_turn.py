"""A prompt fitted to the context window of a server that counts tokens differently."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from srchat.api.http import httpx
from srchat.errors import IncompleteAnswerError
from srchat.session.reply_stream import Text, TurnEvent, caught
from tests.session.test_session import Host, Network
from tests.support.server import DONE, chunk


class TokenCountingNetwork(Network):
    """Counts one token per `characters` characters, and rejects long requests like vLLM."""

    def __init__(self, characters: int, window: int, *, counts: bool) -> None:
        super().__init__()
        self.refused = 0
        self._characters = characters
        self._window = window
        self._counts = counts

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        body = json.loads(request.read())
        self.bodies.append(body)
        prompt = sum(len(each["content"]) for each in body["messages"]) // self._characters
        answer = body.get("max_tokens", 0)
        if prompt + answer > self._window:
            self.refused += 1
            message = (
                f"This model's maximum context length is {self._window} tokens. However, you "
                f"requested {prompt + answer} tokens ({prompt} in the messages, {answer} in the "
                "completion). Please reduce the length of the messages or completion."
            )
            error = json.dumps({"error": {"message": message, "code": "context_length_exceeded"}})
            return httpx.Response(400, stream=httpx.ByteStream(error.encode()))
        usage = {"prompt_tokens": prompt, "completion_tokens": 50, "total_tokens": prompt + 50}
        counted = b"data: " + json.dumps({"choices": [], "usage": usage}).encode() + b"\n\n"
        parts = [chunk("y" * 50 * self._characters), chunk(finish="stop")]
        return httpx.Response(
            200,
            headers={"content-type": "text/event-stream"},
            stream=httpx.ByteStream(b"".join([*parts, counted if self._counts else b"", DONE])),
        )


@pytest.mark.parametrize("counts", [True, False])
@pytest.mark.parametrize("characters", [1, 2, 4, 6])
@pytest.mark.parametrize("max_tokens", [None, 200, 600])
def test_a_long_conversation_continues_after_an_overflow(
    tmp_path: Path, characters: int, max_tokens: int | None, counts: bool
) -> None:
    network = TokenCountingNetwork(characters, 1000, counts=counts)
    host = Host(tmp_path, network)
    if max_tokens:
        host.session.change(max_tokens=max_tokens)
    for number in range(30):
        assert host.type(f"{number} " + "x" * 100) is None
    assert network.refused <= 2
    host.close()


def test_a_prompt_that_fits_alone_is_sent_alone(tmp_path: Path) -> None:
    network = TokenCountingNetwork(1, 1000, counts=True)
    host = Host(tmp_path, network)
    host.session.change(max_tokens=200)
    for _ in range(3):
        assert host.type("x" * 100) is None
    assert host.type("x" * 790) is None
    assert len(network.messages[-1]) == 1
    failure = host.type("x" * 810)
    assert failure
    assert "lower --max-tokens" in failure.hint
    host.close()


def test_memory_that_runs_out_ends_the_turn() -> None:
    def events() -> Iterator[TurnEvent]:
        yield Text("a")
        raise MemoryError

    turn = caught(events())
    assert next(turn) == Text("a")
    with pytest.raises(StopIteration) as end:
        next(turn)
    assert isinstance(end.value.value, IncompleteAnswerError)
    assert end.value.value.message == "incomplete answer: out of memory"
