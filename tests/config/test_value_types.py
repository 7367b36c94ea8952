"""Value types and their allowed values."""

import pytest

from srchat.config.value_types import Range, Url


@pytest.mark.parametrize(
    ("allowed", "text", "inside", "outside"),
    [
        (Range(0, 2), "from 0 to 2", [0, 1.5, 2], [-1e-9, 2.000001]),
        (Range(0, 1), "from 0 to 1", [0, 1], [1.01]),
        (Range(1), "at least 1", [1, 10**9], [0, -1]),
    ],
)
def test_numbers_outside_the_range_are_rejected(
    allowed: Range, text: str, inside: list[float], outside: list[float]
) -> None:
    assert str(allowed) == text
    assert all(map(allowed.contains, inside))
    assert not any(map(allowed.contains, [*outside, float("nan")]))


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("localhost:8000", "http://localhost:8000/v1"),
        (" LOCALHOST ", "http://LOCALHOST/v1"),
        ("127.0.0.1:8000/api/", "http://127.0.0.1:8000/api"),
        ("gpu7:8000", "http://gpu7:8000/v1"),
        ("[::1]:8000", "http://[::1]:8000/v1"),
        ("llm.example.com", "https://llm.example.com/v1"),
        ("llm.example.com/openai/v1", "https://llm.example.com/openai/v1"),
        ("llm.example.com:99999", ""),
        ("llm.example.com/v1?key=1", ""),
        ("me@example.com", ""),
        ("ftp://example.com", ""),
        ("https:/example.com", ""),
        ("not a url", ""),
        ("model", ""),
        ("", ""),
    ],
)
def test_a_host_suggests_a_base_url(text: str, url: str) -> None:
    assert Url().suggestion(text) == url
