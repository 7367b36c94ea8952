"""Sends requests with a ChatClient and collects the events of the answers."""

from collections.abc import Callable
from dataclasses import dataclass, field

from srchat.api.client import ChatClient
from srchat.api.events import Event, ResponseHead, RetryWait
from srchat.api.exchange import Limits
from srchat.api.models import ChatCompletion, ChatCompletionChunk, ChatRequest, Message, Usage
from srchat.api.retry import RetryPolicy
from srchat.api.server import Server
from srchat.api.stream import ChatStream
from srchat.api.surrogates import join_surrogates
from srchat.errors import Interrupted, SrchatError
from tests.support.server import CHUNKED, DONE, Script, chunk, chunked, head
from tests.support.waiting import WAIT_TIMEOUT

KEY = "sk-srt-0123456789abcdef"
HELLO = ChatRequest(
    "vllm-primary",
    (Message("user", "hello"),),
    stream=True,
)
SHORT_WAITS = RetryPolicy(max_wait=0.01)
NO_RETRIES = RetryPolicy(max_retries=0)


@dataclass
class Answer:
    """A collected answer. After an error, the part that was received."""

    text: str = ""
    reasoning: str = ""
    finish_reason: str = ""
    usage: Usage | None = None
    model: str = ""
    heads: list[ResponseHead] = field(default_factory=list)
    waits: dict[int, RetryWait] = field(default_factory=dict)  # the first event of each retry
    unreadable: int = 0
    error: SrchatError | Interrupted | None = None

    def add(self, event: Event) -> None:
        if isinstance(event, ChatCompletionChunk):
            self.text += event.content
            self.reasoning += event.reasoning
            self.finish_reason = event.finish_reason
            self.usage = event.usage or self.usage
            self.model = event.model or self.model
        elif isinstance(event, ResponseHead):
            self.heads.append(event)
        elif isinstance(event, RetryWait):
            self.waits.setdefault(event.retry, event)

    @property
    def message(self) -> str:
        return self.error.message if self.error else ""


def collect(stream: ChatStream, on_event: Callable[[Event], None] = lambda _: None) -> Answer:
    """Read a stream to its end. `on_event` is called with each event."""
    answer = Answer()
    try:
        for event in stream:
            answer.add(event)
            on_event(event)
    except (SrchatError, Interrupted) as exc:
        answer.error = exc
    answer.unreadable = len(stream.unreadable)
    return answer


def ask(
    url: str,
    request: ChatRequest = HELLO,
    *,
    key: str | None = None,
    retry: RetryPolicy = NO_RETRIES,
    connect: float = 5.0,
    silence: float = 5.0,
    max_characters: int = 1 << 28,
    error_body: float = 3.0,
    after_finish: float = 3.0,
) -> Answer:
    """Send one request with a new client, and collect the answer."""
    limits = Limits(connect, silence, max_characters, error_body, after_finish)
    with ChatClient(Server(url, key), limits=limits, retry=retry) as client:
        return collect(client.stream(request))


def complete(client: ChatClient, request: ChatRequest) -> ChatCompletion:
    """Send a request and return the complete answer. Raises what the stream raises."""
    answer = collect(client.stream(request))
    if answer.error:
        raise answer.error
    text, reasoning = join_surrogates(answer.text), join_surrogates(answer.reasoning)
    return ChatCompletion(text, reasoning, answer.finish_reason, answer.model, answer.usage)


def kept_open(*pieces: str) -> Script:
    """Return an answer that keeps the connection open for the next request."""
    events = [chunk(piece) for piece in pieces]
    return [head(headers=CHUNKED), chunked(*events, chunk(finish="stop"), DONE)]


def settle(client: ChatClient) -> None:
    """Wait until the reader has read what follows [DONE]."""
    assert client._reader
    client._reader.join(WAIT_TIMEOUT)


def is_text(item: Event) -> bool:
    return isinstance(item, ChatCompletionChunk) and bool(item.content)
