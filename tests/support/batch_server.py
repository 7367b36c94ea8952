"""A server that answers each prompt separately and enforces rate limits.

It accepts at most `max_concurrent` requests at a time and `per_second` on average (a token bucket
that holds one second's worth). It refuses others with a 429 and `Retry-After: 1`. `latency` is in
seconds.
"""

import threading
import time
from collections import Counter
from typing import Any

from tests.support.server import (
    Pause,
    Request,
    Script,
    ScriptedServer,
    completion,
    error,
    json_response,
)


class BatchServer(ScriptedServer):
    """Counts requests by prompt. `scripts`: by prompt, each played once instead of an answer."""

    def __init__(
        self,
        *,
        latency: float = 0.0,
        max_concurrent: int | None = None,
        per_second: float | None = None,
        headers: dict[str, str] | None = None,
        port: int = 0,
    ) -> None:
        super().__init__([], port)
        self.scripts: dict[str, list[Script]] = {}
        self.request_counts: Counter[str] = Counter()
        self.refusal_times: list[float] = []
        self.peak_concurrency = 0
        self._latency = latency
        self._at_once = max_concurrent
        self._per_second = per_second
        self._headers = headers
        self._tokens = per_second or 0.0
        self._refilled_at = time.monotonic()
        self._ends: list[float] = []
        self.first_request = threading.Event()

    def _script_for(self, request: Request) -> Script:
        prompt = prompt_of(request.json)
        self.request_counts[prompt] += 1
        self.first_request.set()
        if self.scripts.get(prompt):
            return self.scripts[prompt].pop(0)
        now = time.monotonic()
        self._ends = [end for end in self._ends if end > now]
        if not self._admits(now):
            self.refusal_times.append(now)
            return error(429, "too many requests", {"Retry-After": "1"})
        self._ends.append(now + self._latency)
        self.peak_concurrency = max(self.peak_concurrency, len(self._ends))
        answer = json_response(completion(f"answer to {prompt}"), headers=self._headers)
        return [Pause(self._latency), *answer] if self._latency else answer

    def _admits(self, now: float) -> bool:
        if self._at_once is not None and len(self._ends) >= self._at_once:
            return False
        if self._per_second is None:
            return True
        refill = (now - self._refilled_at) * self._per_second
        self._tokens = min(self._tokens + refill, max(self._per_second, 1.0))
        self._refilled_at = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True


def prompt_of(body: Any) -> str:
    """Return the last prompt of a request."""
    return str(body["messages"][-1]["content"])
