"""Recorded responses of real servers (LiteLLM, vLLM, aimock), replayed over a socket.

The recordings are outside the repository, with one exchange per file: a summary of the request,
then the response. A simpler parser in this module determines the expected result.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from srchat.api.client import ChatClient
from srchat.api.models import Usage
from srchat.api.server import Server
from srchat.errors import (
    APIStatusError,
    AuthenticationError,
    IncompleteAnswerError,
    ProtocolError,
    RateLimitError,
    ServerError,
    SrchatError,
)
from srchat.session.reply_stream import ReplyStream
from tests.support.asking import HELLO, NO_RETRIES
from tests.support.server import CLOSE, Script, ScriptedServer, chunked

FOLDER = Path(__file__).parents[3] / "shared" / "realservers" / "wire"
FILES = sorted(FOLDER.rglob("*.txt"))
EXCHANGES = [file for file in FILES if b"HTTP/1.1 " in file.read_bytes()]
MODELS = [file for file in EXCHANGES if file.name == "models.txt"]
REFUSALS = [file for file in EXCHANGES if b"HTTP/1.1 200" not in file.read_bytes()]
ANSWERS = [file for file in EXCHANGES if file not in MODELS and file not in REFUSALS]

pytestmark = pytest.mark.skipif(not FILES, reason=f"no recordings in {FOLDER}")


class Recording(NamedTuple):
    """A recorded response. `cut`: the server closed the connection early."""

    status: int
    head: bytes
    body: bytes
    cut: bool

    @property
    def script(self) -> Script:
        """The script that sends the response, with its body in small pieces."""
        pieces = [self.body[i : i + 33] for i in range(0, len(self.body), 33)]
        if b"transfer-encoding: chunked" not in self.head.lower().replace(b"_provider-t", b""):
            return [self.head, *pieces, CLOSE]
        if re.match(rb"[0-9a-f]+\r\ndata", self.body):  # recorded with chunk sizes
            return [self.head, *pieces, CLOSE]
        end = b"0\r\n\r\n"
        return [self.head, chunked(*pieces).removesuffix(end), b"" if self.cut else end, CLOSE]


def recording(file: Path) -> Recording:
    data = file.read_bytes()
    head, _, body = data[data.index(b"HTTP/1.1 ") :].partition(b"\r\n\r\n")
    body, cut, _ = body.partition(b"curl: (18)")  # curl reported a truncated body
    body = re.sub(rb"^# \.\.\. .*$", b"", body, flags=re.MULTILINE)  # lines left out
    return Recording(int(head.split()[1]), head + b"\r\n\r\n", body, bool(cut))


class Expected(NamedTuple):
    """The expected content of an answer."""

    text: str = ""
    reasoning: str = ""
    finish_reason: str = ""
    usage: Usage | None = None
    error: str = ""


def expected(body: bytes) -> Expected:
    if not body.startswith(b"{"):
        return _streamed(re.findall(rb"^data: (.*)$", body, re.MULTILINE))
    try:
        value = json.loads(body)
    except ValueError:
        return Expected(error="cannot be read")
    choice = value["choices"][0]
    return Expected(
        choice["message"]["content"] or "",
        choice["message"].get("reasoning_content") or choice["message"].get("reasoning") or "",
        choice["finish_reason"],
        _usage(value),
    )


def _streamed(lines: list[bytes]) -> Expected:
    got = Expected()
    for line in lines:
        if line == b"[DONE]":
            break
        value: dict[str, Any] = json.loads(line)
        if "error" in value:
            return got._replace(error=value["error"]["message"].rpartition("Exception - ")[2][:40])
        for choice in value["choices"]:
            if choice["index"] == 0:
                delta = choice["delta"]
                got = got._replace(
                    text=got.text + (delta.get("content") or ""),
                    reasoning=got.reasoning
                    + (delta.get("reasoning") or delta.get("reasoning_content") or ""),
                    finish_reason=choice.get("finish_reason") or got.finish_reason,
                )
        got = got._replace(usage=_usage(value) or got.usage)
    return got


def _usage(value: dict[str, Any]) -> Usage | None:
    usage = value.get("usage")
    if not usage:
        return None
    return Usage(usage["prompt_tokens"], usage["completion_tokens"], usage["total_tokens"])


@pytest.fixture(scope="module")
def replay() -> Iterator[ScriptedServer]:
    with ScriptedServer([[]]) as server:
        yield server


def name(file: Path) -> str:
    return str(file.relative_to(FOLDER).with_suffix(""))


def turn_of(server: ScriptedServer, file: Path) -> tuple[ReplyStream, SrchatError | None]:
    server._scripts[:] = [recording(file).script]
    with ChatClient(Server(server.url, "sk-0123456789"), retry=NO_RETRIES) as client:
        turn = ReplyStream(client, HELLO, ())
        try:
            list(turn)
        except SrchatError as exc:
            return turn, exc
        return turn, None


@pytest.mark.parametrize("file", ANSWERS, ids=name)
def test_a_recorded_answer_is_read_correctly(replay: ScriptedServer, file: Path) -> None:
    answer = expected(recording(file).body)
    if block := re.match(r"<think>(.*?)(?:</think>\n*|\Z)", answer.text, re.DOTALL):
        answer = answer._replace(text=answer.text[block.end() :], reasoning=block[1])
    text = answer.text.encode("utf-16", "surrogatepass").decode("utf-16")
    turn, failure = turn_of(replay, file)
    reply = turn.reply
    assert reply.content == text
    assert str(reply.reasoning) == answer.reasoning
    assert reply.finish_reason == answer.finish_reason
    assert reply.usage == answer.usage
    ended_well = answer.finish_reason in ("stop", "length") and not answer.error
    assert reply.complete is bool(ended_well and answer.text)
    assert (failure is None) is reply.complete
    if failure:
        assert isinstance(failure, IncompleteAnswerError | ProtocolError)
        assert answer.error in failure.message


KINDS: dict[int, type[APIStatusError]] = {
    401: AuthenticationError,
    403: AuthenticationError,
    429: RateLimitError,
    **dict.fromkeys([500, 502, 503, 504], ServerError),
}


@pytest.mark.parametrize("file", REFUSALS, ids=name)
def test_a_recorded_refusal_gives_one_clean_line(replay: ScriptedServer, file: Path) -> None:
    recorded = recording(file)
    turn, failure = turn_of(replay, file)
    kind = KINDS.get(recorded.status, APIStatusError)
    if b"no_db_connection" in recorded.body:
        kind = AuthenticationError
    assert type(failure) is kind
    assert isinstance(failure, APIStatusError)
    assert failure.status == recorded.status
    assert turn.reply.content == ""
    where, _, message = failure.message.partition(f" returned {recorded.status}: ")
    assert where == f"127.0.0.1:{replay.port}"
    assert 8 <= len(message) <= 400
    assert message == " ".join(message.split())
    for clutter in ("odel group", "litellm.", "Error: ", "Exception - ", "fallbacks", '{"'):
        assert clutter not in message


@pytest.mark.parametrize("file", MODELS, ids=name)
def test_a_recorded_list_of_models_is_read(replay: ScriptedServer, file: Path) -> None:
    recorded = recording(file)
    replay._scripts[:] = [recorded.script]
    with ChatClient(Server(replay.url, None), retry=NO_RETRIES) as client:
        models = client.list_models()
    entries = json.loads(recorded.body)["data"]
    assert [model.id for model in models] == [entry["id"] for entry in entries]
    assert [model.context_window for model in models] == [
        entry.get("max_model_len") or entry.get("max_input_tokens") for entry in entries
    ]
