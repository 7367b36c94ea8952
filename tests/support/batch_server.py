"""A server that answers each prompt by itself, within limits that it keeps to.

At most `at_once` requests at a time, and `per_second` by a token bucket that holds a second's
worth; any other gets a 429 with `Retry-After: 1`. `latency`: seconds until an answer.
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
    """Counts the answers by prompt. `scripts`: by prompt, played in place of the answers, once."""

    def __init__(
        self,
        *,
        latency: float = 0.0,
        at_once: int | None = None,
        per_second: float | None = None,
        headers: dict[str, str] | None = None,
        port: int = 0,
    ) -> None:
        super().__init__([], port)
        self.scripts: dict[str, list[Script]] = {}
        self.asked: Counter[str] = Counter()
        self.refused_at: list[float] = []
        self.most_at_once = 0
        self._latency = latency
        self._at_once = at_once
        self._per_second = per_second
        self._headers = headers
        self._tokens = per_second or 0.0
        self._filled_at = time.monotonic()
        self._ends: list[float] = []
        self.was_asked = threading.Event()

    def _answer_to(self, request: Request) -> Script:
        prompt = prompt_of(request.json)
        self.asked[prompt] += 1
        self.was_asked.set()
        if self.scripts.get(prompt):
            return self.scripts[prompt].pop(0)
        now = time.monotonic()
        self._ends = [end for end in self._ends if end > now]
        if not self._admits(now):
            self.refused_at.append(now)
            return error(429, "too many requests", {"Retry-After": "1"})
        self._ends.append(now + self._latency)
        self.most_at_once = max(self.most_at_once, len(self._ends))
        answer = json_response(completion(f"answer to {prompt}"), headers=self._headers)
        return [Pause(self._latency), *answer] if self._latency else answer

    def _admits(self, now: float) -> bool:
        if self._at_once is not None and len(self._ends) >= self._at_once:
            return False
        if self._per_second is None:
            return True
        grown = (now - self._filled_at) * self._per_second
        self._tokens = min(self._tokens + grown, max(self._per_second, 1.0))
        self._filled_at = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True


def prompt_of(body: Any) -> str:
    """Return the newest prompt of a request."""
    return str(body["messages"][-1]["content"])
