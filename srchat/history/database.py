"""A private SQLite file that many processes may use at once.

Every write is one short transaction that takes the lock at its start. While the lock is taken, a
read or write is retried for `lock_timeout` seconds. A damaged file is renamed, never overwritten.
"""

import contextlib
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeVar

from srchat import private_files
from srchat.errors import BrokenStoreError, StoreBusyError, StoreError, reason_of
from srchat.history import LOCK_TIMEOUT
from srchat.history.database_file import (
    FileIdentity,
    create_file,
    identity_of,
    rename_damaged,
    sqlite_uri,
    wal_path,
)
from srchat.history.sql_text import decoded_text

_RETRY_INTERVAL: Final = 0.01  # seconds
_RECHECK_DELAY: Final = 0.1  # seconds
_REASONS: Final = {
    sqlite3.SQLITE_FULL: "the disk is full",
    sqlite3.SQLITE_READONLY: "it cannot be written",
    sqlite3.SQLITE_CANTOPEN: "it cannot be opened",
    sqlite3.SQLITE_IOERR: "I/O error; is the disk full?",
    sqlite3.SQLITE_TOOBIG: "the text is too long",
}
_OUT_OF_MEMORY: Final = (sqlite3.SQLITE_IOERR_NOMEM, sqlite3.SQLITE_IOERR_SHMMAP)
T = TypeVar("T")
Row = tuple[Any, ...]
Parameters = Sequence[object] | dict[str, object]
Execute = Callable[..., sqlite3.Cursor]


class Schema(NamedTuple):
    """The expected content: tables and views with the version that added each, and migrations.

    `migrations[n]` upgrades from version n to n + 1.
    """

    application_id: int
    tables: Mapping[str, int]
    migrations: Sequence[Sequence[str]]


class Database:
    """A database, opened on demand. All methods raise StoreError and its subclasses.

    `lock_timeout`: seconds to retry while another process has the lock. `may_replace`: set a
    damaged file aside instead of raising BrokenStoreError. `tolerate_damage`: read what can be
    read of a damaged file. `set_aside_as`: the new path of a damaged file.
    """

    def __init__(
        self,
        path: Path,
        schema: Schema,
        lock_timeout: float,
        *,
        may_replace: bool = True,
        tolerate_damage: bool = False,
    ) -> None:
        self.path = path
        self.lock_timeout = lock_timeout
        self.may_replace = may_replace
        self.set_aside_as: Path | None = None
        self._schema = schema
        self._tolerate_damage = tolerate_damage
        self._connection: sqlite3.Connection | None = None
        self._file: FileIdentity | None = None
        with self._translated_errors():
            self._open()

    def query(self, sql: str, parameters: Parameters = ()) -> list[Row]:
        """Return all rows of a query."""
        with self._translated_errors():
            return self._retry_if_busy(lambda: self._open().execute(sql, parameters).fetchall())

    @contextlib.contextmanager
    def transaction(self) -> Iterator[Execute]:
        """Begin a write transaction; commit it, or roll it back on an exception."""
        with self._translated_errors(), self._transaction_on(self._open()) as execute:
            yield execute

    @contextlib.contextmanager
    def snapshot(self) -> Iterator[Execute]:
        """Begin a read transaction, whose queries all see the same state; it needs no lock."""
        with self._translated_errors(), self._transaction_on(self._open(), "DEFERRED") as execute:
            yield execute

    def let_others_write(self) -> None:
        """Pause between two of many transactions."""
        time.sleep(2 * _RETRY_INTERVAL)  # a waiting process retries once in that time

    def maintain(self, sql: str) -> None:
        """Run a statement outside a transaction; errors, as from a lock, are ignored."""
        with contextlib.suppress(StoreError), self._translated_errors():
            self._open().execute(sql)

    def file_identity(self) -> FileIdentity | None:
        """Return the identity of the open file, to detect that it has been replaced."""
        with self._translated_errors():
            self._open()
        return self._file

    def close(self) -> None:
        """Checkpoint and close the file; it is opened again when needed.

        The file alone is then complete, even while other processes have it open; the last one to
        close it deletes the log. Takes about 10 ms (fsync).
        """
        connection, self._connection = self._connection, None
        if connection:
            with contextlib.suppress(sqlite3.Error):
                connection.execute("PRAGMA wal_checkpoint(PASSIVE)")
            with contextlib.suppress(sqlite3.Error):
                connection.close()

    def set_aside(self) -> bool:
        """Rename the file if it is damaged and no other process has replaced it.

        It is checked twice: a single failed read is not damage. Returns whether the next access
        opens a new file.
        """
        self.close()
        with self._translated_errors():
            if not self._is_damaged():
                return False
            time.sleep(_RECHECK_DELAY)
            if not self._is_damaged():
                return False
            with private_files.locked_directory(self.path.parent, LOCK_TIMEOUT):
                if self._file and self._file == identity_of(self.path):  # pragma: no branch - race
                    self.set_aside_as = rename_damaged(self.path)
                self._file = None
        return True

    def _open(self) -> sqlite3.Connection:
        before = self._connection
        if before and self._file == identity_of(self.path):
            return before
        # The file was deleted or renamed: anything written to it would be lost.
        self._connection = None
        try:
            self._connection = self._connect_or_replace()
        finally:
            if before:
                before.close()  # after opening the new file, which then cannot reuse its inode
        return self._connection

    def _connect_or_replace(self) -> sqlite3.Connection:
        try:
            return self._connect()
        except (sqlite3.DatabaseError, BrokenStoreError) as exc:
            if isinstance(exc, sqlite3.DatabaseError) and not _is_corrupt(exc):
                raise
            if self.may_replace:
                self.set_aside()
            return self._connect()

    def _is_damaged(self) -> bool:
        connection = self._new_connection()
        try:
            self._retry_if_busy(lambda: self._prepare(connection))
            return bool(connection.execute("PRAGMA quick_check(1)").fetchone() != ("ok",))
        except BrokenStoreError:
            return True
        except sqlite3.DatabaseError as exc:
            return _is_corrupt(exc)
        finally:
            connection.close()

    def _connect(self) -> sqlite3.Connection:
        create_file(self.path)
        self._file = identity_of(self.path)
        connection = self._new_connection()
        try:
            self._retry_if_busy(lambda: self._prepare(connection))
        except BaseException:
            connection.close()
            raise
        return connection

    def _new_connection(self) -> sqlite3.Connection:
        uri = sqlite_uri(self.path)
        connection = sqlite3.connect(uri, timeout=0, isolation_level=None, uri=True)
        connection.text_factory = decoded_text
        if self._tolerate_damage:
            # This lets SQLite open a truncated file; nothing is written to the schema.
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
        # A power failure may lose the last turn but not corrupt the file; a kill loses nothing.
        connection.execute("PRAGMA synchronous = NORMAL")
        if version < newest and not (version and self._tolerate_damage):
            self._migrate(connection)
            version = newest
        present = {row[0] for row in connection.execute("SELECT name FROM sqlite_schema")}
        expected = {name for name, since in self._schema.tables.items() if since <= version}
        if missing := expected - present:
            raise BrokenStoreError(f"the history {self.path} has no {', '.join(sorted(missing))}")

    def _version(self, connection: sqlite3.Connection) -> int:
        # Tables first: another process may create them together with the id in between.
        (tables,) = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
        (application,) = connection.execute("PRAGMA application_id").fetchone()
        if tables and application != self._schema.application_id:
            message = f"{self.path} is the database of another program"
            raise StoreError(message, hint="set SRCHAT_DATA to another folder")
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        return int(version)

    def _migrate(self, connection: sqlite3.Connection) -> None:
        with self._transaction_on(connection) as execute:
            done = self._version(connection)  # another process may have migrated it
            for statements in self._schema.migrations[done:]:
                for statement in statements:
                    execute(statement)
            execute(f"PRAGMA application_id = {self._schema.application_id}")
            execute(f"PRAGMA user_version = {len(self._schema.migrations)}")

    @contextlib.contextmanager
    def _transaction_on(
        self, connection: sqlite3.Connection, mode: str = "IMMEDIATE"
    ) -> Iterator[Execute]:
        try:
            self._retry_if_busy(lambda: connection.execute(f"BEGIN {mode}"))
            yield connection.execute
            self._retry_if_busy(lambda: connection.execute("COMMIT"))
        except BaseException:
            with contextlib.suppress(sqlite3.Error):
                connection.execute("ROLLBACK")
            raise

    def _retry_if_busy(self, action: Callable[[], T]) -> T:
        deadline = time.monotonic() + self.lock_timeout
        while True:
            try:
                return action()
            except sqlite3.OperationalError as exc:
                if not _is_busy(exc) or time.monotonic() >= deadline:
                    raise
            # Not SQLite's busy timeout: Python runs no signal handlers during it.
            time.sleep(_RETRY_INTERVAL)

    @contextlib.contextmanager
    def _translated_errors(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as exc:
            raise self._store_error(exc) from exc
        except (OSError, ValueError, OverflowError) as exc:
            raise StoreError(f"cannot use the history {self.path}: {reason_of(exc)}") from exc

    def _store_error(self, exc: sqlite3.Error) -> StoreError | MemoryError:
        if getattr(exc, "sqlite_errorcode", 0) in _OUT_OF_MEMORY:
            return MemoryError()  # pragma: no cover - depends on where memory ends
        if _is_busy(exc):
            return StoreBusyError(f"the history {self.path} is locked by another process")
        if _is_corrupt(exc):
            return BrokenStoreError(
                f"the history {self.path} is damaged: {exc}",
                hint="the next answer starts a new one and keeps this file\n"
                "then recover what can be read of it: srchat history import FILE",
            )
        reason, hint = _REASONS.get(_code(exc), str(exc)), ""
        if _code(exc) == sqlite3.SQLITE_CANTOPEN and wal_path(self.path).exists():
            log = wal_path(self.path).name
            hint = f"copy it and {log} to a writable folder, and set SRCHAT_DATA to it"
        return StoreError(f"cannot use the history {self.path}: {reason}", hint=hint)


def _code(exc: sqlite3.Error) -> int:
    return int(getattr(exc, "sqlite_errorcode", 0)) & 0xFF


def _is_busy(exc: sqlite3.Error) -> bool:
    return _code(exc) in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def _is_corrupt(exc: sqlite3.Error) -> bool:
    return _code(exc) in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
