"""Takes an answer event by event and collects its parts."""

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

HELLO = ChatRequest(
    "vllm-primary",
    (Message("user", "hello"),),
    stream=True,
)
AT_ONCE = RetryPolicy(max_wait=0.01)  # retries with hardly a wait
ONCE = RetryPolicy(max_retries=0)


@dataclass
class Answer:
    """The parts of an answer, also after an error."""

    text: str = ""
    reasoning: str = ""
    finish_reason: str = ""
    usage: Usage | None = None
    model: str = ""
    heads: list[ResponseHead] = field(default_factory=list)
    waits: dict[int, RetryWait] = field(default_factory=dict)  # the first of each retry
    unreadable: int = 0
    error: SrchatError | Interrupted | None = None

    def take(self, event: Event) -> None:
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


def taken(stream: ChatStream, seen: Callable[[Event], None] = lambda _: None) -> Answer:
    """Take all of an answer. `seen` is called with each event."""
    answer = Answer()
    try:
        for event in stream:
            answer.take(event)
            seen(event)
    except (SrchatError, Interrupted) as exc:
        answer.error = exc
    answer.unreadable = len(stream.unreadable)
    return answer


def ask(
    url: str,
    request: ChatRequest = HELLO,
    *,
    key: str | None = None,
    retry: RetryPolicy = ONCE,
    connect: float = 5.0,
    silence: float = 5.0,
    most: int = 1 << 28,
    error_body: float = 3.0,
    after_finish: float = 3.0,
) -> Answer:
    """Ask once, with a new client."""
    limits = Limits(connect, silence, most, error_body, after_finish)
    with ChatClient(Server(url, key), limits=limits, retry=retry) as client:
        return taken(client.stream(request))


def complete(client: ChatClient, request: ChatRequest) -> ChatCompletion:
    """Ask, and return the whole answer. Raises what the stream raises."""
    got = taken(client.stream(request))
    if got.error:
        raise got.error
    text, reasoning = join_surrogates(got.text), join_surrogates(got.reasoning)
    return ChatCompletion(text, reasoning, got.finish_reason, got.model, got.usage)
