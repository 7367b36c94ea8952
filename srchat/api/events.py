"""What can happen between a request and the end of its answer. Pure."""

from typing import Final, NamedTuple

from srchat.api.models import ChatCompletionChunk

_NOTICEABLE: Final = 0.05  # seconds


class RequestSent(NamedTuple):
    """The whole request is on its way; now the server thinks."""


class ResponseHead(NamedTuple):
    """Status and headers of the answer; names in lower case."""

    status: int
    headers: dict[str, str]


class RetryWait(NamedTuple):
    """A wait before the next attempt, told again in every frame of it.

    `reason` is the failure on one line, `left` the seconds still to wait; it is the retry
    number `retry` of at most `retries`.
    """

    reason: str
    left: float
    retry: int
    retries: int

    def __str__(self) -> str:
        again = f"retrying in {self.left:.1f} s" if self.left >= _NOTICEABLE else "retrying now"
        return f"{self.reason.removesuffix('.')}; {again} ({self.retry} of {self.retries})"


Event = RequestSent | ResponseHead | RetryWait | ChatCompletionChunk | None
