"""The rate limit in headers."""

import pytest

from srchat.api.rate_limit import read_rate_limit


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"x-ratelimit-remaining": "9", "x-ratelimit-limit": "10"}, "9 of 10 requests left"),
        ({"x-ratelimit-remaining-requests": "0"}, "0 requests left"),
        (
            {
                "x-ratelimit-remaining": "9",
                "x-ratelimit-limit": "10",
                "x-ratelimit-api_key-remaining-requests": "1",
                "x-ratelimit-api_key-limit-requests": "2",
            },
            "1 of 2 requests left",
        ),
        ({"x-ratelimit-remaining": " 3 ", "x-ratelimit-limit": "many"}, "3 requests left"),
        ({"x-ratelimit-remaining": "-1"}, "None"),
        ({"x-ratelimit-remaining": "1.5"}, "None"),
        ({"x-ratelimit-remaining": "٣"}, "None"),
        ({"x-ratelimit-remaining": "9" * 50}, "None"),
        ({}, "None"),
    ],
)
def test_the_tightest_budget_is_used(headers: dict[str, str], expected: str) -> None:
    assert str(read_rate_limit(headers)) == expected
