"""Value types and their allowed values."""

import pytest

from srchat.config.value_types import Range


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
