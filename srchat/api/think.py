"""Separates a leading `<think>` block from an answer as it streams. Pure.

Servers without a reasoning parser send what the model thinks as a part of its answer.
"""

from typing import Final, NamedTuple

_OPEN: Final = "<think>"
_CLOSE: Final = "</think>"
_MAX_BLANKS: Final = 1000  # characters before the block: no more are held back


class Split(NamedTuple):
    """A piece of the reasoning, and a piece of the answer behind it."""

    reasoning: str
    text: str


class ThinkSplitter:
    """Takes an answer in pieces and tells reasoning from text.

    A block counts only at the very start, where blanks may precede it; it ends at the first
    `</think>`, and the line breaks behind it belong to it. Everything else is text. Of a block
    that is never closed, all is reasoning.
    """

    def __init__(self) -> None:
        self._held = ""  # the beginning of a tag, perhaps
        self._step = self._before

    def feed(self, part: str) -> Split:
        """Return what is known by now."""
        return self._step(part)

    def flush(self) -> Split:
        """Return what was held back; nothing follows."""
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
    """Return how many characters at the end of `text` may begin the closing tag."""
    for size in range(min(len(_CLOSE) - 1, len(text)), 0, -1):
        if text.endswith(_CLOSE[:size]):
            return size
    return 0
