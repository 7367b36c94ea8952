"""A request and its retries, which are made only before the first text."""

import math
import random
import time
from collections.abc import Callable, Iterator
from typing import Final, TypeVar

from srchat.api.events import RetryWait
from srchat.api.exchange import TICK, Exchange
from srchat.api.reader import Inbox
from srchat.api.retry import MAX_WAIT, Decision, RetryPolicy
from srchat.errors import (
    APIConnectionError,
    APIError,
    APIStatusError,
    APITimeoutError,
    CertificateError,
    TextTimeoutError,
)

Event = TypeVar("Event")

_FINAL_CODES: Final = ("insufficient_quota",)  # OpenAI's 429 for an account without credit


class Attempts:
    """Opens exchanges until one succeeds or no retry is left.

    `repair`: called with each failure; may change the request. If it returns True, the request is
    sent again at once. `redact`: removes the key from the message of a failure.
    """

    def __init__(
        self,
        open_exchange: Callable[[], Exchange],
        policy: RetryPolicy,
        inbox: Inbox,
        repair: Callable[[APIError], bool],
        redact: Callable[[str], str],
    ) -> None:
        self._open = open_exchange
        self._policy = policy
        self._inbox = inbox
        self._repair = repair
        self._redact = redact

    def run(
        self, read: Callable[[Exchange], Iterator[Event]]
    ) -> Iterator[Event | RetryWait | None]:
        """Yield what `read` yields for the exchange that succeeds. Raises the last APIError."""
        retries = 0
        while True:
            exchange = self._open()
            try:
                yield from read(exchange)
            except APIError as exc:
                exc.message = self._redact(exc.message)
                exc.args = (exc.message,)
                if not isinstance(exc, APIConnectionError | APIStatusError):
                    raise
                if _is_final(exc):
                    raise
                if _was_stale(exchange, exc) or self._repair(exc):
                    continue
                decision = self._decide(exc, exchange, retries)
                if decision.wait is None:
                    raise self._with_wait_hint(exc, decision) from exc.__cause__
                retries += 1
                exchange.reader.abandon()  # no open connection during the wait
                yield from self._wait(decision.wait, exc, retries)
            else:
                return
            finally:
                exchange.reader.abandon()

    def _decide(self, exc: APIError, exchange: Exchange, retries: int) -> Decision:
        status = exc.status if isinstance(exc, APIStatusError) else None
        chance = random.random()  # noqa: S311 - jitter, not a secret
        return self._policy.decide(
            retries, status, exchange.headers, now=time.time(), random=chance
        )

    def _with_wait_hint(self, exc: APIError, decision: Decision) -> APIError:
        if decision.asked is None:
            return exc
        limit = min(self._policy.max_wait, MAX_WAIT)
        if decision.asked > limit:
            at_most = f" (at most {MAX_WAIT:g})" if decision.asked > MAX_WAIT else ""
            asked = f"the server asks to wait {math.ceil(decision.asked)} s"
            exc.hint = f"{asked}; --max-wait is {limit:g}{at_most}"
        return exc

    def _wait(self, seconds: float, exc: APIError, retry: int) -> Iterator[RetryWait]:
        end = time.monotonic() + seconds
        while True:
            left = max(end - time.monotonic(), 0.0)
            yield RetryWait(exc.message, left, retry, self._policy.max_retries)
            if not left:
                return
            self._inbox.get(None, min(TICK, left))


def _is_final(exc: APIConnectionError | APIStatusError) -> bool:
    """Tell whether waiting cannot help, whatever the status says."""
    return isinstance(exc, CertificateError | TextTimeoutError) or (
        isinstance(exc, APIStatusError) and exc.code in _FINAL_CODES
    )


def _was_stale(exchange: Exchange, exc: APIError) -> bool:
    """Tell whether a kept-alive connection was closed while it was idle, which is no failure."""
    lost = isinstance(exc, APIConnectionError) and not isinstance(exc, APITimeoutError)
    return lost and exchange.reader.reused and not exchange.answered
