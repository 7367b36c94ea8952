"""Token counts and what fits into a window."""

from srchat.tokens import (
    TurnSize,
    answer_room,
    calibrated,
    must_report,
    tokens_per_estimate,
    turns_sent,
)


def test_a_short_prompt_does_not_distort_the_estimate() -> None:
    assert calibrated(counted=10, estimated=5) < 1.05


def test_implausible_counts_of_a_server_are_limited() -> None:
    assert calibrated(10**9, 10) == 6.0
    assert calibrated(0, 10**6) == 0.25


def test_room_is_kept_for_an_answer() -> None:
    assert answer_room(8192, None) == 1024
    assert answer_room(1024, None) == 256
    assert answer_room(8192, 2000) == 2000
    assert answer_room(1024, 100_000) == 512  # the server will reject it with a message


def test_the_turns_that_were_sent_are_found_by_their_estimates() -> None:
    sizes = [TurnSize(1, 1, 5, each, is_counted=True) for each in (10, 20, 30)]
    assert turns_sent(sizes, 0) == []
    assert turns_sent(sizes, 50) == sizes[1:]
    assert turns_sent(sizes, 60) == sizes
    assert turns_sent(sizes, 25) is None
    assert turns_sent(sizes, 61) is None


def test_counted_prompts_give_the_ratio_for_the_next() -> None:
    counted = TurnSize(30, 1, 10, 11, is_counted=True)
    estimated = TurnSize(99, 1, 10, 11, is_counted=False)
    assert tokens_per_estimate([counted, estimated], 1.5) == 3.0
    assert tokens_per_estimate([estimated], 1.5) == 1.5
    assert tokens_per_estimate([counted], 4.0) == 4.0


def test_turns_left_out_are_reported_first_and_when_they_double() -> None:
    reported, counts = 0, []
    for count in range(20):
        if must_report(count, reported):
            reported = count
            counts.append(count)
    assert counts == [1, 2, 4, 8, 16]
