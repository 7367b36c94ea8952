"""The rate limit in the headers of a response. Pure.

The gateway sends `X-RateLimit-Remaining`, LiteLLM `x-ratelimit-remaining-requests` for the model
and `x-ratelimit-api_key-remaining-requests` for the key. The lowest one applies.
"""

from collections.abc import Mapping
from typing import Final, NamedTuple

from srchat.api.retry import seconds_until

_NAMES: Final = (
    ("x-ratelimit-remaining", "x-ratelimit-limit"),
    ("x-ratelimit-remaining-requests", "x-ratelimit-limit-requests"),
    ("x-ratelimit-api_key-remaining-requests", "x-ratelimit-api_key-limit-requests"),
)


class Budget(NamedTuple):
    """The requests or tokens that the server still allows within the next `reset` seconds."""

    remaining: int
    reset: float
    is_tokens: bool = False


class RateLimit(NamedTuple):
    """The requests left in the current window, and its limit (None if unknown)."""

    remaining: int
    limit: int | None

    def __str__(self) -> str:
        of = f" of {self.limit}" if self.limit is not None else ""
        return f"{self.remaining}{of} requests left"


def read_rate_limit(headers: Mapping[str, str]) -> RateLimit | None:
    """Return the rate limit in the headers (names in lower case), None if there is none."""
    limits = [
        RateLimit(remaining, _count(headers.get(limit)))
        for name, limit in _NAMES
        if (remaining := _count(headers.get(name))) is not None
    ]
    return min(limits, key=lambda limit: limit.remaining, default=None)


def read_budgets(headers: Mapping[str, str], *, now: float, horizon: float) -> list[Budget]:
    """Return the budgets that are reset within `horizon` seconds. `now`: Unix seconds."""
    budgets = []
    for suffix in ("", "-requests", "-tokens"):
        remaining = _count(headers.get(f"x-ratelimit-remaining{suffix}"))
        reset = seconds_until(headers.get(f"x-ratelimit-reset{suffix}", ""), now)
        if remaining is not None and reset is not None and reset <= horizon:
            budgets.append(Budget(remaining, reset, suffix == "-tokens"))
    return budgets


def _count(text: str | None) -> int | None:
    text = (text or "").strip()
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 16 else None
