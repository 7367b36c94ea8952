"""One SQLite file: made for nobody else, used by many processes at once, never mended by force.

Every write is one short transaction that takes the lock at its beginning, so that nobody
waits with half of it done. Whoever finds the lock taken tries again for `patience` seconds.
A file that is damaged is renamed, never deleted or overwritten.
"""

import contextlib
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeVar

from srchat import private_files
from srchat.errors import BrokenStoreError, StoreBusyError, StoreError, reason_of
from srchat.history import PATIENCE
from srchat.history.database_file import (
    Identity,
    identity,
    log_of,
    make_file,
    name_for_sqlite,
    renamed,
)

_PAUSE: Final = 0.01  # seconds between two tries
_SECOND_LOOK: Final = 0.1  # seconds
_REASONS: Final = {
    sqlite3.SQLITE_FULL: "the disk is full",
    sqlite3.SQLITE_READONLY: "it cannot be written",
    sqlite3.SQLITE_CANTOPEN: "it cannot be opened",
    sqlite3.SQLITE_IOERR: "I/O error; is the disk full?",
    sqlite3.SQLITE_TOOBIG: "the text is too long",
}
T = TypeVar("T")
Row = tuple[Any, ...]
Parameters = Sequence[object] | dict[str, object]
Execute = Callable[..., sqlite3.Cursor]


class Schema(NamedTuple):
    """What the file has to hold. `migrations[n]` leads from version n to n + 1."""

    application_id: int
    tables: Sequence[str]
    migrations: Sequence[Sequence[str]]


class Database:
    """An open file. `set_aside_as`: the new name of a damaged one that was found in its place.

    `patience`: seconds that a read or write tries again while others hold the lock. `may_replace`:
    set a damaged file aside; else it is an error. `takes_damage`: read what can be read of one.
    Raises StoreBusyError, BrokenStoreError, or StoreError for everything else, everywhere.
    """

    def __init__(
        self,
        path: Path,
        schema: Schema,
        patience: float,
        *,
        may_replace: bool = True,
        takes_damage: bool = False,
    ) -> None:
        self.path = path
        self.patience = patience
        self.may_replace = may_replace
        self.set_aside_as: Path | None = None
        self._schema = schema
        self._takes_damage = takes_damage
        self._connection: sqlite3.Connection | None = None
        self._file: Identity | None = None
        with self._reported():
            self._open()

    def rows(self, sql: str, parameters: Parameters = ()) -> list[Row]:
        """Read."""
        with self._reported():
            return self._patiently(lambda: self._open().execute(sql, parameters).fetchall())

    @contextlib.contextmanager
    def writing(self) -> Iterator[Execute]:
        """Write: all of it, or nothing when an exception comes."""
        with self._reported(), self._transaction(self._open()) as execute:
            yield execute

    def give_way(self) -> None:
        """Let others write, between two of many transactions."""
        time.sleep(2 * _PAUSE)  # whoever waits has looked once by then

    def maintain(self, sql: str) -> None:
        """Run what cannot be part of a transaction, if nobody is in the way."""
        with contextlib.suppress(StoreError), self._reported():
            self._open().execute(sql)

    def file_identity(self) -> Identity | None:
        """Return what tells the file that is written to from one that takes its place later."""
        with self._reported():
            self._open()
        return self._file

    def close(self) -> None:
        """Close the file, all of it on the disk and in one piece; it is opened again when needed.

        The log is copied into the file, also while others have it open, and the last process to
        close it deletes the log. That waits for the disk, about 10 ms.
        """
        connection, self._connection = self._connection, None
        if connection:
            with contextlib.suppress(sqlite3.Error):
                connection.execute("PRAGMA wal_checkpoint(PASSIVE)")
            with contextlib.suppress(sqlite3.Error):
                connection.close()

    def set_aside(self) -> bool:
        """Rename the file if it is damaged, unless another process has done so by now.

        It is looked at twice, a moment apart: one read that fails is no damage. Returns whether a
        new file takes its place.
        """
        self.close()
        with self._reported():
            if not self._looks_damaged():
                return False
            time.sleep(_SECOND_LOOK)
            if not self._looks_damaged():
                return False
            with private_files.locked_directory(self.path.parent, PATIENCE):
                if self._file and self._file == identity(self.path):  # pragma: no branch - a race
                    self.set_aside_as = renamed(self.path)
                self._file = None
        return True

    def _open(self) -> sqlite3.Connection:
        before = self._connection
        if before and self._file == identity(self.path):
            return before
        # Its file was deleted or put aside: nobody would find what is written there.
        self._connection = None
        try:
            self._connection = self._connected_to_sound_file()
        finally:
            if before:
                before.close()  # only now: the new file cannot have the identity of the old
        return self._connection

    def _connected_to_sound_file(self) -> sqlite3.Connection:
        try:
            return self._connected()
        except (sqlite3.DatabaseError, BrokenStoreError) as exc:
            if isinstance(exc, sqlite3.DatabaseError) and not _is_broken(exc):
                raise
            if self.may_replace:
                self.set_aside()
            return self._connected()

    def _looks_damaged(self) -> bool:
        connection = self._new_connection()
        try:
            self._patiently(lambda: self._prepare(connection))
            return bool(connection.execute("PRAGMA quick_check(1)").fetchone() != ("ok",))
        except BrokenStoreError:
            return True
        except sqlite3.DatabaseError as exc:
            return _is_broken(exc)
        finally:
            connection.close()

    def _connected(self) -> sqlite3.Connection:
        make_file(self.path)
        self._file = identity(self.path)
        connection = self._new_connection()
        try:
            self._patiently(lambda: self._prepare(connection))
        except BaseException:
            connection.close()
            raise
        return connection

    def _new_connection(self) -> sqlite3.Connection:
        uri = name_for_sqlite(self.path)
        connection = sqlite3.connect(uri, timeout=0, isolation_level=None, uri=True)
        connection.text_factory = _text
        if self._takes_damage:
            # Nothing is written with it: it has SQLite open a file that was cut off.
            connection.execute("PRAGMA writable_schema = ON")
            connection.execute("PRAGMA trusted_schema = OFF")
            connection.execute("PRAGMA cell_size_check = ON")
        return connection

    def _prepare(self, connection: sqlite3.Connection) -> None:
        version = self._version(connection)
        newest = len(self._schema.migrations)
        if version > newest:
            raise StoreError(
                f"the history {self.path} was written by a newer srchat", hint="update srchat"
            )
        connection.execute("PRAGMA journal_mode = WAL")
        # A power cut may take the last turn, never the file; a killed process takes nothing.
        connection.execute("PRAGMA synchronous = NORMAL")
        if version < newest and not (version and self._takes_damage):
            self._migrate(connection)
        present = {row[0] for row in connection.execute("SELECT name FROM sqlite_schema")}
        if missing := set(self._schema.tables) - present:
            raise BrokenStoreError(f"the history {self.path} has no {', '.join(sorted(missing))}")

    def _version(self, connection: sqlite3.Connection) -> int:
        # In this order: both are written at once, perhaps by another process between the two.
        (tables,) = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
        (application,) = connection.execute("PRAGMA application_id").fetchone()
        if tables and application != self._schema.application_id:
            raise StoreError(
                f"{self.path} is the database of another program",
                hint="set SRCHAT_DATA to another folder",
            )
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        return int(version)

    def _migrate(self, connection: sqlite3.Connection) -> None:
        with self._transaction(connection) as execute:
            done = self._version(connection)  # another process may have been faster
            for statements in self._schema.migrations[done:]:
                for statement in statements:
                    execute(statement)
            execute(f"PRAGMA application_id = {self._schema.application_id}")
            execute(f"PRAGMA user_version = {len(self._schema.migrations)}")

    @contextlib.contextmanager
    def _transaction(self, connection: sqlite3.Connection) -> Iterator[Execute]:
        try:
            self._patiently(lambda: connection.execute("BEGIN IMMEDIATE"))
            yield connection.execute
            self._patiently(lambda: connection.execute("COMMIT"))
        except BaseException:
            with contextlib.suppress(sqlite3.Error):
                connection.execute("ROLLBACK")
            raise

    def _patiently(self, action: Callable[[], T]) -> T:
        end = time.monotonic() + self.patience
        while True:
            try:
                return action()
            except sqlite3.OperationalError as exc:
                if not _is_busy(exc) or time.monotonic() >= end:
                    raise
            # Not by SQLite's own waiting, in which no signal handler runs.
            time.sleep(_PAUSE)

    @contextlib.contextmanager
    def _reported(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as exc:
            raise self._store_error(exc) from exc
        except (OSError, ValueError, OverflowError) as exc:
            raise StoreError(f"cannot use the history {self.path}: {reason_of(exc)}") from exc

    def _store_error(self, exc: sqlite3.Error) -> StoreError:
        if _is_busy(exc):
            return StoreBusyError(f"the history {self.path} is locked by another process")
        if _is_broken(exc):
            return BrokenStoreError(
                f"the history {self.path} is damaged: {exc}",
                hint="the next answer starts a new one and keeps this file\n"
                "then recover what can be read of it: srchat history import FILE",
            )
        reason, hint = _REASONS.get(_code(exc), str(exc)), ""
        if _code(exc) == sqlite3.SQLITE_CANTOPEN and log_of(self.path).exists():
            log = log_of(self.path).name
            hint = f"copy it and {log} to a writable folder, and set SRCHAT_DATA to it"
        return StoreError(f"cannot use the history {self.path}: {reason}", hint=hint)


def sql_text(text: str) -> str | bytes:
    """Return text as a parameter for `CAST(? AS TEXT)`: lone surrogates are kept."""
    return text if text.isascii() else text.encode("utf-8", "surrogatepass")


def _text(data: bytes) -> str:
    try:
        return data.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return data.decode("utf-8", "replace")


def _code(exc: sqlite3.Error) -> int:
    return int(getattr(exc, "sqlite_errorcode", 0)) & 0xFF


def _is_busy(exc: sqlite3.Error) -> bool:
    return _code(exc) in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def _is_broken(exc: sqlite3.Error) -> bool:
    return _code(exc) in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
