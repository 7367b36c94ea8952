"""Runs a batch: decides which request is sent when, and handles the results.

The threads of `workers` only send and wait. The thread that calls `run` decides, writes results and
reports progress, so that no lock is needed.
"""

import contextlib
import heapq
import math
import random
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from srchat.api.rate_limit import read_budgets
from srchat.api.retry import MAX_WAIT, RETRIED_STATUSES, RetryPolicy, backoff, server_delay
from srchat.batch.controller import Controller, Ticket
from srchat.batch.progress import Progress
from srchat.batch.request_file import BatchRequest
from srchat.batch.result_log import ResultLog
from srchat.batch.results import failure_line, success_line
from srchat.batch.workers import Outcome, Workers
from srchat.errors import (
    APIConnectionError,
    APIError,
    APIStatusError,
    AuthenticationError,
    CertificateError,
    Interrupted,
    OutputError,
    ProtocolError,
    RateLimitError,
    SrchatError,
)

_STOP_GRACE: Final = 2.0  # seconds for requests in flight after a signal
_SYNC_INTERVAL: Final = 1.0  # seconds
_MAX_EQUAL_FAILURES: Final = 5  # number of equal failures at the start that end the run
_MAX_REFUSALS: Final = 10  # of one request while others succeed
_CHARACTERS_PER_TOKEN: Final = 4
_FIRST_ANSWER_TOKENS: Final = 256  # estimate before the first answer


@dataclass(slots=True)
class Job:
    """A request with its numbers of retries and refusals."""

    request: BatchRequest
    ticket: Ticket | None = None
    retries: int = 0
    refusals: int = 0


class Runner:
    """Runs a batch once.

    `policy`: retries of each request. `tick`: maximum seconds between calls of `progress.changed`.
    """

    def __init__(
        self,
        workers: Workers[Job],
        log: ResultLog,
        controller: Controller,
        policy: RetryPolicy,
        progress: Progress,
        tick: float = 0.1,
    ) -> None:
        self._workers = workers
        self._log = log
        self._controller = controller
        self._policy = policy
        self._progress = progress
        self._tick = tick
        self._again: list[tuple[float, int, Job]] = []  # a heap by time and number
        self._order = 0
        self._first_statuses: list[int] = []
        self._last_answer = time.monotonic()
        self._synced = time.monotonic()
        self._completion_tokens = 0
        self._succeeded = 0

    def run(self, requests: Iterator[BatchRequest]) -> None:
        """Send all requests and return when each has a result.

        An error that affects all requests is raised after the results of those in flight are
        stored: RateLimitError, AuthenticationError, APIConnectionError, APIStatusError. Raises
        OutputError at once, Interrupted after at most two seconds.
        """
        try:
            self._run(requests)
        except Interrupted:
            with contextlib.suppress(Interrupted):  # a second signal ends it at once
                self._drain(time.monotonic() + _STOP_GRACE)
            raise
        except OutputError:
            raise
        except SrchatError:
            self._drain(math.inf)
            raise
        finally:
            self._workers.close()
            self._log.sync()

    def _run(self, requests: Iterator[BatchRequest]) -> None:
        fresh = map(Job, requests)
        job = self._next(fresh)
        while job or self._again or self._controller.in_flight:
            now = time.monotonic()
            job = job or self._next(fresh)
            while job and self._controller.delay(now) <= 0:
                self._start(job, now)
                job = self._next(fresh)
            self._take(self._wait(now, has_job=job is not None))

    def _next(self, fresh: Iterator[Job]) -> Job | None:
        """Return a request whose wait is over, else a new one, None if there is neither."""
        if self._again and self._again[0][0] <= time.monotonic():
            return heapq.heappop(self._again)[2]
        return next(fresh, None)

    def _wait(self, now: float, *, has_job: bool) -> float:
        """Return the seconds until a request may start."""
        wait = self._controller.delay(now) if has_job else math.inf
        if self._again and not has_job:
            wait = min(wait, max(self._again[0][0] - now, 0.0))
        return min(wait, self._tick)

    def _start(self, job: Job, now: float) -> None:
        each = self._completion_tokens // self._succeeded if self._succeeded else 0
        tokens = len(job.request.body) // _CHARACTERS_PER_TOKEN + (each or _FIRST_ANSWER_TOKENS)
        job.ticket = self._controller.start(now, tokens)
        self._progress.log(f"> {job.request.custom_id}")
        try:
            self._workers.send(job, job.request.body)
        except SrchatError:  # it is not in flight
            self._controller.fail(job.ticket)
            raise

    def _take(self, timeout: float) -> None:
        """Wait for a result, then handle all that are available."""
        while outcome := self._workers.outcome(timeout):
            self._keep(outcome)
            timeout = 0.0
        self._show()

    def _show(self) -> None:
        progress, now = self._progress, time.monotonic()
        progress.in_flight = self._controller.in_flight
        progress.limit = self._controller.limit
        progress.gate = self._controller.gate
        if now >= progress.gate:
            progress.waits_for = ""
        if now - self._synced >= _SYNC_INTERVAL:
            self._synced = now
            self._log.sync()
        progress.changed()

    def _keep(self, outcome: Outcome[Job]) -> None:
        response, error = outcome.response, outcome.error
        said = response.status if response else error
        self._progress.log(f"< {outcome.job.request.custom_id}: {said} ({outcome.seconds:.3f} s)")
        if error is None:
            self._answered(outcome)
        elif response and isinstance(error, APIStatusError):
            self._status_failed(outcome.job, error, response.headers)
        else:
            self._failed(outcome.job, error)

    def _answered(self, outcome: Outcome[Job]) -> None:
        request, ticket = outcome.job.request, outcome.job.ticket
        assert ticket is not None
        assert outcome.response is not None
        assert outcome.answer is not None
        headers, (body, completion) = outcome.response.headers, outcome.answer
        try:
            line = success_line(request, headers, body, outcome.seconds)
        except ValueError as exc:  # not a JSON number
            self._failed(outcome.job, ProtocolError(str(exc)))
            return
        usage = completion.usage
        horizon = min(self._policy.max_wait, MAX_WAIT)
        budgets = read_budgets(headers, now=time.time(), horizon=horizon)
        now = time.monotonic()
        tokens = usage.total_tokens if usage else ticket.tokens
        self._controller.succeed(now, ticket, budgets, tokens)
        self._log.add_success(line)
        self._last_answer = now
        self._succeeded += 1
        self._completion_tokens += usage.completion_tokens if usage else 0
        self._progress.done += 1
        self._progress.answered += 1

    def _failed(self, job: Job, error: APIError) -> None:
        """Handle a request without a readable answer."""
        assert job.ticket is not None
        is_unreachable = isinstance(error, APIConnectionError) and error.is_unreachable
        if is_unreachable and not isinstance(error, CertificateError):
            self._close_gate(job, error, None)
            return
        self._controller.fail(job.ticket)
        if isinstance(error, CertificateError):
            raise error
        if isinstance(error, APIConnectionError):
            self._try_again(job, error, 0, {})
        else:
            self._fail(job.request, 0, "invalid_response", error.message)

    def _status_failed(self, job: Job, error: APIStatusError, headers: Mapping[str, str]) -> None:
        assert job.ticket is not None
        status = error.status
        if status in (429, 503) and error.code != "insufficient_quota":
            limited = status == 429
            self._close_gate(job, error, server_delay(headers, limited=limited, now=time.time()))
            return
        self._controller.fail(job.ticket)
        if isinstance(error, AuthenticationError | RateLimitError):
            raise error
        if status in RETRIED_STATUSES:
            self._try_again(job, error, status, headers)
        else:
            self._check_first(error, status)
            self._fail(job.request, status, error.code or str(status), error.message)

    def _close_gate(self, job: Job, error: APIError, asked: float | None) -> None:
        """Make all requests wait, because the server accepts none, and retry this one."""
        ticket = job.ticket
        assert ticket is not None
        job.refusals += 1
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
        # Before the first answer the address may be wrong; later it is an outage.
        patience = self._policy.max_wait if self._succeeded else 0.0
        if controller.fruitless > self._policy.max_retries and now - self._last_answer > patience:
            raise error
        if is_first:
            self._progress.waits_for = error.message
            self._progress.waiting(error.message, wait)
        if job.refusals > _MAX_REFUSALS and controller.fruitless <= 1:
            status = error.status if isinstance(error, APIStatusError) else 0
            self._fail(job.request, status, "refused", error.message)
        else:
            self._put_back(job, now)

    def _try_again(
        self, job: Job, error: APIError, status: int, headers: Mapping[str, str]
    ) -> None:
        chance = random.random()  # noqa: S311 - jitter, not a secret
        decision = self._policy.decide(
            job.retries, status or None, headers, now=time.time(), random=chance
        )
        if decision.wait is None:
            code = str(status) if status else "connection_error"
            self._fail(job.request, status, code, error.message)
            return
        job.retries += 1
        self._put_back(job, time.monotonic() + decision.wait)

    def _put_back(self, job: Job, at: float) -> None:
        self._order += 1
        heapq.heappush(self._again, (at, self._order, job))

    def _check_first(self, error: APIStatusError, status: int) -> None:
        """Raise the error if all of the first requests failed with this status."""
        if self._succeeded or len(self._first_statuses) >= _MAX_EQUAL_FAILURES:
            return
        self._first_statuses.append(status)
        if self._first_statuses == [status] * _MAX_EQUAL_FAILURES:
            raise error

    def _fail(self, request: BatchRequest, status: int, code: str, message: str) -> None:
        self._log.add_failure(failure_line(request, status, code, message))
        self._progress.failed += 1
        self._progress.answered += 1

    def _drain(self, end: float) -> None:
        """Handle the results of requests in flight, and start no more."""
        while self._controller.in_flight and (left := end - time.monotonic()) > 0:
            outcome = self._workers.outcome(min(left, self._tick))
            if outcome is None:
                self._show()
            elif outcome.error is None:
                self._answered(outcome)
            else:
                assert outcome.job.ticket is not None
                self._controller.fail(outcome.job.ticket)
