"""A reply while it arrives. Pure."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from srchat.api.models import Usage
from srchat.api.rate_limit import RateLimit

_JOINED_AT: Final = 4096  # pieces
_MAX_JOINED: Final = 1 << 20  # characters; joining more at once would take much memory


class TextBuffer:
    """Text that grows by pieces. Joins small ones, because many small strings take more memory."""

    def __init__(self) -> None:
        self._whole: list[str] = []
        self._pieces: list[str] = []

    def append(self, piece: str) -> None:
        """Add a piece."""
        self._pieces.append(piece)
        if len(self._pieces) >= _JOINED_AT:
            self._join()

    def __bool__(self) -> bool:
        return bool(self._whole or self._pieces)

    @property
    def is_blank(self) -> bool:
        """Tell whether it contains only whitespace."""
        return all(piece.isspace() for piece in (*self._whole, *self._pieces))

    @property
    def pieces(self) -> Sequence[str]:
        """The text in pieces, which take no more memory."""
        self._join()
        return self._whole

    def prefix(self, limit: int) -> str:
        """Return the first `limit` characters without copying the rest."""
        pieces = []
        for piece in itertools.chain(self._whole, self._pieces):
            pieces.append(piece[:limit])
            limit -= len(pieces[-1])
            if not limit:
                break
        return "".join(pieces)

    def __str__(self) -> str:
        text = "".join([*self._whole, *self._pieces])
        self._whole, self._pieces = [text] if text else [], []  # one copy of it is enough
        return text

    def _join(self) -> None:
        if sum(map(len, self._pieces)) > _MAX_JOINED:
            self._whole += self._pieces
        elif self._pieces:
            self._whole.append("".join(self._pieces))
        self._pieces.clear()


@dataclass(slots=True)
class Reply:
    """The parts of an answer. Times are seconds of a monotonic clock, 0 for not yet.

    `complete`: the server ended it properly.
    `model`: the model that answered, as named by the server.
    `rate_limit`: None if unknown.
    `cost`: in US dollars, from LiteLLM.
    """

    model: str
    text: TextBuffer = field(default_factory=TextBuffer)
    reasoning: TextBuffer = field(default_factory=TextBuffer)
    finish_reason: str = ""
    usage: Usage | None = None
    rate_limit: RateLimit | None = None
    cost: float | None = None
    complete: bool = False
    asked_at: float = 0.0
    first_at: float = 0.0
    ended_at: float = 0.0

    @property
    def content(self) -> str:
        """The text of the answer so far."""
        return str(self.text)

    @property
    def has_begun(self) -> bool:
        """Tell whether text or token counts have arrived, unlike in a failed request."""
        return bool(self.first_at or self.usage)
