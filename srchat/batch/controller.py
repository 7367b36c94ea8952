"""When the next request of a batch may start. Pure: the clock is an argument.

Three limits apply, and the tightest one decides.

- Concurrency: at most `limit` requests are in flight. It grows by one after each round without a
  refusal, and is halved at most once per round by a refusal (AIMD, as in TCP).
- The gate: a refusal with a wait closes it for all requests.
- Pace: requests and tokens per minute, from the user, from the server's headers, or learned from
  how many requests the server accepted before it refused one.

All times are seconds of one monotonic clock.
"""

import math
from collections import deque
from collections.abc import Sequence
from typing import Final, NamedTuple

from srchat.api.rate_limit import Budget

_FIRST_LIMIT: Final = 4
_MARGIN: Final = 0.98  # share of a known rate to use: clocks differ
_CLEAN_WAITS: Final = 40  # waits without a refusal before a higher rate is tried
_FIRST_STEP: Final = 0.05  # relative increase; doubled after each success
_EARLY_WAITS: Final = 10  # waits; a refusal before that means that the rate is far too high
_EARLY_FACTOR: Final = 0.9
_LATER_FACTOR: Final = 0.97
_AVERAGED: Final = 20  # answers in the average of tokens per answer
_MIN_STARTS: Final = 8  # requests needed to measure a rate
_MAX_STARTS: Final = 10_000
_LATENESS: Final = 0.02  # seconds that requests may start early, to compensate for late ones


class Ticket(NamedTuple):
    """A started request: its number, its start time and its estimated tokens."""

    number: int
    at: float
    tokens: int


class _Pace:
    """Limits starts to `rate` units per second."""

    def __init__(self, rate: float = math.inf) -> None:
        self.rate = rate
        self._next = -math.inf

    def delay(self, now: float) -> float:
        return max(self._next - now, 0.0)

    def take(self, now: float, units: float) -> None:
        if self.rate < math.inf:
            self._next = max(self._next, now - _LATENESS) + units / self.rate

    def give_back(self, units: float) -> None:
        if self.rate < math.inf:
            self._next -= units / self.rate


class Controller:
    """Decides when requests start.

    `most`: maximum number of requests in flight.
    `rpm`, `tpm`: the user's limits of requests and tokens per minute, None for no limit.
    `limit`: current maximum of requests in flight.
    `in_flight`: number of requests in flight.
    `gate`: time at which requests may start again after a refusal.
    `fruitless`: number of refusals that closed the gate since the last answer.
    """

    def __init__(self, most: int, rpm: float | None = None, tpm: float | None = None) -> None:
        self.limit = min(_FIRST_LIMIT, most)
        self.in_flight = 0
        self.gate = -math.inf
        self.fruitless = 0
        self._tokens_each = 0.0
        self._most = most
        self._started = 0
        self._requests = _Pace(_per_second(rpm))
        self._tokens = _Pace(_per_second(tpm))
        self._server_pace = _Pace()  # from the server's headers
        self._learned = _LearnedPace()
        self._round_end = self.limit  # number of the last request of this round
        self._was_full = False
        self._last_before_cut = 0  # number of the last request sent before the last cut

    def delay(self, now: float) -> float:
        """Return the seconds until the next request may start; inf: not before another ends."""
        if self.in_flight >= self.limit:
            self._was_full = True
            return math.inf
        paces = (self._requests, self._tokens, self._server_pace, self._learned.pace)
        return max(self.gate - now, *(pace.delay(now) for pace in paces), 0.0)

    def start(self, now: float, tokens: int) -> Ticket:
        """Count a request as in flight. `tokens`: an estimate."""
        self.in_flight += 1
        self._started += 1
        for pace in (self._requests, self._server_pace, self._learned.pace):
            pace.take(now, 1)
        self._tokens.take(now, tokens)
        self._learned.start(now)
        return Ticket(self._started, now, tokens)

    def succeed(self, now: float, ticket: Ticket, budgets: Sequence[Budget], tokens: int) -> None:
        """Count an answer. `tokens`: its real tokens. `budgets`: what the server still allows."""
        self.in_flight -= 1
        self._tokens.give_back(ticket.tokens - tokens)
        self._tokens_each += (tokens - self._tokens_each) / _AVERAGED
        self.fruitless = 0
        self._apply_budgets(now, budgets)
        if ticket.number >= self._round_end:
            if self._was_full:  # else a higher limit would have no effect
                self.limit = min(self.limit + 1, self._most)
            self._start_round()

    def fail(self, ticket: Ticket) -> None:
        """Count a request that failed, but not because of a limit."""
        self.in_flight -= 1
        self._tokens.give_back(ticket.tokens)

    def refuse(self, now: float, ticket: Ticket, wait: float, *, limited: bool) -> bool:
        """Close the gate for `wait` seconds, because the server accepts no requests now.

        `limited`: the server reported too many requests. Return whether this lowered `limit`; a
        refusal of a request sent before the last cut does not.
        """
        self.fail(ticket)
        self.gate = max(self.gate, now + wait)
        is_first = ticket.number > self._last_before_cut
        if is_first:
            self.fruitless += 1
            self._last_before_cut = self._started
            self.limit = max(self.limit // 2, 1)
            self._start_round()
            if limited:
                self._learned.refuse(now, ticket.at, wait)
        return is_first

    def _start_round(self) -> None:
        self._round_end = self._started + self.limit
        self._was_full = False

    def _apply_budgets(self, now: float, budgets: Sequence[Budget]) -> None:
        rate = math.inf
        for budget in budgets:
            each = max(self._tokens_each, 1.0) if budget.is_tokens else 1.0
            left = budget.remaining / each - self.in_flight
            if left < 1:
                self.gate = max(self.gate, now + budget.reset)
            elif budget.reset:
                rate = min(rate, _MARGIN * left / budget.reset)
        self._server_pace.rate = rate


class _LearnedPace:
    """The rate that a server accepts, learned from its refusals.

    The rate is measured over the wait that the server asks for, or over the last requests. A burst
    gives a rate that is too high, and the next refusals correct it. A higher rate is tried now and
    then.
    """

    def __init__(self) -> None:
        self.pace = _Pace()
        self._starts: deque[float] = deque(maxlen=_MAX_STARTS)
        self._refused_at = -math.inf
        self._probe_at = math.inf
        self._probe_wait = 0.0
        self._step = _FIRST_STEP

    def start(self, now: float) -> None:
        """Count a start, and raise the rate if it is time to."""
        self._starts.append(now)
        if now >= self._probe_at:
            self.pace.rate *= 1 + self._step
            self._step = min(2 * self._step, 1.0)
            self._probe_at = now + self._probe_wait

    def refuse(self, now: float, started: float, wait: float) -> None:
        """Learn from the refusal of a request started at `started`."""
        wait = max(wait, 1.0)
        rate = min(self._measured(started, wait), self.pace.rate)
        is_early = now - self._refused_at < _EARLY_WAITS * wait
        if rate < math.inf:
            self.pace.rate = rate * (_EARLY_FACTOR if is_early else _LATER_FACTOR)
        self._refused_at = now
        self._step = _FIRST_STEP
        self._probe_wait = _CLEAN_WAITS * wait
        self._probe_at = now + wait + self._probe_wait

    def _measured(self, end: float, wait: float) -> float:
        """Return the rate of the starts before `end`, inf if there are too few."""
        starts = [start for start in self._starts if start < end]
        if len(starts) < _MIN_STARTS:
            return math.inf
        begin = min(max(end - wait, starts[0]), starts[-_MIN_STARTS])
        recent = [start for start in starts if start >= begin]
        return len(recent) / (end - begin) if end > begin else math.inf


def _per_second(per_minute: float | None) -> float:
    return math.inf if per_minute is None else _MARGIN * per_minute / 60
