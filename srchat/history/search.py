"""Full-text search in the stored conversations.

A query consists of words, "phrases" and prefix*; all must match in one turn. There are no
syntax errors: everything else is plain text. A query with other characters is first searched
for as a substring, which finds C++, -> and words in Chinese text.
"""

import json
import re
from collections.abc import Sequence
from typing import Final, NamedTuple

from srchat.errors import StoreError, UsageError
from srchat.history.database import Database, Row
from srchat.history.schema import INDEX_BATCH

HIT_BEGIN: Final = "\ufdd0"  # Unicode noncharacters, for internal use: no text contains them
HIT_END: Final = "\ufdd1"
_TERM: Final = re.compile(r'"([^"]*)"?|(\S+)')
_CJK: Final = "\u2e80"  # the first block of scripts written without spaces
_CONTEXT_CHARACTERS: Final = 60  # on each side of a substring in a snippet
_MAX_QUERY_LENGTH: Final = 10_000  # characters; SQLite allows LIKE patterns of 50,000 bytes
_INDEX_BATCH_SIZE: Final = 1000  # turns; a transaction takes about 50 ms

_SELECT_BY_WORDS: Final = """
    SELECT conversation.uid, title, turn.uid, asked_at,
        snippet(turn_words, -1, ?, ?, '…', 16)
    FROM turn_words
    JOIN turn ON turn.id = turn_words.rowid
    JOIN conversation ON conversation.id = turn.conversation
    WHERE turn_words MATCH ? ORDER BY turn_words.rowid DESC LIMIT ?
"""
_SELECT_BY_SUBSTRINGS: Final = """
    SELECT conversation.uid, title, turn_text.uid, asked_at, prompt, reply
    FROM turn_text JOIN conversation ON conversation.id = turn_text.conversation
    WHERE NOT EXISTS (
        SELECT 1 FROM json_each(?)
        WHERE prompt NOT LIKE value ESCAPE '\\' AND reply NOT LIKE value ESCAPE '\\'
    )
    ORDER BY turn_text.id DESC LIMIT ?
"""


class Hit(NamedTuple):
    """A matching turn; in `snippet` the matches are between HIT_BEGIN and HIT_END."""

    conversation: str
    title: str
    turn: str
    asked_at: float
    snippet: str

    def parts(self) -> list[str]:
        """Return the snippet split at the marks: text, match, text, match, ... text."""
        return re.split(f"[{HIT_BEGIN}{HIT_END}]", self.snippet)

    def to_json(self) -> dict[str, object]:
        """Return the hit for JSON output, with a snippet without marks."""
        return {**self._asdict(), "snippet": "".join(self.parts())}


class _Term(NamedTuple):
    text: str
    is_prefix: bool

    def expression(self) -> str:
        """Return the term in FTS5 query syntax."""
        quoted = self.text.replace('"', '""')
        return f'"{quoted}"*' if self.is_prefix else f'"{quoted}"'


def search(database: Database, query: str, limit: int) -> list[Hit]:
    """Return the matching turns, newest first. Raises UsageError if the query is too long."""
    if len(query) > _MAX_QUERY_LENGTH:
        length, maximum = len(query), _MAX_QUERY_LENGTH
        raise UsageError(f"a query of {length} characters is too long; give {maximum} at most")
    # SQLite accepts neither NUL nor surrogates in a parameter.
    query = query.replace("\0", " ").encode("utf-8", "replace").decode()
    try:
        index_new_turns(database)
    except StoreError:  # disk full or read-only file: fall back to the slower search
        terms = _terms(query)
        return _search_substrings(database, [term.text for term in terms], limit) if terms else []
    return _search_indexed(database, query, limit)


def index_new_turns(database: Database, batch_size: int = _INDEX_BATCH_SIZE) -> None:
    """Add new and changed turns to the full-text index, `batch_size` turns per transaction."""
    while database.query("SELECT 1 FROM unindexed LIMIT 1"):
        with database.transaction() as execute:
            indexed = [execute(statement, (batch_size,)).rowcount for statement in INDEX_BATCH]
        if indexed[-1] < batch_size:
            return
        database.let_others_write()


def _search_indexed(database: Database, query: str, limit: int) -> list[Hit]:
    if not _is_plain(query) and (hits := _search_substrings(database, [query.strip()], limit)):
        return hits
    terms = _terms(query)
    if not terms:
        return []
    if any(max(term.text) >= _CJK for term in terms):
        return _search_substrings(database, [term.text for term in terms], limit)
    expression = " ".join(term.expression() for term in terms)
    rows = database.query(_SELECT_BY_WORDS, (HIT_BEGIN, HIT_END, expression, limit))
    return [Hit(*row) for row in rows]


def _is_plain(query: str) -> bool:
    return all(
        character in '"*' or character.isspace() or (character.isalnum() and character < _CJK)
        for character in query
    )


def _terms(query: str) -> list[_Term]:
    terms = [
        _Term(phrase or word.rstrip("*"), is_prefix=word.endswith("*"))
        for phrase, word in _TERM.findall(query)
    ]
    return [term for term in terms if any(character.isalnum() for character in term.text)]


def _search_substrings(database: Database, texts: Sequence[str], limit: int) -> list[Hit]:
    patterns = ["%" + re.sub(r"([%_\\])", r"\\\1", text) + "%" for text in texts]
    rows = database.query(_SELECT_BY_SUBSTRINGS, (json.dumps(patterns), limit))
    return [_hit(row, texts[0]) for row in rows]


def _hit(row: Row, text: str) -> Hit:
    conversation, title, turn, asked_at, prompt, reply = row
    wanted = re.compile(re.escape(text), re.IGNORECASE)
    # There is no match if SQLite found U+FFFD in place of a stored lone surrogate.
    match = next(filter(None, map(wanted.search, (prompt, reply))), None)
    source, (start, end) = (match.string, match.span()) if match else (prompt, (0, 0))
    before = source[max(0, start - _CONTEXT_CHARACTERS) : start]
    after = source[end : end + _CONTEXT_CHARACTERS]
    found = f"{HIT_BEGIN}{source[start:end]}{HIT_END}"
    left = "…" if start > _CONTEXT_CHARACTERS else ""
    right = "…" if end + _CONTEXT_CHARACTERS < len(source) else ""
    return Hit(conversation, title, turn, asked_at, f"{left}{before}{found}{after}{right}")
