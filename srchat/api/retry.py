"""Whether to retry, and after how long. Pure: time and randomness are arguments.

The server's Retry-After and related headers are obeyed if their value is plausible. Otherwise:
exponential backoff with equal jitter, as in
https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
"""

import re
from collections.abc import Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Final, NamedTuple

# 520 to 529 are Cloudflare's, 529 also Anthropic's.
RETRIED_STATUSES: Final = frozenset({408, 429, 500, 502, 503, 504, *range(520, 530)})
MAX_WAIT: Final = 120.0
_FIRST_BACKOFF: Final = 0.5
_MAX_BACKOFF: Final = 8.0
_YEAR: Final = 365 * 86400.0
_UNIX_TIME: Final = 1e9  # a number above it is a point in time, not a duration
_DURATION: Final = r"(?a)(?:(\d+)h)?(?:(\d+)m)?(?:(\d+(?:\.\d+)?)s)?(?:(\d+)ms)?"
_NUMBER: Final = r"(?a)\d{1,20}(?:\.\d{1,20})?"


class Decision(NamedTuple):
    """What to do after a failure.

    `wait`: seconds until the next attempt, None to give up.
    `asked`: seconds that the server asked for, None if it named no plausible time.
    """

    wait: float | None
    asked: float | None


class RetryPolicy(NamedTuple):
    """The maximum number of retries and the maximum wait in seconds."""

    max_retries: int = 3
    max_wait: float = 60.0

    def decide(
        self,
        retries: int,
        status: int | None,
        headers: Mapping[str, str],
        *,
        now: float,
        random: float,
    ) -> Decision:
        """Decide after a failed attempt.

        `retries`: number of retries so far.
        `status`: HTTP status, None if there was no response.
        `headers`: of the response, names in lower case.
        `now`: Unix seconds.
        `random`: from 0 to 1.
        """
        if status is not None and status not in RETRIED_STATUSES:
            return Decision(None, None)
        asked = server_delay(headers, limited=status == 429, now=now)
        if retries >= self.max_retries:
            return Decision(None, asked)
        if asked is None:
            jittered = backoff(retries) * (1 + random) / 2
            return Decision(min(jittered, self.max_wait), None)
        if asked > min(self.max_wait, MAX_WAIT):
            return Decision(None, asked)
        # Never before the time that the server named, and with jitter after it, so that many
        # processes do not return at the same moment.
        return Decision(asked + random * min(1.0, 0.1 * asked), asked)


def backoff(retries: int) -> float:
    """Return the maximum backoff in seconds after `retries` retries."""
    return min(_MAX_BACKOFF, _FIRST_BACKOFF * 2.0 ** min(retries, 10))


def server_delay(headers: Mapping[str, str], *, limited: bool, now: float) -> float | None:
    """Return the seconds that the server asks to wait, None if it names no plausible time.

    `limited`: the status was 429. Only then does the reset time of the rate limit count.
    """
    milliseconds = _number(headers.get("retry-after-ms", ""))
    if milliseconds is not None and (seconds := _sane(milliseconds / 1000)) is not None:
        return seconds
    for name in ("retry-after", "llm_provider-retry-after"):
        if (seconds := seconds_until(headers.get(name, ""), now)) is not None:
            return seconds
    if not limited:
        return None
    resets = [
        seconds
        for suffix in ("", "-requests", "-tokens")
        if headers.get(f"x-ratelimit-remaining{suffix}", "0").strip() == "0"
        and (seconds := seconds_until(headers.get(f"x-ratelimit-reset{suffix}", ""), now))
        is not None
    ]
    return max(resets, default=None)


def seconds_until(text: str, now: float) -> float | None:
    """Return the seconds from `now` to a time, None if it is implausible.

    `text`: seconds, Unix time, a duration like `6m0s`, or an HTTP date.
    """
    text = text.strip()
    number = _number(text)
    if number is not None:
        return _sane(number - now if number > _UNIX_TIME else number)
    if text and (match := re.fullmatch(_DURATION, text)):
        hours, minutes, seconds, milliseconds = (float(part or 0) for part in match.groups())
        return _sane(hours * 3600 + minutes * 60 + seconds + milliseconds / 1000)
    return _date(text, now)


def _date(text: str, now: float) -> float | None:
    try:
        moment = parsedate_to_datetime(text)
        if moment.tzinfo is None:  # "-0000" means UTC (RFC 5322, section 3.3)
            moment = moment.replace(tzinfo=UTC)
        return _sane(moment.timestamp() - now)
    except (ValueError, TypeError, OverflowError):
        return None


def _number(text: str) -> float | None:
    text = text.strip()
    return float(text) if re.fullmatch(_NUMBER, text) else None


def _sane(seconds: float) -> float | None:
    return seconds if 0 <= seconds <= _YEAR else None
