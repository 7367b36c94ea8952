"""Suggestions for a mistyped name."""

from collections.abc import Iterator

from srchat.config.settings import SETTINGS
from srchat.suggestions import closest, did_you_mean


def test_did_you_mean_suggests_a_similar_name() -> None:
    assert did_you_mean("temprature", SETTINGS) == "did you mean 'temperature'?"
    assert did_you_mean("zzz", ["a", "b"]) == "choose from: a, b"


def test_did_you_mean_reads_a_limited_number_of_names() -> None:
    taken: list[int] = []

    def names() -> Iterator[str]:
        for number in range(200_000):
            taken.append(number)
            yield f"model-{number}"

    assert closest("zzz", names()) == ""
    assert len(taken) == 5000


def test_case_does_not_matter() -> None:
    assert closest("GPT-4O", ["claude", "gpt-4o-mini", "gpt-4o"]) == "gpt-4o"
    assert closest("qwen", ["Qwen/Qwen3-4B"]) == "Qwen/Qwen3-4B"
    assert closest("temprature", ["TEMPERATURE"]) == "TEMPERATURE"
    assert closest("GPT-4o", ["Gpt-4o", "gpt-4o"]) == "Gpt-4o"
