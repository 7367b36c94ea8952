"""The events of a request and its answer. Pure."""

from typing import Final, NamedTuple

from srchat.api.models import ChatCompletionChunk

_MIN_SHOWN_WAIT: Final = 0.05  # seconds


class RequestSent(NamedTuple):
    """The request was sent completely."""


class ResponseHead(NamedTuple):
    """Status and headers of the response; names in lower case."""

    status: int
    headers: dict[str, str]


class RetryWait(NamedTuple):
    """The wait before the next attempt; repeated at each tick.

    `reason`: the failure on one line.
    `left`: seconds left to wait.
    `retry`, `retries`: the number of this retry, and the maximum.
    """

    reason: str
    left: float
    retry: int
    retries: int

    def __str__(self) -> str:
        again = f"retrying in {self.left:.1f} s" if self.left >= _MIN_SHOWN_WAIT else "retrying now"
        return f"{self.reason.removesuffix('.')}; {again} ({self.retry} of {self.retries})"


Event = RequestSent | ResponseHead | RetryWait | ChatCompletionChunk | None
