"""Requests, tokens and time of the stored turns, added up."""

from typing import Final, NamedTuple

from srchat.history.database import Database

_NAMES: Final = {
    "day": "strftime('%Y-%m-%d', asked_at, 'unixepoch', 'localtime')",
    "model": "CASE served_model WHEN '' THEN model ELSE served_model END",
    "conversation": "title",
}


class Stat(NamedTuple):
    """The totals of a day, a model or a conversation.

    Tokens are as counted by servers. `seconds`: from the requests to the ends of the answers.
    """

    name: str
    requests: int
    prompt_tokens: int
    completion_tokens: int
    seconds: float


def add_up(database: Database, by: str, limit: int) -> list[Stat]:
    """Return at most `limit` totals by `day` (newest first), `model` or `conversation`.

    Models and conversations with the most tokens come first.
    """
    group = "conversation.id" if by == "conversation" else "name"
    order = "name DESC" if by == "day" else "sum(total_tokens) DESC, name"
    rows = database.query(
        f"SELECT {_NAMES[by]} AS name, count(*), coalesce(sum(prompt_tokens), 0),"  # noqa: S608 - constants
        " coalesce(sum(completion_tokens), 0), coalesce(sum(ended_at - asked_at), 0.0)"
        " FROM turn JOIN conversation ON conversation.id = turn.conversation"
        f" GROUP BY {group} ORDER BY {order} LIMIT ?",
        (limit,),
    )
    return [Stat(str(name), *counts) for name, *counts in rows]
