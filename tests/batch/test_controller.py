"""When requests start, with a simulated clock."""

import heapq
import itertools
import math
import random
from collections import deque
from typing import NamedTuple, Protocol

import pytest

from srchat.api.rate_limit import Budget
from srchat.batch.controller import Controller, Ticket

FREE: list[Budget] = []


def fully_grown(controller: Controller, now: float = 0.0) -> Controller:
    """Complete requests until the concurrency limit has reached its maximum."""
    for _ in range(3000):
        tickets = []
        while controller.delay(now) == 0:
            tickets.append(controller.start(now, 1))
        for ticket in tickets:
            controller.succeed(now, ticket, FREE, 1)
    return controller


def test_it_starts_with_four_and_adds_one_after_each_full_round() -> None:
    controller = Controller(64)
    limits = []
    for _ in range(5):
        tickets = []
        while controller.delay(0.0) == 0:
            tickets.append(controller.start(0.0, 1))
        limits.append(len(tickets))
        for ticket in tickets:
            controller.succeed(0.0, ticket, FREE, 1)
    assert limits == [4, 5, 6, 7, 8]
    assert fully_grown(controller).limit == 64
    assert fully_grown(Controller(2)).limit == 2


def test_an_unused_limit_does_not_grow() -> None:
    controller = Controller(64)
    for _ in range(100):
        assert controller.delay(0.0) == 0
        controller.succeed(0.0, controller.start(0.0, 1), FREE, 1)
    assert controller.limit == 4


def test_one_round_of_refusals_halves_once_and_closes_the_gate_until_the_last_wait() -> None:
    controller = fully_grown(Controller(64))
    tickets = [controller.start(10.0, 1) for _ in range(8)]
    firsts = [controller.refuse(10.1, each, 2.0, limited=False) for each in tickets]
    assert firsts == [True] + [False] * 7
    assert controller.limit == 32
    assert controller.refuse(10.5, tickets[0], 3.0, limited=False) is False
    assert controller.delay(11.0) == pytest.approx(2.5)
    assert controller.delay(13.5) == 0
    again = controller.start(13.5, 1)
    assert controller.refuse(13.6, again, 1.0, limited=False) is True
    assert (controller.limit, controller.fruitless) == (16, 2)


def test_an_answer_resets_the_count_of_refusals() -> None:
    controller = Controller(4)
    first = controller.start(0.0, 1)
    assert (first.number, controller.fruitless) == (1, 0)
    controller.refuse(0.0, first, 1.0, limited=True)
    assert controller.fruitless == 1
    controller.succeed(2.0, controller.start(2.0, 1), FREE, 1)
    assert controller.fruitless == 0


def test_the_rate_that_the_user_names_is_kept() -> None:
    controller = Controller(64, rpm=60)
    now, starts = 0.0, []
    while now < 60:
        wait = controller.delay(now)
        if wait:
            now += wait
            continue
        starts.append(now)
        controller.succeed(now, controller.start(now, 1), FREE, 1)
    assert 57 <= len(starts) <= 60


def test_tokens_are_corrected_by_the_answer() -> None:
    controller = Controller(64, tpm=6000)
    first = controller.start(0.0, 100)
    assert controller.delay(0.0) == pytest.approx(1.0, rel=0.05)
    controller.succeed(0.0, first, FREE, 300)  # 200 more than estimated
    assert controller.delay(0.0) == pytest.approx(3.0, rel=0.05)


def test_rate_limit_headers_pace_requests_before_the_server_refuses() -> None:
    controller = Controller(64)
    controller.succeed(0.0, controller.start(0.0, 1), [Budget(10, 20.0)], 1)
    controller.start(0.0, 1)
    assert controller.delay(0.0) == pytest.approx(2.0, rel=0.05)
    other = Controller(64)
    other.succeed(0.0, other.start(0.0, 1), [Budget(0, 7.0)], 1)
    assert other.delay(0.0) == 7.0
    for budget in (Budget(10, 0.0), Budget(0, 0.0)):  # it is full again at once
        free = Controller(64)
        free.succeed(0.0, free.start(0.0, 1), [budget], 1)
        free.start(0.0, 1)
        assert free.delay(0.0) == 0.0
    tokens = Controller(64)
    tokens.succeed(0.0, tokens.start(0.0, 1), [Budget(1000, 10.0, is_tokens=True)], 2000)
    tokens.start(0.0, 1)
    assert tokens.delay(0.0) > 0


class Admission(NamedTuple):
    """Whether a server accepts a request, and if not, how long it asks to wait."""

    admitted: bool
    wait: float = 0.0


class Server(Protocol):
    def request(self, now: float) -> Admission: ...
    def finish(self) -> None: ...


class Bucket:
    """A token bucket: `rate` requests per second, `burst` at once, `concurrency` at a time."""

    def __init__(self, concurrency: int, rate: float, burst: float, wait: float) -> None:
        self._concurrency, self._rate, self._burst, self._wait = concurrency, rate, burst, wait
        self._tokens, self._at, self._running = burst, 0.0, 0

    def request(self, now: float) -> Admission:
        self._tokens = min(self._burst, self._tokens + (now - self._at) * self._rate)
        self._at = now
        if self._running >= self._concurrency or self._tokens < 1:
            return Admission(False, self._wait)
        self._tokens -= 1
        self._running += 1
        return Admission(True)

    def finish(self) -> None:
        self._running -= 1


class Window:
    """A rate limit of `limit` requests per period, sliding or fixed. Its waits are exact."""

    def __init__(self, concurrency: int, limit: int, period: float, *, sliding: bool) -> None:
        self._concurrency, self._limit, self._period = concurrency, limit, period
        self._sliding, self._running = sliding, 0
        self._admitted: deque[float] = deque()

    def request(self, now: float) -> Admission:
        begin = now - self._period if self._sliding else now - now % self._period
        while self._admitted and self._admitted[0] < begin:
            self._admitted.popleft()
        if self._running >= self._concurrency or len(self._admitted) >= self._limit:
            return Admission(False, max(1.0, math.ceil(begin + self._period - now)))
        self._admitted.append(now)
        self._running += 1
        return Admission(True)

    def finish(self) -> None:
        self._running -= 1


class Outcome(NamedTuple):
    """The result of a simulation. `early`: requests sent while the gate was closed."""

    seconds: float
    sent: int
    early: int


def simulate(controller: Controller, server: Server, lines: int, latency: float) -> Outcome:
    """Simulate a batch run against a server."""
    rng = random.Random(1)
    running: list[tuple[float, int, Ticket, Admission]] = []
    order = itertools.count()
    now, left, sent, early, gate = 0.0, lines, 0, 0, -math.inf
    while left or running:
        while left and (wait := controller.delay(now)) <= 0:
            ticket = controller.start(now, 100)
            left, sent, early = left - 1, sent + 1, early + (now < gate)
            admission = server.request(now)
            spent = latency * rng.uniform(0.7, 1.5) if admission.admitted else 0.005
            heapq.heappush(running, (now + spent, next(order), ticket, admission))
        ends = running[0][0] if running else math.inf
        now = min(ends, now + wait + 1e-9) if left and wait < math.inf else ends
        while running and running[0][0] <= now:
            _, _, ticket, admission = heapq.heappop(running)
            if admission.admitted:
                server.finish()
                controller.succeed(now, ticket, FREE, 100)
            else:
                controller.refuse(now, ticket, admission.wait, limited=True)
                gate, left = max(gate, now + admission.wait), left + 1
    return Outcome(now, sent, early)


@pytest.mark.parametrize(
    ("server", "rate", "latency"),
    [
        (Bucket(64, 50, 50, 1), 50, 0.2),
        (Bucket(20, 50, 50, 1), 50, 0.2),
        (Bucket(64, 5, 5, 1), 5, 1.0),
        (Bucket(64, 200, 200, 1), 200, 0.05),
        (Window(64, 50, 1, sliding=False), 50, 0.2),
        (Window(64, 50, 1, sliding=True), 50, 0.2),
        (Window(64, 5, 1, sliding=True), 5, 1.0),
    ],
)
def test_an_unknown_limit_is_learned(server: Server, rate: float, latency: float) -> None:
    lines = int(rate * 300)
    outcome = simulate(Controller(64), server, lines, latency)
    assert outcome.early == 0
    assert outcome.sent <= 1.2 * lines
    assert lines / outcome.seconds >= 0.9 * rate


def test_a_rate_set_by_the_user_is_hardly_ever_exceeded() -> None:
    server = Window(64, 300, 60, sliding=True)
    outcome = simulate(Controller(64, rpm=300), server, 3000, 1.0)
    assert outcome.sent == 3000
    assert 3000 / outcome.seconds >= 0.97 * 5


@pytest.mark.slow
def test_a_million_lines_at_300_a_minute_take_under_three_days() -> None:
    """56 hours at 300 a minute, plus the waits after refusals."""
    outcome = simulate(Controller(64), Window(64, 300, 60, sliding=True), 1_000_000, 2.0)
    assert outcome.early == 0
    assert outcome.sent <= 1.02 * 1_000_000
    assert outcome.seconds <= 64 * 3600


@pytest.mark.slow
def test_a_million_lines_use_all_of_64_replicas() -> None:
    """Each handles one request at a time in 2 s: 32 per second, 9 hours in total."""
    outcome = simulate(Controller(64), Bucket(64, math.inf, math.inf, 1), 1_000_000, 2.0 / 1.1)
    assert outcome.sent == 1_000_000
    assert outcome.seconds <= 1.01 * 1_000_000 * 2 / 64
