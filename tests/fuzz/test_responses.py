"""Random answers of servers: text is never lost or doubled, and only our own errors come."""

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


class Made:
    """A body made at random, with what a reader should make of it."""

    def __init__(self, chance: random.Random) -> None:
        self.text = ""
        self.parts: list[bytes] = []
        every = chance.choice(_REASONS)  # some servers name a reason with every chunk
        for _ in range(chance.randrange(12)):
            if chance.random() < 0.2:
                self.parts.append(chance.choice(_ODD))
                continue
            piece = "".join(chance.choices(_TEXTS, k=chance.randrange(4)))
            reason = every or chance.choice(_REASONS)
            self.text += piece
            self.parts.append(_chunk(chance, piece, reason))
        self.is_done = chance.random() < 0.7
        if self.is_done:
            self.parts.append(DONE)


def _chunk(chance: random.Random, piece: str, reason: str | None) -> bytes:
    choice = {"index": 0, "delta": {"content": piece}, "finish_reason": reason}
    data = json.dumps({"choices": [choice]}, ensure_ascii=chance.random() < 0.5)
    end = chance.choice((b"\n\n", b"\r\n\r\n", b"\r\r"))
    return b"data: " + data.encode("utf-8", "surrogatepass") + end


def _cut(chance: random.Random, data: bytes) -> list[bytes]:
    cuts = sorted(chance.randrange(len(data) + 1) for _ in range(chance.randrange(8)))
    return [data[i:j] for i, j in zip([0, *cuts], [*cuts, len(data)], strict=True) if i < j]


def test_however_an_answer_is_cut_its_text_is_the_same() -> None:
    for seed in seeds(1500):
        chance = random.Random(seed)
        made = Made(chance)
        whole = b"".join(made.parts)
        decoder = AnswerDecoder()
        try:
            pieces = [decoder.feed(part) for part in _cut(chance, whole)]
            pieces.append(decoder.flush() if not decoder.done else None)
        except SrchatError:
            assert not made.text, f"seed {seed}"
            continue
        text = "".join(p.content for p in pieces if isinstance(p, ChatCompletionChunk))
        assert text == made.text, f"seed {seed}"


def _script(chance: random.Random, made: Made) -> tuple[Script, bool]:
    """Return a script, and whether the body comes to its end as HTTP says it."""
    is_whole = chance.random() < 0.7
    body = [step for part in made.parts for step in _cut(chance, part)]
    if is_whole:
        return [head(), *body, CLOSE], True
    return [head(headers={"Content-Length": "999999"}), *body, chance.choice((CLOSE, RESET))], False


def test_an_answer_over_a_socket_is_complete_or_said_not_to_be(serve: Serve) -> None:
    for seed in seeds(120):
        chance = random.Random(seed)
        made = Made(chance)
        script, is_whole = _script(chance, made)
        got = ask(serve(script).url, silence=10)
        assert got.text == made.text, f"seed {seed}"
        assert got.error is None or isinstance(got.error, SrchatError), f"seed {seed}"
        if made.is_done and made.text:
            assert got.error is None, f"seed {seed}: {got.message}"
        elif not is_whole and not got.finish_reason and made.text:
            assert isinstance(got.error, IncompleteAnswerError), f"seed {seed}"
