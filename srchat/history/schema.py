"""The tables of the history. To change them, add a migration; never edit an existing one."""

from typing import Final

from srchat.history.database import Schema


def _compact(*statements: str) -> tuple[str, ...]:
    """Return statements without indentation.

    SQLite keeps their text. All of it fits into the first page, so that the tables of a file are
    known if any other page is damaged.
    """
    return tuple(" ".join(statement.split()) for statement in statements)


_FIRST: Final = (
    """
    CREATE TABLE conversation (
        id INTEGER PRIMARY KEY,
        uid TEXT NOT NULL UNIQUE,
        title TEXT NOT NULL,
        system TEXT,
        created_at REAL NOT NULL,
        used_at REAL NOT NULL,
        head TEXT
    )
    """,
    "CREATE INDEX conversation_used ON conversation (used_at, id)",
    # The long texts come last: SQLite has to read them to get at the columns after them.
    """
    CREATE TABLE turn (
        id INTEGER PRIMARY KEY,
        conversation INTEGER NOT NULL,
        uid TEXT NOT NULL,
        parent TEXT,
        state TEXT NOT NULL CHECK (state IN ('complete', 'incomplete')),
        reason TEXT NOT NULL,
        finish_reason TEXT NOT NULL,
        base_url TEXT NOT NULL,
        model TEXT NOT NULL,
        served_model TEXT NOT NULL,
        prompt_tokens INTEGER,
        completion_tokens INTEGER,
        total_tokens INTEGER,
        estimated_tokens INTEGER NOT NULL,
        asked_at REAL NOT NULL,
        first_at REAL,
        ended_at REAL,
        prompt TEXT NOT NULL,
        reply TEXT NOT NULL,
        UNIQUE (conversation, uid)
    )
    """,
    """
    CREATE TABLE context_window (
        base_url TEXT NOT NULL,
        model TEXT NOT NULL,
        tokens INTEGER NOT NULL,
        learnt_at REAL NOT NULL,
        PRIMARY KEY (base_url, model)
    ) WITHOUT ROWID
    """,
    """
    CREATE VIRTUAL TABLE turn_words USING fts5 (
        prompt, reply, content = 'turn', content_rowid = 'id',
        tokenize = 'unicode61 remove_diacritics 2'
    )
    """,
    # A reply is saved many times while it streams. It is not indexed until the next search, so
    # that no answer waits for the index; this table lists the turns that are not indexed yet.
    "CREATE TABLE unindexed (turn INTEGER PRIMARY KEY)",
    """
    CREATE TRIGGER turn_is_new AFTER INSERT ON turn BEGIN
        INSERT INTO unindexed VALUES (new.id);
    END
    """,
    # Not AFTER UPDATE, which would read `old.reply` at every update, whatever WHEN says.
    """
    CREATE TRIGGER turn_changes BEFORE UPDATE OF prompt, reply ON turn
    WHEN NOT EXISTS (SELECT 1 FROM unindexed WHERE turn = old.id) BEGIN
        INSERT INTO turn_words (turn_words, rowid, prompt, reply)
            SELECT 'delete', id, prompt, reply FROM turn WHERE id = old.id;
        INSERT INTO unindexed VALUES (old.id);
    END
    """,
    """
    CREATE TRIGGER turn_is_gone AFTER DELETE ON turn BEGIN
        INSERT INTO turn_words (turn_words, rowid, prompt, reply)
            SELECT 'delete', old.id, old.prompt, old.reply
            WHERE NOT EXISTS (SELECT 1 FROM unindexed WHERE turn = old.id);
        DELETE FROM unindexed WHERE turn = old.id;
    END
    """,
)

_ATTACHMENTS: Final = (
    "ALTER TABLE turn ADD COLUMN attachments TEXT NOT NULL DEFAULT '[]'",  # JSON: their names
    "ALTER TABLE turn ADD COLUMN words_at INTEGER NOT NULL DEFAULT 0",
)

_REQUEST: Final = (
    "ALTER TABLE turn ADD COLUMN reasoning TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE turn ADD COLUMN parameters TEXT NOT NULL DEFAULT '{}'",  # JSON
)

# SQLite holds a row twice while it is written. So a long reply is split: `turn.reply` is its first
# part, and `reply_parts` counts the others, whose positions begin at 1. They are written after
# their turn, in the same transaction; the triggers rely on it.
_REPLY_PARTS: Final = _compact(
    "ALTER TABLE turn ADD COLUMN reply_parts INTEGER NOT NULL DEFAULT 0",
    """
    CREATE TABLE reply_part (
        id INTEGER PRIMARY KEY,
        turn INTEGER NOT NULL,
        position INTEGER NOT NULL,
        text TEXT NOT NULL,
        UNIQUE (turn, position)
    )
    """,
    # Whole replies. The group_concat() of old SQLite versions ends at a NUL.
    """
    CREATE VIEW turn_text AS
        SELECT id, conversation, uid, asked_at, prompt,
            CASE reply_parts WHEN 0 THEN reply ELSE reply || (
                SELECT group_concat(text, '') FROM (
                    SELECT text FROM reply_part WHERE turn = turn.id ORDER BY position
                )
            ) END AS reply
        FROM turn
    """,
    "DROP TRIGGER turn_changes",
    "DROP TRIGGER turn_is_gone",
    "DROP TABLE turn_words",
    """
    CREATE VIRTUAL TABLE turn_words USING fts5 (
        prompt, reply, content = 'turn_text', content_rowid = 'id',
        tokenize = 'unicode61 remove_diacritics 2'
    )
    """,
    "INSERT OR IGNORE INTO unindexed SELECT id FROM turn",
    """
    CREATE TRIGGER turn_changes BEFORE UPDATE OF prompt, reply ON turn
    WHEN NOT EXISTS (SELECT 1 FROM unindexed WHERE turn = old.id) BEGIN
        INSERT INTO turn_words (turn_words, rowid, prompt, reply)
            SELECT 'delete', id, prompt, reply FROM turn_text WHERE id = old.id;
        INSERT INTO unindexed VALUES (old.id);
    END
    """,
    """
    CREATE TRIGGER reply_shrinks AFTER UPDATE OF reply_parts ON turn BEGIN
        DELETE FROM reply_part WHERE turn = old.id AND position > new.reply_parts;
    END
    """,
    # Not AFTER DELETE, when the view no longer has the turn.
    """
    CREATE TRIGGER turn_is_gone BEFORE DELETE ON turn BEGIN
        INSERT INTO turn_words (turn_words, rowid, prompt, reply)
            SELECT 'delete', id, prompt, reply FROM turn_text WHERE id = old.id
            AND NOT EXISTS (SELECT 1 FROM unindexed WHERE turn = old.id);
        DELETE FROM unindexed WHERE turn = old.id;
        DELETE FROM reply_part WHERE turn = old.id;
    END
    """,
)

# Values for columns that a history of an older version lacks.
ADDED_COLUMNS: Final = {
    "attachments": "'[]'",
    "words_at": "0",
    "reasoning": "''",
    "parameters": "'{}'",
    "reply_parts": "0",
}

SCHEMA: Final = Schema(
    application_id=0x73726368,  # "srch"
    tables={
        "conversation": 1,
        "turn": 1,
        "turn_words": 1,
        "unindexed": 1,
        "context_window": 1,
        "reply_part": 4,
        "turn_text": 4,
    },
    migrations=(_FIRST, _ATTACHMENTS, _REQUEST, _REPLY_PARTS),
)

# The parameter is the maximum number of turns.
INDEX_BATCH: Final = (
    """
    INSERT INTO turn_words (rowid, prompt, reply)
        SELECT id, prompt, reply FROM turn_text
        WHERE id IN (SELECT turn FROM unindexed ORDER BY turn LIMIT ?)
    """,
    "DELETE FROM unindexed WHERE turn IN (SELECT turn FROM unindexed ORDER BY turn LIMIT ?)",
)
