"""The result files of a run: appended line by line, locked, and read again to resume."""

import contextlib
import fcntl
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from srchat import private_files
from srchat.batch.results import Result, read_result
from srchat.errors import OutputError, UsageError, reason_of

_ID_START: Final = b'{"id": "srchat-'  # of every line that srchat writes
_OPEN_FLAGS: Final = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC


@dataclass
class Resumed:
    """The numbers of requests in an earlier run: done, failed for good, and changed since.

    `unknown`: results of requests that are not in the batch file.
    """

    done: int = 0
    failed: int = 0
    changed: int = 0
    unknown: int = 0


def errors_path(path: Path) -> Path:
    """Return the path of the failures that belong to a result file."""
    return path.with_name(f"{path.name.removesuffix('.jsonl')}.errors.jsonl")


class ResultLog:
    """A file of successes and a file of failures beside it, both with mode 0600.

    They are locked against other runs. Each result is a single write: a killed process leaves at
    most one truncated line, which the next run removes. Raises UsageError if the file cannot be
    opened, is in use, or contains anything but results.
    """

    def __init__(self, path: Path) -> None:
        self._fd, self._path = _open_locked(path)
        self._errors = errors_path(self._path)
        self._errors_fd: int | None = None
        self._is_dirty = False
        self._old_failures: set[int] | None = None  # offsets of lines to remove

    def resume(self, pending: dict[bytes, int | None], *, only_new: bool) -> Resumed:
        """Set the digest of each request that is not to be sent again to None.

        `pending`: digests by custom_id. Results of changed requests are removed.
        `only_new`: do not retry failed requests either. Failures to be retried are kept until this
        run has a result.
        """
        resumed = Resumed()
        if dropped := self._read(pending, resumed):
            self._rewrite(dropped)
        self._end_last_line()
        self._old_failures = self._read_failures(pending, resumed, only_new=only_new)
        if not any(digest is not None for digest in pending.values()):
            self._drop_old_failures()
        return resumed

    def add_success(self, line: bytes) -> None:
        """Append a result. Raises OutputError and leaves the file unchanged."""
        self._drop_old_failures()
        self._append(self._fd, self._path, line)

    def add_failure(self, line: bytes) -> None:
        """Append a failure. Raises OutputError."""
        self._drop_old_failures()
        if self._errors_fd is None:
            try:
                self._errors_fd = os.open(self._errors, _OPEN_FLAGS, 0o600)
            except OSError as exc:
                raise OutputError(f"cannot write {self._errors}: {reason_of(exc)}") from exc
        self._append(self._errors_fd, self._errors, line)

    def sync(self) -> None:
        """Flush the files to the disk."""
        if not self._is_dirty:
            return
        self._is_dirty = False
        for fd in filter(None, (self._fd, self._errors_fd)):
            with contextlib.suppress(OSError):  # not supported by the file system
                os.fsync(fd)

    def close(self) -> None:
        """Close the files and release their lock."""
        self.sync()
        for fd in filter(None, (self._fd, self._errors_fd)):
            os.close(fd)

    def _append(self, fd: int, path: Path, line: bytes) -> None:
        self._is_dirty = True
        size = os.fstat(fd).st_size
        view = memoryview(line)
        try:
            while view:  # one call is enough unless the disk is nearly full
                view = view[os.write(fd, view) :]
        except OSError as exc:
            with contextlib.suppress(OSError):
                os.ftruncate(fd, size)  # remove the partial line
            raise OutputError(
                f"cannot write {path}: {reason_of(exc)}",
                hint="the results so far are kept; run the same command to continue",
            ) from exc

    def _read(self, pending: dict[bytes, int | None], resumed: Resumed) -> set[int]:
        """Mark finished requests, and return the offsets of lines to remove."""
        dropped = set[int]()
        for offset, _, result in _results(self._path):
            if result is None:
                os.ftruncate(self._fd, offset)
                break
            key = result.custom_id.encode("utf-8", "replace")
            if key not in pending:
                resumed.unknown += 1
            elif result.error or (digest := pending[key]) is None:
                dropped.add(offset)
            elif result.digest not in ("", f"{digest:016x}"):
                resumed.changed += 1
                dropped.add(offset)
            else:
                resumed.done += 1
                pending[key] = None
        return dropped

    def _end_last_line(self) -> None:
        """Append a missing newline at the end, which some engines omit."""
        size = os.fstat(self._fd).st_size
        if size and os.pread(self._fd, 1, size - 1) != b"\n":
            self._append(self._fd, self._path, b"\n")

    def _read_failures(
        self, pending: dict[bytes, int | None], resumed: Resumed, *, only_new: bool
    ) -> set[int] | None:
        """Mark requests not to retry, and return the offsets of all other failures."""
        dropped = set[int]()
        for offset, _, result in _results(self._errors):
            key = result.custom_id.encode("utf-8", "replace") if result else b""
            digest = pending.get(key)
            is_same = digest is not None and result and result.digest == f"{digest:016x}"
            if only_new and is_same:
                resumed.failed += 1
                pending[key] = None
            else:
                dropped.add(offset)
        return dropped or None

    def _drop_old_failures(self) -> None:
        """Remove failures that are retried, now that this run has a result."""
        dropped, self._old_failures = self._old_failures, None
        if dropped:
            with _written(self._errors), private_files.replacing(self._errors) as file:
                _copy(self._errors, file, dropped)
                is_empty = not file.tell()
            if is_empty:
                self._errors.unlink()

    def _rewrite(self, dropped: set[int]) -> None:
        """Replace the file with a locked copy without the lines at `dropped`."""
        with _written(self._path), private_files.replacing(self._path) as file:
            _lock(file.fileno())
            _copy(self._path, file, dropped)
            fd = os.dup(file.fileno())  # shares the lock
        fcntl.fcntl(fd, fcntl.F_SETFL, os.O_APPEND)
        os.close(self._fd)
        self._fd = fd


@contextlib.contextmanager
def _written(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as exc:
        raise OutputError(f"cannot write {path}: {reason_of(exc)}") from exc


def _copy(path: Path, file: BinaryIO, dropped: set[int]) -> None:
    """Copy all lines except those at `dropped`."""
    for offset, line, _ in _results(path):
        if offset not in dropped:
            file.write(line)


def _results(path: Path) -> Iterator[tuple[int, bytes, Result | None]]:
    """Yield offset, line and result of each line; the result of a truncated last line is None.

    Raises UsageError for a line that is not a result.
    """
    if not path.exists():
        return
    offset = 0
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            try:
                result = read_result(line)
            except ValueError as exc:
                if line.endswith(b"\n") or not _is_own(line):
                    raise UsageError(
                        f"{path}:{number}: not a result of a batch: {exc}",
                        hint="choose another file with -o; this one is unchanged",
                    ) from exc
                yield offset, line, None
                return
            yield offset, line, result
            offset += len(line)


def _is_own(line: bytes) -> bool:
    return line.startswith(_ID_START) or _ID_START.startswith(line)


def _open_locked(path: Path) -> tuple[int, Path]:
    """Return the locked file and its path with symbolic links resolved."""
    try:
        target = Path(os.path.realpath(path))
        while True:
            fd = os.open(target, _OPEN_FLAGS | os.O_NOCTTY, 0o600)
            if not stat.S_ISREG(os.fstat(fd).st_mode):
                raise UsageError(f"cannot write {path}: it is not a regular file")
            _lock(fd)
            if os.path.samestat(os.fstat(fd), target.stat()):
                return fd, target
            os.close(fd)  # pragma: no cover - race: another process has just replaced the file
    except BlockingIOError as exc:
        raise UsageError(f"{path} is in use: another run writes to it") from exc
    except (OSError, ValueError) as exc:
        raise UsageError(f"cannot write {path}: {reason_of(exc)}") from exc


def _lock(fd: int) -> None:
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise
    except OSError:  # pragma: no cover - NFS without locks: run unlocked
        pass
