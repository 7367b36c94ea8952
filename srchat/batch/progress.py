"""The progress of a batch run."""

import time
from dataclasses import dataclass, field


@dataclass
class Progress:
    """The progress of a run, reported by the methods that a subclass overrides.

    `total`: number of requests in the file.
    `done`, `failed`: including those of earlier runs.
    `begun`: start of this run on the monotonic clock.
    `answered`: in this run.
    `waits_for`: why the gate is closed, "" while it is open.
    `gate`: when it opens.
    """

    total: int
    done: int = 0
    failed: int = 0
    begun: float = field(default_factory=time.monotonic)
    answered: int = 0
    in_flight: int = 0
    limit: int = 0
    gate: float = 0.0
    waits_for: str = ""

    def changed(self) -> None:
        """Update the display. Called after every result and at each tick."""

    def waiting(self, reason: str, seconds: float) -> None:
        """Report that no request is sent for `seconds`."""

    def log(self, line: str) -> None:
        """Report a step of a request."""

    @property
    def rate(self) -> float:
        """Answers and failures per second in this run."""
        return self.answered / max(time.monotonic() - self.begun, 0.001)
