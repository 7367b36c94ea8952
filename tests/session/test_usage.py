"""The usage line of an answer."""

import pytest

from srchat.api.models import Usage
from srchat.session.reply import Reply
from srchat.session.usage import usage_line


def test_the_usage_line_has_what_is_known() -> None:
    assert usage_line(Reply("m", asked_at=1.0, first_at=1.5, ended_at=3.0)) == (
        "m, no token counts from the server, 2.0 s, first token after 0.5 s"
    )
    assert usage_line(Reply("m", asked_at=1.0, ended_at=3.0)) == (
        "m, no token counts from the server, 2.0 s"
    )


@pytest.mark.parametrize(
    ("seconds", "speed"), [(1e-5, ""), (0.05, ""), (0.5, "200 tokens/s"), (2.0, "50 tokens/s")]
)
def test_the_speed_of_an_answer_that_came_at_once_is_not_told(seconds: float, speed: str) -> None:
    usage = Usage(prompt_tokens=7, completion_tokens=100, total_tokens=107)
    reply = Reply("m", usage=usage, asked_at=1.0, first_at=2.0, ended_at=2.0 + seconds)
    assert ("tokens/s" in usage_line(reply)) == bool(speed)
    assert speed in usage_line(reply)


def test_the_usage_line_has_the_cost_that_litellm_reports() -> None:
    assert usage_line(Reply("m", asked_at=1.0, ended_at=3.0, cost=0.0000125)) == (
        "m, no token counts from the server, 2.0 s, $0.000013"
    )
