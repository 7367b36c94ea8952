"""Lists conversations page by page, so that the first ones appear at once."""

from collections.abc import Iterator
from typing import Final, NamedTuple

from srchat.history.database import Database

_PAGE_SIZE: Final = 200  # conversations
_SUMMARIES: Final = """
    SELECT conversation.id, conversation.uid, title, created_at, used_at,
        (SELECT count(*) FROM turn WHERE turn.conversation = conversation.id),
        last.served_model, last.model, last.state
    FROM conversation
    LEFT JOIN turn AS last
        ON last.conversation = conversation.id AND last.uid = conversation.head
    WHERE (used_at, conversation.id) < (?, ?)
    ORDER BY used_at DESC, conversation.id DESC LIMIT ?
"""


class Summary(NamedTuple):
    """A conversation in a list.

    `created_at`, `used_at`: Unix seconds.
    `turns`: number of turns on all branches.
    `model`: of the last answer.
    `complete`: the last answer is complete.
    """

    id: str
    title: str
    created_at: float
    used_at: float
    turns: int
    model: str
    complete: bool


def summaries(database: Database, limit: int | None = None) -> Iterator[Summary]:
    """Yield at most `limit` conversations, most recently used first."""
    cursor: tuple[float, int] = (float("inf"), 0)
    while limit is None or limit > 0:
        size = _PAGE_SIZE if limit is None else min(limit, _PAGE_SIZE)
        rows = database.query(_SUMMARIES, (*cursor, size))
        for id_, uid, title, created_at, used_at, turns, served, model, state in rows:
            cursor = (used_at, id_)
            name, is_complete = served or model or "", state == "complete"
            yield Summary(uid, title, created_at, used_at, turns, name, is_complete)
        if len(rows) < size:
            return
        limit = None if limit is None else limit - size
