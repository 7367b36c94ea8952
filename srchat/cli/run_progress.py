"""The progress of `srchat batch run`: a bar on a terminal, otherwise a line now and then."""

import time
from typing import Final

from srchat.batch.progress import Progress
from srchat.cli.process import Process
from srchat.terminal.status import StatusLine

_REDRAW_INTERVAL: Final = 0.1  # seconds between updates of the bar
_REPORT_INTERVAL: Final = 10.0  # seconds between lines without a terminal
_BAR_CELLS: Final = 20
_LONG_WAIT: Final = 1.0  # seconds; shorter waits are not reported


class RunProgress(Progress):
    """Displays the progress on stderr until it is closed."""

    def __init__(self, process: Process, total: int, done: int, failed: int) -> None:
        super().__init__(total, done, failed)
        self._messages = process.messages
        self._process = process
        self._status = StatusLine(process.messages)
        self._is_live = process.stderr.can_move and not process.messages.quiet
        self.tick = _REDRAW_INTERVAL if self._is_live else 1.0
        self._shown_at = 0.0 if self._is_live else time.monotonic()

    def changed(self) -> None:
        """Update the display, if it is time to."""
        now = time.monotonic()
        if now - self._shown_at < (_REDRAW_INTERVAL if self._is_live else _REPORT_INTERVAL):
            return
        self._shown_at = now
        if self._is_live:
            self._status.show(f"{self._bar()} {self._details(now)}")
        else:
            self._messages.info(self._details(now))

    def waiting(self, reason: str, seconds: float) -> None:
        """Report that no request is sent for a while. On a terminal, the bar does."""
        if seconds >= _LONG_WAIT and not self._is_live:
            self._messages.info(f"{reason}; waiting {seconds:.0f} s")

    def log(self, line: str) -> None:
        """Print a line of the log with --verbose."""
        self._process.log(line)

    def count(self) -> str:
        """Return the number of finished requests and of all."""
        return f"{self.done:,} of {self.total:,} done"

    def close(self) -> None:
        """Remove the bar."""
        self._status.clear()

    def _details(self, now: float) -> str:
        parts = [self.count()]
        if self.failed:
            parts.append(f"{self.failed:,} failed")
        if self.waits_for and self.gate > now:
            parts.append(f"waiting {self.gate - now:.0f} s: {self.waits_for}")
        elif self.answered:
            parts += [_rate(self.rate), f"{self.limit} at once", f"{_duration(self._left())} left"]
        return ", ".join(parts)

    def _left(self) -> float:
        return (self.total - self.done - self.failed) / self.rate

    def _bar(self) -> str:
        cells = _BAR_CELLS * (self.done + self.failed) // max(self.total, 1)
        full, empty = ("━", "─") if self._process.stderr.is_utf8 else ("#", "-")
        return full * cells + empty * (_BAR_CELLS - cells)


def _rate(per_second: float) -> str:
    if per_second >= 1:
        return f"{per_second:.1f}/s"
    return f"{60 * per_second:.1f}/min"


def _duration(seconds: float) -> str:
    minutes = round(seconds / 60)
    if minutes >= 60:
        return f"{minutes // 60} h {minutes % 60:02} min"
    return f"{minutes} min" if minutes else f"{seconds:.0f} s"
