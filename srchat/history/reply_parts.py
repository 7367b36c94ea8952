"""Writes and reads turns whose replies may be long.

SQLite holds a row twice while it is written. A reply is therefore split by characters: the first
part is in `turn`, the others are in `reply_part`, one row each. All are in one transaction.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from srchat.conversation import TurnRecord
from srchat.history.database import Database, Execute, Parameters, Row
from srchat.history.rows import turn_from_row, turn_parameters
from srchat.history.sql_text import sql_text

PART_SIZE: Final = 1 << 20  # characters

# A part that did not change is not written again: mostly, a reply grows at its end.
_SAVE_PART: Final = """
    INSERT INTO reply_part (turn, position, text)
    SELECT id, :position, CAST(:text AS TEXT) FROM turn
    WHERE uid = :uid AND conversation = (SELECT id FROM conversation WHERE uid = :conversation)
    ON CONFLICT (turn, position) DO UPDATE SET text = excluded.text WHERE text <> excluded.text
"""
_SELECT_PARTS: Final = "SELECT text FROM reply_part WHERE turn = ? ORDER BY position"


def split(pieces: Iterable[str], size: int) -> Iterator[str]:
    """Yield the text that comes in pieces in parts of `size` characters; the last is shorter."""
    held: list[str] = []
    room = size
    for piece in pieces:
        begin = 0
        while len(piece) - begin >= room:
            end = begin + room
            yield "".join([*held, piece[begin:end]])
            held.clear()
            begin, room = end, size
        if rest := piece[begin:]:
            held.append(rest)
            room -= len(rest)
    if held:
        yield "".join(held)


def write_turn(
    execute: Execute,
    sql: str,
    conversation: str,
    turn: TurnRecord,
    pieces: Sequence[str],
    part_size: int = PART_SIZE,
) -> bool:
    """Run INSERT_TURN or UPDATE_TURN, and write the rest of the reply if that changes a row.

    `pieces`: the reply. Returns whether a row was changed.
    """
    parts = split(pieces, part_size)
    more = max(0, sum(map(len, pieces)) - 1) // part_size
    if not execute(sql, turn_parameters(conversation, turn, next(parts, ""), more)).rowcount:
        return False
    for position, part in enumerate(parts, 1):
        key = {"conversation": conversation, "uid": turn.id, "position": position}
        execute(_SAVE_PART, {**key, "text": sql_text(part)})
    return True


def read_turns(database: Database, sql: str, parameters: Parameters) -> list[TurnRecord]:
    """Run a query that begins with SELECT_TURNS, and return the turns with their whole replies."""
    rows = database.query(sql, parameters)
    if any(parts for _, parts, *_ in rows):
        # Again, in one transaction: another process may be replacing the reply and its parts.
        rows.clear()
        with database.snapshot() as execute:
            return [_turn(execute, row) for row in execute(sql, parameters).fetchall()]
    return [turn_from_row(row[2:]) for row in rows]


def _turn(execute: Execute, row: Row) -> TurnRecord:
    id_, parts, *values = row
    turn = turn_from_row(tuple(values))
    if not parts:
        return turn
    more = [text for (text,) in execute(_SELECT_PARTS, (id_,))]
    return turn._replace(reply="".join([turn.reply, *more]))
