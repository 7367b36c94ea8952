"""The wire models of chat completions: messages, requests and answers. Pure.

Requests are exact: a parameter that is None is not sent, so that the server's default applies.
Answers are read leniently, because servers and proxies differ in everything but the text: a field
of the wrong type counts as absent. Only content of a type other than text raises.
Source: the service's API reference; https://platform.openai.com/docs/api-reference/chat
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, NamedTuple

Role = Literal["system", "user", "assistant"]


_NO_REASON: Final = ("null", "none", "undefined")  # null as a string
_MAX_COUNT: Final = 2**53  # larger counts are ignored: JSON and SQLite cannot represent them


class Message(NamedTuple):
    """One entry of the messages array."""

    role: Role
    content: str


class ChatRequest(NamedTuple):
    """The body of POST /chat/completions.

    `parameters`: further parameters by their names on the wire; those that are None are not sent.
    A streamed request also asks for token counts.
    """

    model: str
    messages: tuple[Message, ...]
    stream: bool | None = None
    parameters: Mapping[str, object] = {}

    def to_json(self) -> dict[str, Any]:
        """Return the JSON object without unset parameters."""
        body: dict[str, Any] = {
            "model": self.model,
            "messages": [{"role": m.role, "content": m.content} for m in self.messages],
        }
        for name, value in self.parameters.items():
            if value is not None:
                body[name] = list(value) if isinstance(value, tuple) else value
        if self.stream is not None:
            body["stream"] = self.stream
        if self.stream:
            body["stream_options"] = {"include_usage": True}
        return body


class Usage(NamedTuple):
    """Token counts of the server."""

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int

    @classmethod
    def from_json(cls, value: object) -> "Usage | None":
        """Read a `usage` object; None if it is absent or has no counts."""
        if not isinstance(value, dict):
            return None
        prompt = _integer(value.get("prompt_tokens"))
        completion = _integer(value.get("completion_tokens"))
        if prompt is None and completion is None:
            return None
        known = (prompt or 0) + (completion or 0)
        return cls(prompt or 0, completion or 0, _integer(value.get("total_tokens")) or known)

    def to_json(self) -> dict[str, int]:
        """Return a `usage` object."""
        return {
            "prompt_tokens": self.prompt_tokens,
            "completion_tokens": self.completion_tokens,
            "total_tokens": self.total_tokens,
        }


@dataclass(slots=True)
class ChatCompletionChunk:
    """One piece of a streamed answer, from choice 0. Absent fields are "" or None.

    Not frozen, because a frozen dataclass takes three times as long to create and there is one for
    each token.
    """

    content: str = ""
    reasoning: str = ""
    finish_reason: str = ""
    model: str = ""
    usage: Usage | None = None

    @classmethod
    def from_json(cls, value: object, *, first: bool = False) -> "ChatCompletionChunk":
        """Read a `chat.completion.chunk`.

        `first`: no text has arrived yet. Gateways that cannot stream send the whole message in one
        event; after deltas that message would repeat them.
        Raises ValueError if `value` is not an object or its content is not text.
        """
        if not isinstance(value, dict):
            raise ValueError(f"a chunk is {_kind(value)}, not an object")
        content = reasoning = finish_reason = ""
        for choice in _first_choices(value):
            finish_reason = _finish_reason(choice) or finish_reason
            delta = choice.get("delta")
            if first and not delta:
                delta = choice.get("message")
            if isinstance(delta, dict):
                content += _content(delta)
                reasoning += _reasoning(delta)
        usage = Usage.from_json(value["usage"]) if value.get("usage") else None
        return cls(content, reasoning, finish_reason, _string(value.get("model")), usage)


class ChatCompletion(NamedTuple):
    """A whole answer: choice 0 of a `chat.completion`."""

    content: str
    reasoning: str
    finish_reason: str
    model: str
    usage: Usage | None

    @classmethod
    def from_json(cls, value: object) -> "ChatCompletion":
        """Read a `chat.completion`. Raises ValueError if it has no message or no text."""
        choice = next(_first_choices(value), None) if isinstance(value, dict) else None
        message = choice.get("message") if choice else None
        if not isinstance(value, dict) or not choice or not isinstance(message, dict):
            raise ValueError("the answer has no message")
        return cls(
            content=_content(message),
            reasoning=_reasoning(message),
            finish_reason=_finish_reason(choice),
            model=_string(value.get("model")),
            usage=Usage.from_json(value.get("usage")),
        )


class Model(NamedTuple):
    """An entry of GET /models. `context_window`: in tokens, None if unknown."""

    id: str
    owned_by: str
    context_window: int | None

    @classmethod
    def from_json(cls, value: object) -> "Model | None":
        """Read an entry of `data`; None if it has no id."""
        if not isinstance(value, dict) or not _string(value.get("id")):
            return None
        window = _integer(value.get("max_model_len")) or _integer(value.get("max_input_tokens"))
        return cls(_string(value.get("id")), _string(value.get("owned_by")), window)

    def to_json(self) -> dict[str, str | int | None]:
        """Return the object that `srchat models --json` prints."""
        return {"id": self.id, "owned_by": self.owned_by, "context_window": self.context_window}


def _first_choices(value: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the parts of choice 0, of which an event may have several."""
    choices = value.get("choices")
    for choice in choices if isinstance(choices, list) else ():
        if isinstance(choice, dict) and not (choice.get("index") and _integer(choice["index"])):
            yield choice


def _finish_reason(choice: dict[str, Any]) -> str:
    reason = choice.get("finish_reason")
    return reason if isinstance(reason, str) and reason.lower() not in _NO_REASON else ""


def _content(message: dict[str, Any]) -> str:
    content = message.get("content")
    text = content if isinstance(content, str) else _joined_text(content)
    # OpenAI sends a refusal in a separate field; it is the answer.
    return text or _string(message.get("refusal"))


def _joined_text(value: object) -> str:
    """Return the text of a list of content parts, as Mistral sends them."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        parts = (part.get("text") if isinstance(part, dict) else part for part in value)
        return "".join(map(_joined_text, parts))
    if value:
        raise ValueError(f"the content is {_kind(value)}, not text")
    return ""


def _reasoning(message: dict[str, Any]) -> str:
    # LiteLLM uses reasoning_content, vLLM reasoning. If both are present, they are equal.
    for name in ("reasoning_content", "reasoning"):
        if name in message and (text := _string(message[name])):
            return text
    return ""


def _string(value: object) -> str:
    return value if isinstance(value, str) else ""


def _integer(value: object) -> int | None:
    if not isinstance(value, int) or isinstance(value, bool):
        return None
    return value if 0 <= value <= _MAX_COUNT else None


def _kind(value: object) -> str:
    names = {
        dict: "an object",
        list: "a list",
        str: "a string",
        bool: "a boolean",
        type(None): "null",
    }
    return names.get(type(value), "a number")
