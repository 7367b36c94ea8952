"""Replies in small parts, and files of a version that had none."""

from pathlib import Path

from srchat.conversation import Conversation, TurnRecord
from srchat.history.database import Database
from srchat.history.schema import SCHEMA
from srchat.history.search import index_new_turns
from srchat.history.store import ConversationStore

SIZE = 8  # characters of a part
VERSION = 3  # of the last srchat without parts


def create_old(path: Path, *replies: str) -> None:
    """Create a file of the last version without parts, and index its first turn."""
    tables = {name: since for name, since in SCHEMA.tables.items() if since <= VERSION}
    schema = SCHEMA._replace(tables=tables, migrations=SCHEMA.migrations[:VERSION])
    database = Database(path, schema, 1.0)
    with database.transaction() as execute:
        execute("INSERT INTO conversation VALUES (1, 'talk1', 'title', NULL, 1.0, 1.0, 't000')")
        for number, reply in enumerate(replies):
            execute(
                "INSERT INTO turn (conversation, uid, state, reason, finish_reason, base_url,"
                " model, served_model, estimated_tokens, asked_at, prompt, reply)"
                " VALUES (1, ?, 'complete', '', '', '', '', '', 0, 1.0, 'the prompt', ?)",
                (f"t{number:03}", reply),
            )
        execute("INSERT INTO turn_words (rowid, prompt, reply)"
                " SELECT id, prompt, reply FROM turn WHERE id = 1")  # fmt: skip
        execute("DELETE FROM unindexed WHERE turn = 1")
    database.close()


def save(store: ConversationStore, reply: str, id: str = "talk1", at: float = 1.0) -> TurnRecord:
    """Save a conversation of one turn in the way an answer is saved."""
    turn = TurnRecord(f"{id}t", "the prompt", asked_at=at, reason="still coming")
    conversation = Conversation(id, created_at=at, used_at=at).with_turn(turn)
    store.add_turn(conversation, turn)
    turn = turn._replace(reply=reply, complete=True, reason="")
    store.update_turn(conversation, turn)
    return turn


def check(store: ConversationStore) -> None:
    """Check that the index has the texts of the turns, and that each part has a turn."""
    index_new_turns(store.database)
    with store.database.transaction() as execute:
        execute("INSERT INTO turn_words (turn_words, rank) VALUES ('integrity-check', 1)")
    assert store.database.query(
        "SELECT turn.id FROM turn LEFT JOIN reply_part ON turn = turn.id"
        " GROUP BY turn.id HAVING count(turn) <> reply_parts OR max(position) <> reply_parts"
    ) == []  # fmt: skip
    orphans = "SELECT 1 FROM reply_part WHERE turn NOT IN (SELECT id FROM turn)"
    assert store.database.query(orphans) == []
    assert store.database.query("PRAGMA integrity_check") == [("ok",)]
