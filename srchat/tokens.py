"""Token counts: estimated, counted by the server, and what fits into a context window. Pure."""

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from srchat.api.models import Message

_CHARACTERS_PER_TOKEN: Final = 4  # about, of a token in English; code has 3 to 4, Chinese 1
TEMPLATE_TOKENS: Final = 4  # tokens, about, that a chat template puts around a message
_PRIOR: Final = 200  # tokens; a count below is mostly the server's chat template
SAFETY_FACTOR: Final = 0.97  # of the room that is used: parts differ in characters per token
_FACTORS: Final = (0.25, 6.0)  # no human text is further off
_MAX_ANSWER_ROOM: Final = 1024  # tokens to leave for an answer whose length is not limited


class TurnSize(NamedTuple):
    """Tokens of a turn, and what was estimated. `is_counted`: `prompt` comes from the server."""

    prompt: float
    reply: float
    estimated_prompt: int
    estimated: int
    is_counted: bool


def sent_before(sizes: Sequence[TurnSize], estimated: int) -> Sequence[TurnSize] | None:
    """Return the turns at the end of `sizes` whose estimates make up `estimated`, None if none."""
    for start in range(len(sizes), -1, -1):
        if estimated <= 0:
            return sizes[start:] if estimated == 0 else None
        if start:
            estimated -= sizes[start - 1].estimated
    return None


def tokens_per_estimate(sizes: Sequence[TurnSize], otherwise: float) -> float:
    """Return the tokens for one that is estimated of a prompt, by the prompts that were counted."""
    counted = [size for size in sizes if size.is_counted]
    total = sum(size.estimated_prompt for size in counted)
    return max(sum(size.prompt for size in counted) / total, otherwise) if total else otherwise


def estimate(messages: Iterable[Message]) -> int:
    """Return about how many tokens the messages are."""
    return sum(
        TEMPLATE_TOKENS + -(-len(message.content) // _CHARACTERS_PER_TOKEN) for message in messages
    )


def calibrated(counted: int, estimated: int, prior: int = _PRIOR) -> float:
    """Return the factor between a count of the server and the estimate of the same messages.

    `prior`: an estimate below it tells little, since the count is mostly the chat template.
    """
    low, high = _FACTORS
    if estimated >= prior:
        return min(high, max(low, counted / max(estimated, 1)))
    return min(high, max(low, (counted + prior) / (estimated + prior)))


def answer_room(window: int, max_tokens: int | None) -> int:
    """Return the tokens of a window that are kept free for the answer.

    Servers count `max_tokens` as used; where it is the whole window, no prompt fits anyhow.
    """
    if max_tokens is None:
        return min(_MAX_ANSWER_ROOM, window // 4)
    return max_tokens if max_tokens < window else window // 2


def fitting(sizes: Sequence[float], room: float) -> int:
    """Return how many from the end of `sizes` go into `room`."""
    kept = 0
    for size in reversed(sizes):
        room -= size
        if room < 0:
            break
        kept += 1
    return kept
