"""Recognizes bare URLs, as GitHub does (GFM, "Autolinks (extension)"). Pure.

A URL begins with `http://`, `https://` or `www.` at a word boundary and ends before the next blank,
angle bracket, quotation mark or backtick. The punctuation of the sentence around it is excluded, as
are closing parentheses and square brackets without an opening one. Marks in a URL have no other
meaning: `/a_b_c?x=*y*` is not emphasized.
"""

import re
from functools import lru_cache
from typing import Final

from markdown_it.rules_inline import StateInline

# Without the end of a link's label: [https://a.test](/u).
_BODY: Final = r"(?:[^\s<>\"`\[\]]|\[[^\s<>\"`\[\]]*\])*"
_URL: Final = re.compile(rf"(?<![^\W_])(https?://(?![*_~])|www\.(?=[^\W_])){_BODY}")
_PUNCTUATION: Final = "?!.,:;*_~'\""
# Where text without a meaning of its own ends. Looking for URLs, too, takes three times as long.
_MARK: Final = re.compile(r"[\n!$&*<\[\\\]_`~]")
_MARK_OR_URL: Final = re.compile(rf"{_MARK.pattern}|h(?=ttps?://)|w(?=ww\.)")


def plain_text_rule(state: StateInline, silent: bool) -> bool:  # noqa: FBT001 - a rule of markdown-it
    """Parse text without marks. Unlike markdown-it's own rule, it also ends before a bare URL."""
    found = _end_of_plain(state.src).search(state.src, state.pos, state.posMax)
    end = found.start() if found else state.posMax
    if end == state.pos:
        return False
    if not silent:
        _append(state, state.src[state.pos : end])
    state.pos = end
    return True


@lru_cache(maxsize=4)  # asked for each piece of a text
def _end_of_plain(text: str) -> re.Pattern[str]:
    return _MARK_OR_URL if _may_have_urls(text) else _MARK


def _may_have_urls(text: str) -> bool:
    return "://" in text or "www." in text


def _concatenate(state: StateInline, text: str) -> None:  # pragma: no cover - before 4.3
    state.pending += text


# Linear in the length of the text, unlike `+=`; from markdown-it-py 4.3 on.
_append: Final = getattr(StateInline, "append_pending", _concatenate)


def url_rule(state: StateInline, silent: bool) -> bool:  # noqa: FBT001 - a rule of markdown-it
    """Parse a bare URL as one token."""
    if state.src[state.pos] not in "hw":
        return False
    match = _URL.match(state.src, state.pos, state.posMax)
    end = _end(match) if match else 0
    if not end:
        return False
    if not silent:
        state.push("url", "a", 0).content = state.src[state.pos : end]
    state.pos = end
    return True


class BareURLs:
    """Finds the bare URLs of a text from left to right."""

    def __init__(self, text: str) -> None:
        matches = _URL.finditer(text) if _may_have_urls(text) else ()
        self._spans = [(match.start(), end) for match in matches if (end := _end(match))][::-1]

    def end_around(self, mark: int, place: int) -> int:
        """Return the end of the URL that contains `mark` and begins at or after `place`, or 0.

        What begins before `place` is part of code, a formula or a link. `mark` must grow.
        """
        while self._spans and self._spans[-1][0] <= mark:
            start, end = self._spans.pop()
            if start >= place and mark < end:
                return end
        return 0


def _end(match: re.Match[str]) -> int:
    """Return the end of a URL without the punctuation after it, 0 if nothing else is left."""
    url = match[0]
    end, surplus = len(url), url.count(")") - url.count("(")
    while url[end - 1] in _PUNCTUATION or (url[end - 1] == ")" and surplus > 0):
        surplus -= url[end - 1] == ")"
        end -= 1
    return match.start() + end if end > len(match[1]) else 0
