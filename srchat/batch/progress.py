"""How far a run of a batch is, and who is told."""

import time
from dataclasses import dataclass, field


@dataclass
class Progress:
    """How far a run is. `total`: requests of the file; `done` and `failed` of an earlier run too.

    `begun`: when this run began, on the monotonic clock; `answered`: in this run.
    `waits_for`: why the gate is closed, "" while it is open; `gate`: until when.
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
        """Show it; called after every result, and often in between."""

    def waiting(self, reason: str, seconds: float) -> None:
        """Tell that no request is sent for a while."""

    def log(self, line: str) -> None:
        """Tell of a request or an answer."""

    @property
    def rate(self) -> float:
        """Answers and failures a second in this run."""
        return self.answered / max(time.monotonic() - self.begun, 0.001)
