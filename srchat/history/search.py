"""Full-text search in the stored conversations.

A query is words, "phrases" and prefix*; all must match in one turn. There is no syntax to get
wrong: whatever else is in a query is text. A query with more than words in it is looked for as
it stands first, which finds C++, -> and words inside a run of Chinese.
"""

import json
import re
from collections.abc import Sequence
from typing import Final, NamedTuple

from srchat.errors import StoreError, UsageError
from srchat.history.database import Database, Row
from srchat.history.schema import INDEX_SOME_TURNS

HIT_BEGIN: Final = "\ufdd0"  # noncharacters, for use inside a program: no text holds them
HIT_END: Final = "\ufdd1"
_TERM: Final = re.compile(r'"([^"]*)"?|(\S+)')
_CJK: Final = "\u2e80"  # from here on scripts are written without blanks
_AROUND: Final = 60  # characters of context around a text that was looked for as it stands
_LONGEST: Final = 10_000  # characters of a query; SQLite takes 50,000 bytes with LIKE
_BATCH: Final = 1000  # turns that are indexed at once, in about 50 ms

_BY_WORDS: Final = """
    SELECT conversation.uid, title, turn.uid, asked_at,
        snippet(turn_words, -1, ?, ?, '…', 16)
    FROM turn_words
    JOIN turn ON turn.id = turn_words.rowid
    JOIN conversation ON conversation.id = turn.conversation
    WHERE turn_words MATCH ? ORDER BY turn_words.rowid DESC LIMIT ?
"""
_BY_TEXT: Final = """
    SELECT conversation.uid, title, turn.uid, asked_at, prompt, reply
    FROM turn JOIN conversation ON conversation.id = turn.conversation
    WHERE NOT EXISTS (
        SELECT 1 FROM json_each(?)
        WHERE prompt NOT LIKE value ESCAPE '\\' AND reply NOT LIKE value ESCAPE '\\'
    )
    ORDER BY turn.id DESC LIMIT ?
"""


class Hit(NamedTuple):
    """A turn that was found; `snippet` has what matched between HIT_BEGIN and HIT_END."""

    conversation: str
    title: str
    turn: str
    asked_at: float
    snippet: str

    def parts(self) -> list[str]:
        """Return the snippet cut at the marks: text, hit, text, hit, ... text."""
        return re.split(f"[{HIT_BEGIN}{HIT_END}]", self.snippet)

    def plain(self) -> dict[str, object]:
        """Return what is shown as JSON."""
        return {**self._asdict(), "snippet": "".join(self.parts())}


class _Term(NamedTuple):
    text: str
    is_prefix: bool

    def expression(self) -> str:
        """Return it in the language of FTS5."""
        quoted = self.text.replace('"', '""')
        return f'"{quoted}"*' if self.is_prefix else f'"{quoted}"'


def search(database: Database, query: str, limit: int) -> list[Hit]:
    """Return the turns that the query finds, the newest first.

    Raises UsageError for one that is too long.
    """
    if len(query) > _LONGEST:
        raise UsageError(f"a query of {len(query)} characters is too long; give {_LONGEST} at most")
    # What SQLite cannot take as a parameter cannot be searched for.
    query = query.replace("\0", " ").encode("utf-8", "replace").decode()
    try:
        index(database)
    except StoreError:  # the disk is full, or the file can only be read: more slowly, then
        terms = _terms(query)
        return _by_text(database, [term.text for term in terms], limit) if terms else []
    return _hits(database, query, limit)


def index(database: Database) -> None:
    """Have the words of new turns ready."""
    while database.rows("SELECT 1 FROM unindexed LIMIT 1"):
        with database.writing() as execute:
            indexed = [execute(statement, (_BATCH,)).rowcount for statement in INDEX_SOME_TURNS]
        if indexed[-1] < _BATCH:
            return
        database.give_way()


def _hits(database: Database, query: str, limit: int) -> list[Hit]:
    if not _is_plain(query) and (hits := _by_text(database, [query.strip()], limit)):
        return hits
    terms = _terms(query)
    if not terms:
        return []
    if any(max(term.text) >= _CJK for term in terms):
        return _by_text(database, [term.text for term in terms], limit)
    expression = " ".join(term.expression() for term in terms)
    rows = database.rows(_BY_WORDS, (HIT_BEGIN, HIT_END, expression, limit))
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


def _by_text(database: Database, texts: Sequence[str], limit: int) -> list[Hit]:
    patterns = ["%" + re.sub(r"([%_\\])", r"\\\1", text) + "%" for text in texts]
    rows = database.rows(_BY_TEXT, (json.dumps(patterns), limit))
    return [_hit(row, texts[0]) for row in rows]


def _hit(row: Row, text: str) -> Hit:
    conversation, title, turn, asked_at, prompt, reply = row
    wanted = re.compile(re.escape(text), re.IGNORECASE)
    # SQLite found it in one, but where an unpaired surrogate is stored it finds U+FFFD.
    match = next(filter(None, map(wanted.search, (prompt, reply))), None)
    part, (place, end) = (match.string, match.span()) if match else (prompt, (0, 0))
    before = part[max(0, place - _AROUND) : place]
    after = part[end : end + _AROUND]
    found = f"{HIT_BEGIN}{part[place:end]}{HIT_END}"
    snippet = f"{'…' if place > _AROUND else ''}{before}{found}{after}"
    return Hit(
        conversation, title, turn, asked_at, snippet + ("…" if end + _AROUND < len(part) else "")
    )
