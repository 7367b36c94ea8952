"""Sends the requests of a batch, many at once, and keeps what becomes of each.

One thread a request under way sends and waits. The thread that calls `run` does all else: it
decides who sends when, writes results and shows progress; so none of it needs a lock. Measured
at 64 at once on two cores: a connection for each thread takes 0.6 ms of CPU a request, a pool
that threads share 2.0 ms, asyncio 8.5 ms.
"""

import heapq
import math
import queue
import random
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

from srchat.api.rate_limit import read_budgets
from srchat.api.retry import MAX_WAIT, RETRIED_STATUSES, RetryPolicy, backoff, server_delay
from srchat.api.sender import Response, Sender
from srchat.batch.controller import Controller, Ticket
from srchat.batch.progress import Progress
from srchat.batch.request_file import BatchRequest
from srchat.batch.result_log import ResultLog
from srchat.batch.results import completion_in, failure_line, success_line
from srchat.errors import (
    APIConnectionError,
    APIError,
    APIStatusError,
    AuthenticationError,
    CertificateError,
    Interrupted,
    RateLimitError,
    SrchatError,
)

_PATH: Final = "/chat/completions"
_STOP_GRACE: Final = 2.0  # seconds that requests under way have after a signal
_SYNC_EVERY: Final = 1.0  # seconds
_SAME_FAILURES: Final = 5  # first requests that fail alike: all others would
_MAX_RATE_LIMITS: Final = 10  # refusals of one request while others are answered
_CHARACTERS_PER_TOKEN: Final = 4
_FIRST_ANSWER_TOKENS: Final = 256  # of an answer before there was one


@dataclass(slots=True)
class _Job:
    """A request, how often it was tried again, and how often it met a rate limit."""

    request: BatchRequest
    ticket: Ticket | None = None
    retries: int = 0
    rate_limits: int = 0


class _Outcome(NamedTuple):
    job: _Job
    response: Response | None
    error: SrchatError | None
    seconds: float


class _Signal(NamedTuple):
    signum: int


class Runner:
    """Runs a batch once.

    `open_sender`: called by each thread for its own. `policy`: retries of each request.
    `tick`: seconds after which `progress.changed` is called though nothing has come.
    """

    def __init__(
        self,
        open_sender: Callable[[], Sender],
        log: ResultLog,
        controller: Controller,
        policy: RetryPolicy,
        progress: Progress,
        tick: float = 0.1,
    ) -> None:
        self._open_sender = open_sender
        self._log = log
        self._controller = controller
        self._policy = policy
        self._progress = progress
        self._tick = tick
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._outcomes: queue.SimpleQueue[_Outcome | _Signal] = queue.SimpleQueue()
        self._threads = 0
        self._again: list[tuple[float, int, _Job]] = []  # a heap: when, and in which order
        self._order = 0
        self._first_statuses: list[int] = []
        self._last_answer = time.monotonic()
        self._synced = time.monotonic()
        self._completion_tokens = 0
        self._succeeded = 0

    def interrupt(self, signum: int) -> None:
        """End the run soon with Interrupted. Safe in a signal handler."""
        self._outcomes.put(_Signal(signum))

    def run(self, requests: Iterator[BatchRequest]) -> None:
        """Send all requests and return when each has its result.

        Raises what no other request could mend, when the results of those under way are kept:
        RateLimitError, AuthenticationError, APIConnectionError, APIStatusError; OutputError at
        once; Interrupted after at most two seconds.
        """
        try:
            self._run(requests)
        except Interrupted:
            self._drain(time.monotonic() + _STOP_GRACE)
            raise
        except APIError:
            self._drain(math.inf)
            raise
        finally:
            for _ in range(self._threads):
                self._jobs.put(None)
            self._log.sync()

    def _run(self, requests: Iterator[BatchRequest]) -> None:
        fresh = map(_Job, requests)
        job = self._next(fresh)
        while job or self._again or self._controller.in_flight:
            now = time.monotonic()
            job = job or self._next(fresh)
            while job and self._controller.delay(now) <= 0:
                self._start(job, now)
                job = self._next(fresh)
            self._take(self._wait(now, has_job=job is not None))

    def _next(self, fresh: Iterator[_Job]) -> _Job | None:
        """Return a request whose wait is over, else a new one, None for neither."""
        if self._again and self._again[0][0] <= time.monotonic():
            return heapq.heappop(self._again)[2]
        return next(fresh, None)

    def _wait(self, now: float, *, has_job: bool) -> float:
        """Return how long nothing can be started."""
        wait = self._controller.delay(now) if has_job else math.inf
        if self._again and not has_job:
            wait = min(wait, max(self._again[0][0] - now, 0.0))
        return min(wait, self._tick)

    def _start(self, job: _Job, now: float) -> None:
        each = self._completion_tokens // self._succeeded if self._succeeded else 0
        tokens = len(job.request.body) // _CHARACTERS_PER_TOKEN + (each or _FIRST_ANSWER_TOKENS)
        job.ticket = self._controller.start(now, tokens)
        if self._threads < self._controller.in_flight:
            self._start_thread()
        self._progress.log(f"> {job.request.custom_id}")
        self._jobs.put(job)

    def _start_thread(self) -> None:
        try:
            threading.Thread(target=self._work, name="srchat-sender", daemon=True).start()
        except RuntimeError as exc:
            if not self._threads:
                raise SrchatError(
                    "cannot start a thread", hint="`ulimit -u` or `ulimit -v` is too low"
                ) from exc
        else:
            self._threads += 1

    def _work(self) -> None:
        """Send what comes in, in a thread of its own."""
        sender: Sender | None = None
        while (job := self._jobs.get()) is not None:
            begun = time.monotonic()
            response: Response | None = None
            error: SrchatError | None = None
            try:
                sender = sender or self._open_sender()
                response = sender.send("POST", _PATH, job.request.body)
                error = None if response.status == 200 else sender.failure_of(response)
            except SrchatError as exc:
                error = exc
            except Exception as exc:  # noqa: BLE001 - the other thread tells whatever fails here
                error = SrchatError(f"unexpected {type(exc).__name__}: {exc}")
            self._outcomes.put(_Outcome(job, response, error, time.monotonic() - begun))
        if sender:
            sender.close()

    def _take(self, timeout: float) -> None:
        """Wait for results, and keep those that are there."""
        try:
            outcome = self._outcomes.get(timeout=timeout)
            while True:
                self._keep(outcome)
                outcome = self._outcomes.get_nowait()
        except queue.Empty:
            pass
        self._show()

    def _show(self) -> None:
        progress, now = self._progress, time.monotonic()
        progress.in_flight = self._controller.in_flight
        progress.limit = self._controller.limit
        progress.gate = self._controller.gate
        if now >= progress.gate:
            progress.waits_for = ""
        if now - self._synced >= _SYNC_EVERY:
            self._synced = now
            self._log.sync()
        progress.changed()

    def _keep(self, outcome: _Outcome | _Signal) -> None:
        if isinstance(outcome, _Signal):
            raise Interrupted(outcome.signum)
        response, error = outcome.response, outcome.error
        if error is not None and not isinstance(error, APIError):
            raise error
        self._say(outcome)
        if response and isinstance(error, APIStatusError):
            self._status_failed(outcome.job, error, response)
        elif response:
            self._answered(outcome, response)
        elif error:
            self._connection_failed(outcome.job, error)

    def _say(self, outcome: _Outcome) -> None:
        what = outcome.response.status if outcome.response else outcome.error
        self._progress.log(f"< {outcome.job.request.custom_id}: {what} ({outcome.seconds:.3f} s)")

    def _answered(self, outcome: _Outcome, response: Response) -> None:
        request, ticket = outcome.job.request, outcome.job.ticket
        assert ticket is not None
        try:
            body, completion = completion_in(response.body)
            line = success_line(request, response.headers, body, outcome.seconds)
        except ValueError as exc:
            self._controller.fail(ticket)
            self._fail(request, 200, "invalid_response", str(exc))
            return
        usage = completion.usage
        budgets = read_budgets(
            response.headers, now=time.time(), horizon=min(self._policy.max_wait, MAX_WAIT)
        )
        now = time.monotonic()
        tokens = usage.total_tokens if usage else ticket.tokens
        self._controller.succeed(now, ticket, budgets, tokens)
        self._log.add_success(line)
        self._last_answer = now
        self._succeeded += 1
        self._completion_tokens += usage.completion_tokens if usage else 0
        self._progress.done += 1
        self._progress.answered += 1

    def _connection_failed(self, job: _Job, error: APIError) -> None:
        """Handle a request without an answer."""
        assert job.ticket is not None
        is_unreachable = isinstance(error, APIConnectionError) and error.is_unreachable
        if isinstance(error, CertificateError):
            self._controller.fail(job.ticket)
            raise error
        if is_unreachable:
            self._close_gate(job, error, None)
        elif isinstance(error, APIConnectionError):
            self._try_again(job, error, 0, None)
        else:
            self._controller.fail(job.ticket)
            self._fail(job.request, 0, "invalid_response", error.message)

    def _status_failed(self, job: _Job, error: APIStatusError, response: Response) -> None:
        assert job.ticket is not None
        status = response.status
        asked = server_delay(response.headers, limited=status == 429, now=time.time())
        if isinstance(error, AuthenticationError) or error.code == "insufficient_quota":
            self._controller.fail(job.ticket)
            raise error
        if status == 429:
            job.rate_limits += 1
            self._close_gate(job, error, asked)
        elif status == 503:
            self._close_gate(job, error, asked)
        elif status in RETRIED_STATUSES:
            self._try_again(job, error, status, asked)
        else:
            self._controller.fail(job.ticket)
            self._check_first(error, status)
            self._fail(job.request, status, error.code or str(status), error.message)

    def _close_gate(self, job: _Job, error: APIError, asked: float | None) -> None:
        """Let all wait, because the server takes no requests; then ask this one again."""
        ticket = job.ticket
        assert ticket is not None
        now = time.monotonic()
        controller = self._controller
        chance = random.random()  # noqa: S311 - jitter, not a secret
        pause = backoff(controller.fruitless) * (1 + chance) / 2
        wait = pause if asked is None else max(asked, pause if controller.fruitless else 0.0)
        is_limit = isinstance(error, RateLimitError)
        is_first = controller.refuse(now, ticket, min(wait, MAX_WAIT), limited=is_limit)
        if asked is not None and asked > min(self._policy.max_wait, MAX_WAIT):
            error.hint = f"the server asks to wait {math.ceil(asked)} s"
            raise error
        # Before the first answer it may be the address that is wrong; later it is an outage.
        patience = self._policy.max_wait if self._succeeded else 0.0
        if controller.fruitless > self._policy.max_retries and now - self._last_answer > patience:
            raise error
        if is_first:
            self._progress.waits_for = error.message
            self._progress.waiting(error.message, wait)
        if is_limit and job.rate_limits > _MAX_RATE_LIMITS and not controller.fruitless > 1:
            self._fail(job.request, 429, "rate_limit", error.message)
        else:
            self._put_back(job, now)

    def _try_again(self, job: _Job, error: APIError, status: int, asked: float | None) -> None:
        assert job.ticket is not None
        self._controller.fail(job.ticket)
        headers = {} if asked is None else {"retry-after": str(asked)}
        decision = self._policy.decide(
            job.retries,
            status or None,
            headers,
            now=time.time(),
            random=random.random(),  # noqa: S311 - jitter, not a secret
        )
        if decision.wait is None:
            code = str(status) if status else "connection_error"
            self._fail(job.request, status, code, error.message)
            return
        job.retries += 1
        self._put_back(job, time.monotonic() + decision.wait)

    def _put_back(self, job: _Job, at: float) -> None:
        self._order += 1
        heapq.heappush(self._again, (at, self._order, job))

    def _check_first(self, error: APIStatusError, status: int) -> None:
        """Raise the error if all of the first requests failed with this status."""
        if self._succeeded or len(self._first_statuses) >= _SAME_FAILURES:
            return
        self._first_statuses.append(status)
        if self._first_statuses == [status] * _SAME_FAILURES:
            raise error

    def _fail(self, request: BatchRequest, status: int, code: str, message: str) -> None:
        self._log.add_failure(failure_line(request, status, code, message))
        self._progress.failed += 1
        self._progress.answered += 1

    def _drain(self, end: float) -> None:
        """Keep the answers to requests that are under way, and start no more."""
        while self._controller.in_flight and (left := end - time.monotonic()) > 0:
            try:
                outcome = self._outcomes.get(timeout=min(left, self._tick))
            except queue.Empty:
                self._show()
                continue
            if isinstance(outcome, _Signal):
                return
            if outcome.response and not outcome.error:
                self._answered(outcome, outcome.response)
            else:
                assert outcome.job.ticket is not None
                self._controller.fail(outcome.job.ticket)
