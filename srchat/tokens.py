"""Token counts, estimated or from the server, and what fits into a context window. Pure."""

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from srchat.api.models import Message

_CHARACTERS_PER_TOKEN: Final = 4  # in English text; about 3 to 4 in code, 1 in Chinese
TEMPLATE_TOKENS: Final = 4  # tokens that a chat template adds to each message, estimated
_PRIOR: Final = 200  # tokens; a lower count is mostly the chat template
SAFETY_FACTOR: Final = 0.97  # share of the window to use: texts differ in characters per token
_FACTORS: Final = (0.25, 6.0)  # limits of a plausible ratio
_MAX_ANSWER_ROOM: Final = 1024  # tokens for an answer without max_tokens


class TurnSize(NamedTuple):
    """The tokens of a turn and their estimates. `is_counted`: the server counted `prompt`."""

    prompt: float
    reply: float
    estimated_prompt: int
    estimated: int
    is_counted: bool


def turns_sent(sizes: Sequence[TurnSize], estimated: int) -> Sequence[TurnSize] | None:
    """Return the last turns of `sizes` whose estimates add up to `estimated`, None if none do."""
    for start in range(len(sizes), -1, -1):
        if estimated <= 0:
            return sizes[start:] if estimated == 0 else None
        if start:
            estimated -= sizes[start - 1].estimated
    return None


def must_report(left_out: int, reported: int) -> bool:
    """Tell whether to report turns left out: the first ones, then each time they have doubled."""
    return left_out >= max(1, 2 * reported)


def tokens_per_estimate(sizes: Sequence[TurnSize], otherwise: float) -> float:
    """Return the ratio of counted to estimated tokens in counted prompts, at least `otherwise`."""
    counted = [size for size in sizes if size.is_counted]
    total = sum(size.estimated_prompt for size in counted)
    return max(sum(size.prompt for size in counted) / total, otherwise) if total else otherwise


def estimate(messages: Iterable[Message]) -> int:
    """Return the estimated number of tokens in the messages."""
    return sum(
        TEMPLATE_TOKENS + -(-len(message.content) // _CHARACTERS_PER_TOKEN) for message in messages
    )


def calibrated(counted: int, estimated: int, prior: int = _PRIOR) -> float:
    """Return the ratio of counted to estimated tokens of the same messages.

    `prior`: weight of a ratio of 1, for estimates below it, which are mostly the chat template.
    """
    low, high = _FACTORS
    if estimated >= prior:
        return min(high, max(low, counted / max(estimated, 1)))
    return min(high, max(low, (counted + prior) / (estimated + prior)))


def answer_room(window: int, max_tokens: int | None) -> int:
    """Return the tokens of a window to reserve for the answer.

    Servers reserve `max_tokens`. If that is the whole window, no prompt fits anyway.
    """
    if max_tokens is None:
        return min(_MAX_ANSWER_ROOM, window // 4)
    return max_tokens if max_tokens < window else window // 2


def fitting(sizes: Sequence[float], room: float) -> int:
    """Return how many of the last `sizes` fit into `room`."""
    kept = 0
    for size in reversed(sizes):
        room -= size
        if room < 0:
            break
        kept += 1
    return kept
