"""Whether to retry, and after which delay."""

import time
from collections.abc import Iterator
from email.utils import formatdate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from srchat.api.retry import Decision, RetryPolicy, backoff, server_delay

NOW = 1_800_000_000.0
YEAR = 365 * 86400


def requested_delay(headers: dict[str, str], status: int = 429) -> float | None:
    return server_delay(headers, limited=status == 429, now=NOW)


def decide(
    status: int | None = 503,
    retries: int = 0,
    random: float = 1.0,
    policy: RetryPolicy | None = None,
    **headers: str,
) -> Decision:
    received = {name.replace("_", "-"): value for name, value in headers.items()}
    return (policy or RetryPolicy()).decide(retries, status, received, now=NOW, random=random)


@pytest.mark.parametrize("status", [None, 408, 429, 500, 502, 503, 504])
def test_temporary_errors_are_retried(status: int | None) -> None:
    assert decide(status).wait is not None


@pytest.mark.parametrize(
    "status", [300, 400, 401, 403, 404, 405, 409, 410, 413, 422, 501, 505, 600]
)
def test_permanent_errors_are_not_retried(status: int) -> None:
    assert decide(status, retry_after="1") == Decision(None, None)


@pytest.mark.parametrize(("retries", "again"), [(0, True), (1, True), (2, True), (3, False)])
def test_three_retries_are_the_default(retries: int, again: bool) -> None:
    assert (decide(retries=retries).wait is not None) is again


def test_no_retries_means_one_attempt() -> None:
    assert decide(policy=RetryPolicy(max_retries=0)).wait is None


def test_the_requested_wait_is_reported_even_without_retries_left() -> None:
    assert decide(retries=3, retry_after="7") == Decision(None, 7.0)


@pytest.mark.parametrize(
    ("retries", "longest"),
    [(0, 0.5), (1, 1.0), (2, 2.0), (3, 4.0), (4, 8.0), (5, 8.0), (100, 8.0), (10**6, 8.0)],
)
def test_backoff_doubles_up_to_eight_seconds(retries: int, longest: float) -> None:
    assert backoff(retries) == longest


@pytest.mark.parametrize("random", [0.0, 0.25, 1.0])
def test_backoff_has_equal_jitter(random: float) -> None:
    policy = RetryPolicy(max_retries=9)
    assert decide(retries=2, random=random, policy=policy).wait == 1.0 + random


@pytest.mark.parametrize("status", [520, 524, 529])
def test_statuses_of_a_proxy_are_retried(status: int) -> None:
    assert decide(status, random=0.0, retry_after="3") == Decision(3.0, 3.0)
    assert decide(status, random=0.0) == Decision(0.25, None)


def test_backoff_is_never_longer_than_max_wait() -> None:
    policy = RetryPolicy(max_retries=9, max_wait=0.1)
    assert decide(retries=5, policy=policy).wait == 0.1


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0", 0.0),
        ("1", 1.0),
        (" 5 ", 5.0),
        ("1.5", 1.5),
        ("60", 60.0),
        ("86400", 86400.0),
        (f"{YEAR}", float(YEAR)),
        (f"{YEAR + 1}", None),
        ("1800000030", 30.0),  # Unix time
        ("1800000030.5", 30.5),
        ("1799999999", None),  # in the past
        ("1799999999999", None),  # Unix time in milliseconds: absurd as seconds
        ("1s", 1.0),
        ("6m0s", 360.0),
        ("1h2m3.5s", 3723.5),
        ("2m", 120.0),
        ("500ms", 0.5),
        ("1s250ms", 1.25),
        (formatdate(NOW + 20, usegmt=True), 20.0),
        (formatdate(NOW + 20), 20.0),
        (formatdate(NOW - 20, usegmt=True), None),
        ("Fri, 31 Dec 9999 23:59:59 GMT", None),
        ("Fri, 31 Dec 0001 23:59:59 GMT", None),
        ("Friday, 15-Jan-27 08:00:20 GMT", 20.0),  # RFC 850
        ("Fri Jan 15 08:00:20 2027", 20.0),  # asctime
        ("", None),
        ("-1", None),
        ("+5", None),
        ("nan", None),
        ("inf", None),
        ("-inf", None),
        ("1e3", None),
        ("0x10", None),
        ("1_000", None),
        ("٥", None),
        ("soon", None),
        ("null", None),
        ("9" * 400, None),
        ("9" * 5000 + "s", None),
        ("s", None),
        ("٥s", None),
        ("5 s", None),
        ("Mon, 99 Foo 2026 99:99:99 GMT", None),
    ],
)
def test_retry_after_is_read_in_all_forms(text: str, seconds: float | None) -> None:
    assert requested_delay({"retry-after": text}) == seconds
    assert requested_delay({"llm_provider-retry-after": text}, status=503) == seconds


@pytest.fixture
def far_west(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "America/Los_Angeles")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.usefixtures("far_west")
@pytest.mark.parametrize("zone", ["2027", "2027 GMT", "2027 -0000", "2027 +0000"])
def test_a_date_without_a_zone_is_utc(zone: str) -> None:
    assert requested_delay({"retry-after": f"Fri, 15 Jan {zone[:4]} 08:00:20{zone[4:]}"}) == 20.0


@given(st.text() | st.text("0123456789.-:+ smhGMT,JanFri"))
def test_any_header_value_can_be_read(text: str) -> None:
    headers = dict.fromkeys(["retry-after", "retry-after-ms", "x-ratelimit-reset"], text)
    seconds = requested_delay(headers)
    assert seconds is None or 0 <= seconds <= YEAR


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after-ms": "1500"}, 1.5),
        ({"retry-after-ms": " 1500 "}, 1.5),
        ({"retry-after-ms": "1500", "retry-after": "9"}, 1.5),
        ({"retry-after-ms": "soon", "retry-after": "9"}, 9.0),
        ({"retry-after-ms": "-1", "retry-after": "9"}, 9.0),
        ({"retry-after-ms": "99999999999999", "retry-after": "9"}, 9.0),
        ({"retry-after": "9", "llm_provider-retry-after": "5"}, 9.0),
        ({"retry-after": "nan", "llm_provider-retry-after": "5"}, 5.0),
        ({"retry-after": "3", "x-ratelimit-reset": "9"}, 3.0),
        ({"retry-after": "nan", "x-ratelimit-reset": "9"}, 9.0),
    ],
)
def test_the_most_precise_valid_header_is_used(headers: dict[str, str], seconds: float) -> None:
    assert requested_delay(headers) == seconds


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"x-ratelimit-reset": "1800000012"}, 12.0),
        ({"x-ratelimit-reset": "12"}, 12.0),
        ({"x-ratelimit-reset": "1799999000"}, None),
        ({"x-ratelimit-reset-requests": "1s"}, 1.0),
        ({"x-ratelimit-reset-tokens": "6m0s"}, 360.0),
        ({"x-ratelimit-reset-requests": "1s", "x-ratelimit-reset-tokens": "6m0s"}, 360.0),
        (
            {
                "x-ratelimit-reset-requests": "1s",
                "x-ratelimit-remaining-requests": "0",
                "x-ratelimit-reset-tokens": "6m0s",
                "x-ratelimit-remaining-tokens": "1000",
            },
            1.0,
        ),
        ({"x-ratelimit-reset": "9", "x-ratelimit-remaining": "3"}, None),
        ({"x-ratelimit-reset": "9", "x-ratelimit-remaining": " 0 "}, 9.0),
        ({"x-ratelimit-remaining": "0"}, None),
        ({}, None),
    ],
)
def test_the_reset_of_a_limit_that_is_used_up_counts(
    headers: dict[str, str], seconds: float | None
) -> None:
    assert requested_delay(headers) == seconds


def test_the_reset_of_a_limit_is_ignored_for_other_errors() -> None:
    assert requested_delay({"x-ratelimit-reset": "9"}, status=503) is None


def test_a_reset_is_waited_for_only_after_a_rate_limit() -> None:
    assert decide(429, random=0.0, x_ratelimit_reset="9") == Decision(9.0, 9.0)
    assert decide(503, random=0.0, x_ratelimit_reset="9") == Decision(0.25, None)


@given(st.floats(0, 60), st.floats(0, 1))
def test_never_before_the_time_that_the_server_named(seconds: float, random: float) -> None:
    text = f"{seconds:.3f}"
    wait = decide(429, random=random, retry_after=text).wait
    assert wait is not None
    assert float(text) <= wait <= float(text) + min(1.0, 0.1 * float(text))


@pytest.mark.parametrize(
    ("max_wait", "seconds", "waits"),
    [
        (60, "60", True),
        (60, "61", False),
        (0, "1", False),
        (0, "0", True),
        (10_000, "120", True),
        (10_000, "121", False),
        (10_000, "86400", False),
    ],
)
def test_too_long_a_wait_is_reported_instead(max_wait: float, seconds: str, waits: bool) -> None:
    decision = decide(429, random=0.0, policy=RetryPolicy(max_wait=max_wait), retry_after=seconds)
    assert decision == Decision(float(seconds) if waits else None, float(seconds))


@pytest.mark.parametrize("absurd", ["-5", "nan", "inf", "soon", "Thu, 01 Jan 1970 00:00:00 GMT"])
def test_an_absurd_value_falls_back_to_backoff(absurd: str) -> None:
    assert decide(429, random=0.5, retry_after=absurd) == Decision(0.375, None)
