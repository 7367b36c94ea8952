"""One request: its events, and the reply so far."""

import fnmatch
import math
import re
import time
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

from srchat.api.events import Event, RequestSent, ResponseHead, RetryWait
from srchat.api.models import ChatCompletionChunk, ChatRequest, Message
from srchat.api.rate_limit import read_rate_limit
from srchat.api.surrogates import SurrogateJoiner
from srchat.api.think import Split, ThinkSplitter
from srchat.config.parameters import nested
from srchat.config.settings import SETTINGS, Config
from srchat.errors import IncompleteAnswerError, Interrupted, SrchatError
from srchat.session.reply import Reply

if TYPE_CHECKING:
    from srchat.api.client import ChatClient

_VERSION: Final = r"(?:[-@]\d{3,8}|[-@]\d{4}-\d{2}-\d{2})?"
_BROKEN: Final = {
    "content_filter": "incomplete answer: stopped by the server's content filter",
    "abort": "incomplete answer: the server is shutting down",
    "error": "incomplete answer: the server failed",
}


class Text(NamedTuple):
    """A piece of the answer."""

    text: str


class Reasoning(NamedTuple):
    """A piece of the model's reasoning, which is not part of the answer."""

    text: str


class TurnWarning(NamedTuple):
    """A warning about the turn, and a hint."""

    text: str
    hint: str = ""


class ReplyStarted(NamedTuple):
    """The server has accepted the request."""


class ReplyEnded(NamedTuple):
    """No more text follows; the turn is stored next."""


TurnEvent = (
    Text | Reasoning | TurnWarning | RetryWait | RequestSent | ReplyStarted | ReplyEnded | None
)


def chat_request(config: Config, messages: Sequence[Message]) -> ChatRequest:
    """Return the request for a messages array with the parameters that are set."""
    names = [name for name, entry in SETTINGS.items() if entry.parameter]
    values = {name: getattr(config, name) for name in names}
    # Servers reject an empty list, which a profile may contain.
    parameters = {name: value for name, value in values.items() if value not in (None, ())}
    parameters |= nested(config.params or {})
    return ChatRequest(config.model, tuple(messages), config.stream or None, parameters)


class ReplyStream:
    """The events of one request. Iterate it once.

    `reply`: the parts of the answer so far, even after an error.
    `fallback_models`: patterns of models that cause a warning if they answer in place of the
    requested one.
    `reads_think`: a `<think>` block at the start of the answer is reasoning.

    The request is sent when the first event is requested. Raises APIError and its subclasses,
    IncompleteAnswerError for an incomplete, filtered or empty answer, and Interrupted.
    """

    def __init__(
        self,
        client: "ChatClient",
        request: ChatRequest,
        fallback_models: Sequence[str],
        *,
        reads_think: bool = True,
    ) -> None:
        self.reply = Reply(model=request.model)
        self._stream = client.stream(request)
        self._request = request
        self._fallback_models = fallback_models
        self._joiner = SurrogateJoiner()
        self._splitter = ThinkSplitter() if reads_think else None
        self._told_fallback = False

    def interrupt(self, signum: int) -> None:
        """End the iteration with Interrupted. Safe in a signal handler."""
        self._stream.interrupt(signum)

    def __iter__(self) -> Iterator[TurnEvent]:
        self.reply.asked_at = time.monotonic()
        try:
            for event in self._stream:
                yield from self._seen(event)
        except (SrchatError, Interrupted):
            yield from self._rest()
            raise
        else:
            yield from self._rest()
            yield from self._end()
        finally:
            self.reply.ended_at = time.monotonic()

    def _seen(self, event: Event) -> Iterator[TurnEvent]:
        if isinstance(event, ChatCompletionChunk):
            yield from self._chunk(event)
        elif isinstance(event, ResponseHead):
            yield ReplyStarted()
            yield from self._head(event.headers)
        else:
            yield event

    def _chunk(self, chunk: ChatCompletionChunk) -> Iterator[TurnEvent]:
        reply = self.reply
        if chunk.content or chunk.reasoning:
            reply.first_at = reply.first_at or time.monotonic()
        if chunk.reasoning:
            yield from self._taken(Split(chunk.reasoning, ""))
        if chunk.content and (text := self._joiner.feed(chunk.content)):
            yield from self._taken(self._splitter.feed(text) if self._splitter else Split("", text))
        reply.finish_reason = chunk.finish_reason  # may be revoked later
        reply.usage = chunk.usage or reply.usage
        if chunk.model and chunk.model != reply.model:
            reply.model = chunk.model
            is_fallback = matches_any(chunk.model, self._fallback_models)
            if is_fallback and not is_same_model(self._request.model, chunk.model):
                yield from self._fallback(chunk.model)

    def _taken(self, split: Split) -> Iterator[Reasoning | Text]:
        if split.reasoning:
            self.reply.reasoning.append(split.reasoning)
            yield Reasoning(split.reasoning)
        if split.text:
            self.reply.text.append(split.text)
            yield Text(split.text)

    def _head(self, headers: Mapping[str, str]) -> Iterator[TurnWarning]:
        self.reply.rate_limit = read_rate_limit(headers)
        self.reply.cost = _cost(headers.get("x-litellm-response-cost", ""))
        if "x-api-deprecated" in headers:
            yield TurnWarning(f"this API is deprecated: {headers['x-api-deprecated']}")
        attempts = headers.get("x-litellm-attempted-fallbacks", "0")
        if attempts.isdecimal() and int(attempts[:9]) > 0:
            group = headers.get("x-litellm-model-group", self._request.model)
            yield from self._fallback("another model" if group == self._request.model else group)

    def _fallback(self, model: str) -> Iterator[TurnWarning]:
        if not self._told_fallback:
            self._told_fallback = True
            yield TurnWarning(f"{self._request.model} is not available; {model} answered instead")

    def _rest(self) -> Iterator[TurnEvent]:
        """Yield the text held back, and a warning about skipped chunks."""
        rest = self._joiner.flush()
        if self._splitter:
            yield from self._taken(self._splitter.feed(rest))
            yield from self._taken(self._splitter.flush())
        elif rest:
            yield from self._taken(Split("", rest))
        if unreadable := self._stream.unreadable:
            some = f"{len(unreadable)} pieces" if len(unreadable) > 1 else "a piece"
            yield TurnWarning(f"{some} of the answer could not be parsed: {unreadable[0]}")

    def _end(self) -> Iterator[TurnWarning]:
        reason = self.reply.finish_reason
        if reason in _BROKEN:
            raise IncompleteAnswerError(_BROKEN[reason])
        if self.reply.text.is_blank:  # servers reject blank messages in later requests
            raise IncompleteAnswerError(_why_empty(self.reply))
        self.reply.complete = True
        if reason == "length":
            limit = self._request.parameters.get("max_tokens")
            yield TurnWarning(
                f"the answer was cut at max_tokens{f' ({limit})' if limit else ''}",
                hint="raise --max-tokens (in a chat: /continue)",
            )


def caught(
    events: Iterable[TurnEvent],
) -> Generator[TurnEvent, None, SrchatError | Interrupted | None]:
    """Yield the events, and return the exception that ended them."""
    try:
        yield from events
    except (SrchatError, Interrupted) as exc:
        return exc
    except MemoryError:
        return IncompleteAnswerError("incomplete answer: out of memory")
    return None


def is_same_model(requested: str, served: str) -> bool:
    """Tell whether a served name is the requested model, with an optional date or version.

    `gpt-4o-2024-08-06` and `openai/gpt-4o` are `gpt-4o`; `gpt-4o-mini` is not.
    """
    name, other = (each.rpartition("/")[2].removesuffix("-latest") for each in (requested, served))
    return other.startswith(name) and bool(re.fullmatch(_VERSION, other[len(name) :]))


def matches_any(served: str, patterns: Sequence[str]) -> bool:
    """Tell whether a served name matches a pattern, also without its provider and version.

    `openai/gpt-4o-mini-2024-07-18` matches `gpt-*`, `gpt-4o-mini` and `openai/*`.
    """
    names = {served, served.rpartition("/")[2]}
    names |= {re.sub(f"{_VERSION}$", "", each.removesuffix("-latest")) for each in names}
    return any(fnmatch.fnmatchcase(name, p) for name in names for p in patterns)


def _cost(text: str) -> float | None:
    try:
        cost = float(text)
    except ValueError:
        return None
    return cost if 0 < cost < math.inf else None  # 0 means not yet known


def _why_empty(reply: Reply) -> str:
    if reply.finish_reason == "tool_calls":
        return "empty answer: the model called a tool, which srchat does not support"
    if reply.finish_reason == "length":
        return "empty answer: max_tokens was used up before it started"
    if reply.reasoning:
        return "empty answer: the model sent only reasoning"
    return "empty answer"
