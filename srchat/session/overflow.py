"""What servers say when a request is longer than the model's context window. Pure.

Every server has its own words and most name the limit. Real ones are in the tests: vLLM old
and new, LiteLLM around it, llama.cpp's two servers, OpenAI, SGLang, Anthropic.
"""

import re
from typing import Final, NamedTuple

from srchat.errors import APIStatusError, RateLimitError

_WINDOWS: Final = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"maximum (?:context|model|input|prompt) length (?:is|of)[^\d]{0,20}(\d+)",
        r"max_model_len ?(?:=|is|of) ?(\d+)",
        r"context (?:window|length|size) (?:of|is|\()[^\d]{0,10}(\d+)",
        r"n_ctx[\"']? ?[=:] ?(\d+)",
        r"tokens ?> ?(\d+) maximum",
    )
)
_ASKED: Final = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"\((\d+) in the messages",
        r"messages resulted in (\d+) tokens",
        r"(?:prompt|request|input) (?:contains|has) (\d+) (?:input )?tokens",
        r"(?:request|input|requested tokens) \((\d+)(?: tokens)?\)",
        r"n_prompt_tokens[\"']? ?[=:] ?(\d+)",
        r"too long: (\d+) tokens",
    )
)
_WORDS: Final = (
    "context length",
    "context window",
    "context size",
    "context_length",
    "maximum context",
    "max_model_len",
    "prompt is too long",
    "exceed_context",
    "maximum model length",
    "maximum prompt length",
)
# max_tokens alone is over the window: no shorter prompt helps.
_ANSWER_ALONE: Final = re.compile(
    r"max_tokens ?= ?\d+ cannot be greater|must be less than max_model_len"
)


class ContextOverflow(NamedTuple):
    """A request was too long: the window and the prompt's length in tokens, None if not said.

    `by_answer`: it is the answer that `max_tokens` asks for that is too long, not the prompt.
    """

    window: int | None
    asked: int | None
    by_answer: bool = False


def read_overflow(message: str, type: str = "", code: str = "") -> ContextOverflow | None:
    """Return what a server's error says about length, None where it is about something else."""
    said = f"{message} {type} {code}".lower()
    if not any(word in said for word in _WORDS):
        return None
    window, asked = _number(_WINDOWS, message), _number(_ASKED, message)
    return ContextOverflow(window, asked, bool(_ANSWER_ALONE.search(message)))


def _number(patterns: tuple[re.Pattern[str], ...], text: str) -> int | None:
    for pattern in patterns:
        if (found := pattern.search(text)) and len(found[1]) < 10:
            return int(found[1]) or None
    return None


def overflow_of(exc: APIStatusError) -> ContextOverflow | None:
    """Return what an error status says about length, None if it is about something else.

    A rate limit is no overflow, though it speaks of tokens in much the same words.
    """
    if isinstance(exc, RateLimitError):
        return None
    return read_overflow(exc.message, exc.type, exc.code)


def add_overflow_hint(exc: APIStatusError, overflow: ContextOverflow, estimated: int) -> None:
    """Set the hint of an error that leaving out old turns cannot mend.

    `estimated`: tokens of the messages that were sent, used if the server did not count them.
    """
    window, asked = overflow.window, overflow.asked
    if overflow.by_answer:
        exc.hint = "lower --max-tokens"
    elif window is None:
        exc.hint = "shorten the prompt or the files; `srchat ask --dry-run` shows what is sent"
    elif asked is not None and asked <= window:
        exc.hint = f"the prompt takes {asked} of {window} tokens; lower --max-tokens"
    elif asked is None and estimated <= window:
        # The estimate contradicts the server, so the excess is unknown.
        exc.hint = (
            f"the context window has {window} tokens for prompt and answer; shorten the prompt or "
            "its files, or lower --max-tokens"
        )
    else:
        about, size = ("", asked) if asked else ("about ", estimated)
        exc.hint = (
            f"the prompt has {about}{size} tokens, {about}{size - window} more than the context "
            f"window of {window}; shorten it or its files"
        )
