"""Recognizes error messages about a request longer than the context window. Pure.

The messages differ by server, and most name the limit. The tests have real ones: vLLM old and
new, LiteLLM around it, both servers of llama.cpp, OpenAI, SGLang, Anthropic.
"""

import re
from typing import Final, NamedTuple

from srchat.errors import APIStatusError, RateLimitError

# Patterns are compiled when there is an error to read.
_WINDOWS: Final = (
    r"maximum (?:context|model|input|prompt) length (?:is|of)[^\d]{0,20}(\d+)",
    r"max_model_len ?(?:=|is|of) ?(\d+)",
    r"context (?:window|length|size) (?:of|is|\()[^\d]{0,10}(\d+)",
    r"n_ctx[\"']? ?[=:] ?(\d+)",
    r"tokens ?> ?(\d+) maximum",
)
_ASKED: Final = (
    r"\((\d+) in the messages",
    r"messages resulted in (\d+) tokens",
    r"(?:prompt|request|input) (?:contains|has) (\d+) (?:input )?tokens",
    r"(?:request|input|requested tokens) \((\d+)(?: tokens)?\)",
    r"n_prompt_tokens[\"']? ?[=:] ?(\d+)",
    r"too long: (\d+) tokens",
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
# max_tokens alone exceeds the window, so a shorter prompt does not help.
_ANSWER_ALONE: Final = r"max_tokens ?= ?\d+ cannot be greater|must be less than max_model_len"


class ContextOverflow(NamedTuple):
    """A request was too long. `window`, `asked`: tokens of window and prompt, None if unknown.

    `by_answer`: `max_tokens` is too large, not the prompt.
    """

    window: int | None
    asked: int | None
    by_answer: bool = False


def read_overflow(message: str, type: str = "", code: str = "") -> ContextOverflow | None:
    """Return the overflow that an error message reports, None if it is about something else."""
    said = f"{message} {type} {code}".lower()
    if not any(word in said for word in _WORDS):
        return None
    window, asked = _number(_WINDOWS, message), _number(_ASKED, message)
    return ContextOverflow(window, asked, bool(re.search(_ANSWER_ALONE, message)))


def _number(patterns: tuple[str, ...], text: str) -> int | None:
    for pattern in patterns:
        if (found := re.search(pattern, text, re.IGNORECASE)) and len(found[1]) < 10:
            return int(found[1]) or None
    return None


def overflow_of(exc: APIStatusError) -> ContextOverflow | None:
    """Return the overflow that a status error reports, None if it is about something else.

    A rate limit is not an overflow, though its message is similar.
    """
    if isinstance(exc, RateLimitError):
        return None
    return read_overflow(exc.message, exc.type, exc.code)


def add_overflow_hint(exc: APIStatusError, overflow: ContextOverflow, estimated: int) -> None:
    """Set the hint of an error that leaving out old turns cannot solve.

    `estimated`: estimated tokens of the request, used if the server did not count them.
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
