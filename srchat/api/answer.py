"""Decodes the body of a 200: an event stream or one JSON document. Pure.

The first character decides which of them it is. The Content-Type does not help: gateways mislabel
both, and a server may answer a streamed request with a whole completion.
"""

import json
from typing import Final

from srchat.api.error_body import ErrorBody, read_error, read_error_body, read_error_text
from srchat.api.models import ChatCompletion, ChatCompletionChunk
from srchat.api.sse import MAX_EVENT_BYTES, ServerSentEvent, SSEDecoder
from srchat.errors import ProtocolError

_BLANK: Final = b" \t\r\n\xef\xbb\xbf"


class AnswerDecoder:
    """Decodes the body of an answer into chunks, wherever it is cut.

    `started`: text or reasoning has arrived.
    `done`: `[DONE]` or a whole JSON document has arrived.
    `finish_reason`: why the model stopped; "" if the server has not said so.
    `error`: an error that the server sent in place of the rest of the answer.
    `unreadable`: one line for each chunk that was skipped because it could not be parsed.

    A finish reason is provisional, because some servers send "stop" with the first chunk or with
    every chunk: text that follows revokes it. After that, only the end of the body ends the answer.

    Raises ProtocolError if the body is not an answer, or is longer than `max_bytes` in one piece.
    """

    def __init__(self, max_bytes: int = MAX_EVENT_BYTES) -> None:
        self._max_bytes = max_bytes
        self.started = False
        self._has_text = False
        self.done = False
        self.finish_reason = ""
        self._was_contradicted = False  # text followed a finish reason
        self._finished_alone = False  # the reason came in a chunk without text
        self.error: ErrorBody | None = None
        self.unreadable: list[str] = []
        self._sse: SSEDecoder | None = None
        self._json: list[bytes] = []
        self._json_size = 0

    @property
    def is_finished(self) -> bool:
        """Tell whether the text is complete even if the connection is lost now."""
        is_pending = self._sse is not None and self._sse.is_pending
        return bool(self.finish_reason) and not (self._was_contradicted or is_pending)

    @property
    def is_over(self) -> bool:
        """Tell whether only token counts and `[DONE]` can follow."""
        return self.is_finished and self._finished_alone

    def feed(self, part: bytes) -> ChatCompletionChunk | None:
        """Return the chunks that `part` completes, merged into one; None if there are none."""
        if self._sse is None and not self._json:
            part = part.lstrip(_BLANK)
            if not part:
                return None
            if part[:1] not in b"{[<":
                self._sse = SSEDecoder(self._max_bytes)
        if self._sse is None:
            self._collect(part)
            return None
        try:
            return self._merged(self._sse.feed(part))
        except ValueError as exc:
            raise ProtocolError(f"cannot read the answer: {exc}") from exc

    def flush(self) -> ChatCompletionChunk | None:
        """Decode what is left at the regular end of the body."""
        if self._json:
            return self._document(b"".join(self._json))
        if self._sse is None:
            raise ProtocolError("the server sent an empty reply")
        # Some servers omit the blank line after their last event.
        return self.feed(b"\n\n")

    def whole_document(self) -> ChatCompletionChunk | None:
        """Return the completion if the JSON was complete when the body was cut off, else None."""
        try:
            return self._document(b"".join(self._json)) if self._json else None
        except ProtocolError:
            return None

    def _merged(self, events: list[ServerSentEvent]) -> ChatCompletionChunk | None:
        chunks = []
        for event in events:
            if self.done or self.error:
                break
            chunk = self._chunk(event)
            if chunk is not None:
                chunks.append(chunk)
        if not chunks:
            return None
        merged = chunks[-1]
        if len(chunks) > 1:
            merged = ChatCompletionChunk(
                content="".join([chunk.content for chunk in chunks]),
                reasoning="".join([chunk.reasoning for chunk in chunks]),
                model=next((c.model for c in reversed(chunks) if c.model), ""),
                usage=next((c.usage for c in reversed(chunks) if c.usage), None),
            )
        merged.finish_reason = self.finish_reason
        return merged

    def _chunk(self, event: ServerSentEvent) -> ChatCompletionChunk | None:
        data = event.data.strip()
        if not data:  # a keep-alive
            return None
        if data == "[DONE]":
            self.done = True
            return None
        if event.type == "error":
            self.error = read_error_text(data)
            return None
        try:
            value = json.loads(data)
            if failed := _error_in(value):
                self.error = read_error(failed)
                if "choices" not in value:
                    return None
            # A chunk may contain both the last text and the error.
            chunk = ChatCompletionChunk.from_json(value, first=not self._has_text)
        except (ValueError, RecursionError) as exc:
            self.unreadable.append(f"{exc}: {data[:80]}")
            return None
        self._has_text = self._has_text or bool(chunk.content)
        has_text = bool(chunk.content or chunk.reasoning)
        if has_text:
            self.started = True
            self._was_contradicted = self._was_contradicted or bool(self.finish_reason)
            self.finish_reason = ""
        if chunk.finish_reason and self.finish_reason in ("", "stop"):
            self.finish_reason = chunk.finish_reason  # "stop" does not replace "length"
            self._finished_alone = self.started and not has_text
        return chunk

    def _collect(self, part: bytes) -> None:
        self._json.append(part)
        self._json_size += len(part)
        if self._json_size > self._max_bytes:
            raise ProtocolError(f"the answer is over {self._max_bytes} bytes in one piece")

    def _document(self, body: bytes) -> ChatCompletionChunk | None:
        if body.startswith(b"<"):
            title = read_error_body(body, 200).message
            raise ProtocolError(f"the server sent a web page, not an answer: {title}")
        text = body.decode("utf-8", "replace")
        try:
            value = json.loads(text)
            if failed := _error_in(value):
                self.error = read_error(failed)
            completion = ChatCompletion.from_json(value)  # even with an error, for its text
        except (ValueError, RecursionError) as exc:
            if self.error:
                return None
            said = read_error_text(text).message or exc
            raise ProtocolError(f"the server's reply cannot be read: {said}") from exc
        self.done = True
        self.finish_reason = completion.finish_reason
        return ChatCompletionChunk(
            content=completion.content,
            reasoning=completion.reasoning,
            finish_reason=completion.finish_reason,
            model=completion.model,
            usage=completion.usage,
        )


def _error_in(value: object) -> object:
    """Return the error in `value`, or in its first choice as OpenRouter sends it; None if none."""
    if _is_error(value):
        return value
    choices = value.get("choices") if isinstance(value, dict) else None
    first = choices[0] if choices and isinstance(choices, list) else None
    return first.get("error") if isinstance(first, dict) else None


def _is_error(value: object) -> bool:
    if isinstance(value, list):
        return any(isinstance(item, dict) and _is_error(item) for item in value)
    if not isinstance(value, dict):
        return False
    return (
        bool(value.get("error"))
        or value.get("object") == "error"
        or ("choices" not in value and bool(value.get("detail")))
    )
