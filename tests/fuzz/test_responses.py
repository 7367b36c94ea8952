"""Random responses: no text is lost or duplicated, and only SrchatError is raised."""

import json
import random

import pytest

from srchat.api.answer import AnswerDecoder
from srchat.api.models import ChatCompletionChunk
from srchat.errors import IncompleteAnswerError, SrchatError
from tests.conftest import Serve
from tests.fuzz.seeds import seeds
from tests.support.asking import ask
from tests.support.server import CLOSE, DONE, RESET, Script, head

pytestmark = pytest.mark.slow

_TEXTS = ("a", " b\n", "é", "日本", "\u2028", "```\n", '"', "\\u0041", "\r", "<think>", "x" * 300)
_ODD = (
    b": ping\n\n", b"data:\n\n", b"data: null\n\n", b"data: []\n\n", b"event: x\ndata: 1\n\n",
    b"data: {\n\n", b'data: {"choices": [{"delta": {"content": 5}}]}\n\n', b"\xff\n\n",
    b'data: {"choices": []}\n\n', b"retry: 1\n\n", b"\n", b"\r\n", b'data: {"choices": 3}\n\n',
)  # fmt: skip
_REASONS = (None, None, None, "stop", "null", "", "length", "running")


class RandomBody:
    """A random body, and the text that a client should read from it."""

    def __init__(self, rng: random.Random) -> None:
        self.text = ""
        self.parts: list[bytes] = []
        fixed_reason = rng.choice(_REASONS)  # some servers send one with every chunk
        for _ in range(rng.randrange(12)):
            if rng.random() < 0.2:
                self.parts.append(rng.choice(_ODD))
                continue
            piece = "".join(rng.choices(_TEXTS, k=rng.randrange(4)))
            reason = fixed_reason or rng.choice(_REASONS)
            self.text += piece
            self.parts.append(_chunk(rng, piece, reason))
        self.is_done = rng.random() < 0.7
        if self.is_done:
            self.parts.append(DONE)


def _chunk(rng: random.Random, piece: str, reason: str | None) -> bytes:
    choice = {"index": 0, "delta": {"content": piece}, "finish_reason": reason}
    data = json.dumps({"choices": [choice]}, ensure_ascii=rng.random() < 0.5)
    end = rng.choice((b"\n\n", b"\r\n\r\n", b"\r\r"))
    return b"data: " + data.encode("utf-8", "surrogatepass") + end


def _cut(rng: random.Random, data: bytes) -> list[bytes]:
    cuts = sorted(rng.randrange(len(data) + 1) for _ in range(rng.randrange(8)))
    return [data[i:j] for i, j in zip([0, *cuts], [*cuts, len(data)], strict=True) if i < j]


def test_the_text_does_not_depend_on_how_the_stream_is_split() -> None:
    for seed in seeds(1500):
        rng = random.Random(seed)
        body = RandomBody(rng)
        data = b"".join(body.parts)
        decoder = AnswerDecoder()
        try:
            pieces = [decoder.feed(part) for part in _cut(rng, data)]
            pieces.append(decoder.flush() if not decoder.done else None)
        except SrchatError:
            assert not body.text, f"seed {seed}"
            continue
        text = "".join(p.content for p in pieces if isinstance(p, ChatCompletionChunk))
        assert text == body.text, f"seed {seed}"


def _script(rng: random.Random, body: RandomBody) -> tuple[Script, bool]:
    """Return a script, and whether it sends the body to its end."""
    is_complete = rng.random() < 0.7
    steps = [step for part in body.parts for step in _cut(rng, part)]
    if is_complete:
        return [head(), *steps, CLOSE], True
    return [head(headers={"Content-Length": "999999"}), *steps, rng.choice((CLOSE, RESET))], False


def test_an_answer_over_a_socket_is_complete_or_reported_as_incomplete(serve: Serve) -> None:
    for seed in seeds(120):
        rng = random.Random(seed)
        body = RandomBody(rng)
        script, is_complete = _script(rng, body)
        answer = ask(serve(script).url, silence=10)
        assert answer.text == body.text, f"seed {seed}"
        assert answer.error is None or isinstance(answer.error, SrchatError), f"seed {seed}"
        if body.is_done and body.text:
            assert answer.error is None, f"seed {seed}: {answer.message}"
        elif not is_complete and not answer.finish_reason and body.text:
            assert isinstance(answer.error, IncompleteAnswerError), f"seed {seed}"
