"""Separates a leading `<think>` block from a streamed answer. Pure.

Servers without a reasoning parser send the reasoning as part of the answer.
"""

from typing import Final, NamedTuple

_OPEN: Final = "<think>"
_CLOSE: Final = "</think>"
_MAX_BLANKS: Final = 1000  # characters held back before the block


class Split(NamedTuple):
    """A piece of reasoning and the piece of the answer that follows it."""

    reasoning: str
    text: str


class ThinkSplitter:
    """Splits a streamed answer into reasoning and text.

    Only a block at the start counts, after optional whitespace. It ends at the first `</think>`
    with the line breaks after it; without one, everything is reasoning.
    """

    def __init__(self) -> None:
        self._held = ""  # possibly the start of a tag
        self._step = self._before

    def feed(self, part: str) -> Split:
        """Return what is decided so far."""
        return self._step(part)

    def flush(self) -> Split:
        """Return the held-back characters at the end of the answer."""
        held, self._held = self._held, ""
        return Split(held, "") if self._step == self._inside else Split("", held)

    def _before(self, part: str) -> Split:
        self._held += part
        start = self._held.lstrip()
        if start.startswith(_OPEN):
            self._held = ""
            self._step = self._inside
            return self._inside(start.removeprefix(_OPEN))
        if _OPEN.startswith(start) and len(self._held) <= _MAX_BLANKS:
            return Split("", "")
        text, self._held = self._held, ""
        self._step = self._after
        return Split("", text)

    def _inside(self, part: str) -> Split:
        self._held += part
        reasoning, close, rest = self._held.partition(_CLOSE)
        if close:
            self._held = ""
            self._step = self._between
            return Split(reasoning, self._between(rest).text)
        end = len(self._held) - _overlap(self._held)
        reasoning, self._held = self._held[:end], self._held[end:]
        return Split(reasoning, "")

    def _between(self, part: str) -> Split:
        text = part.lstrip("\r\n")
        if text:
            self._step = self._after
        return Split("", text)

    def _after(self, part: str) -> Split:
        return Split("", part)


def _overlap(text: str) -> int:
    """Return the length of the suffix of `text` that may begin the closing tag."""
    for size in range(min(len(_CLOSE) - 1, len(text)), 0, -1):
        if text.endswith(_CLOSE[:size]):
            return size
    return 0
