"""The progress of a batch run: its rate."""

import time

from srchat.batch.progress import Progress


def test_only_answers_of_this_run_count_for_the_rate() -> None:
    progress = Progress(total=10, done=6, failed=1, begun=time.monotonic() - 1000)
    assert progress.rate == 0
    progress.answered = 3
    assert 0 < progress.rate <= 0.003


def test_the_rate_at_the_first_moment_is_a_number() -> None:
    assert Progress(total=1, begun=time.monotonic() + 1000, answered=1).rate == 1000
