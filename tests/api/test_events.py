"""The line shown while a request waits to be sent again."""

import pytest

from srchat.api.events import RetryWait


@pytest.mark.parametrize(
    ("reason", "left", "line"),
    [
        ("chat.test returned 503", 1.26, "chat.test returned 503; retrying in 1.3 s (2 of 3)"),
        ("the server is busy.", 12.0, "the server is busy; retrying in 12.0 s (2 of 3)"),
        ("connection lost", 0.04, "connection lost; retrying now (2 of 3)"),
        ("connection lost", 0.0, "connection lost; retrying now (2 of 3)"),
    ],
)
def test_a_wait_is_one_line_with_reason_time_and_number(
    reason: str, left: float, line: str
) -> None:
    assert str(RetryWait(reason, left, retry=2, retries=3)) == line
