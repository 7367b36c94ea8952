"""The results of a run on disk: appended line by line, locked, and read again to go on."""

import contextlib
import fcntl
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

from srchat.batch.results import Result, read_result
from srchat.errors import OutputError, UsageError, reason_of

_OWN_START: Final = b'{"id": "srchat-'  # of every line that a run writes
_FLAGS: Final = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC


class Resumed(NamedTuple):
    """What an earlier run left: lines done, failed and not to be asked again, and changed since.

    `unknown`: results of requests that are not in the file.
    """

    done: int
    failed: int
    changed: int
    unknown: int


@dataclass
class _Kept:
    done: int = 0
    changed: int = 0
    unknown: int = 0


def errors_path(path: Path) -> Path:
    """Return the path of the failures that belong to a file of results."""
    return path.with_name(f"{path.name.removesuffix('.jsonl')}.errors.jsonl")


class ResultLog:
    """A file of successes, and beside it one of failures; both with mode 0600.

    No other process can open it so. Each result is one write: a process that is killed leaves no
    more than a torn last line, which the next one cuts off.
    Raises UsageError where it cannot be opened, is in use, or holds something else.
    """

    def __init__(self, path: Path) -> None:
        self._fd, self._path = _open_locked(path)
        self._errors = errors_path(self._path)
        self._errors_fd: int | None = None
        self._is_dirty = False

    def resume(self, pending: dict[bytes, int | None], *, only_new: bool) -> Resumed:
        """Set to None the digest of each request that is not to be asked again.

        `pending`: digests by custom_id. Results of requests that have changed are removed.
        `only_new`: what failed is not asked again either.
        """
        kept, dropped = self._read(self._path, pending)
        if dropped:
            self._rewrite(dropped)
        self._end_last_line()
        failed = self._resume_failures(pending) if only_new else 0
        if not failed:
            self._errors.unlink(missing_ok=True)
        return Resumed(kept.done, failed, kept.changed, kept.unknown)

    def add_success(self, line: bytes) -> None:
        """Append a result. Raises OutputError; then the file is as it was."""
        self._append(self._fd, self._path, line)

    def add_failure(self, line: bytes) -> None:
        """Append a failure. Raises OutputError."""
        if self._errors_fd is None:
            try:
                self._errors_fd = os.open(self._errors, _FLAGS, 0o600)
            except OSError as exc:
                raise OutputError(f"cannot write {self._errors}: {reason_of(exc)}") from exc
        self._append(self._errors_fd, self._errors, line)

    def sync(self) -> None:
        """Have what was written on the disk."""
        if not self._is_dirty:
            return
        self._is_dirty = False
        for fd in filter(None, (self._fd, self._errors_fd)):
            with contextlib.suppress(OSError):  # a file system that cannot
                os.fsync(fd)

    def close(self) -> None:
        """Close the files, and let other processes open them."""
        self.sync()
        for fd in filter(None, (self._fd, self._errors_fd)):
            os.close(fd)

    def _append(self, fd: int, path: Path, line: bytes) -> None:
        self._is_dirty = True
        size = os.fstat(fd).st_size
        try:
            _write(fd, line)
        except OSError as exc:
            with contextlib.suppress(OSError):
                os.ftruncate(fd, size)  # the part of the line that still had room
            raise OutputError(
                f"cannot write {path}: {reason_of(exc)}",
                hint="what was answered is kept; run the same command to go on",
            ) from exc

    def _read(self, path: Path, pending: dict[bytes, int | None]) -> tuple[_Kept, set[int]]:
        """Mark what is done; return counts, and the offsets of lines to drop."""
        kept, dropped = _Kept(), set[int]()
        for offset, _, result in _results(path):
            if result is None:
                os.ftruncate(self._fd, offset)
                break
            key = result.custom_id.encode("utf-8", "replace")
            if key not in pending:
                kept.unknown += 1
            elif result.error or (digest := pending[key]) is None:
                dropped.add(offset)
            elif result.digest not in ("", f"{digest:016x}"):
                kept.changed += 1
                dropped.add(offset)
            else:
                kept.done += 1
                pending[key] = None
        return kept, dropped

    def _end_last_line(self) -> None:
        """Add the last line break, which some engines leave out."""
        size = os.fstat(self._fd).st_size
        if size and os.pread(self._fd, 1, size - 1) != b"\n":
            self.add_success(b"\n")

    def _resume_failures(self, pending: dict[bytes, int | None]) -> int:
        failed = 0
        for _, _, result in _results(self._errors):
            key = result.custom_id.encode("utf-8", "replace") if result else b""
            digest = pending.get(key)
            if result and digest is not None and result.digest == f"{digest:016x}":
                failed += 1
                pending[key] = None
        return failed

    def _rewrite(self, dropped: set[int]) -> None:
        """Replace the file by one without the lines at some offsets."""
        staged = self._path.with_name(f".{self._path.name}.new")
        try:
            staged.unlink(missing_ok=True)  # of a process that was killed
            fd = os.open(staged, _FLAGS | os.O_EXCL, 0o600)
            _lock(fd)
            for offset, line, _ in _results(self._path):
                if offset not in dropped:
                    _write(fd, line)
            os.fsync(fd)
            staged.replace(self._path)
        except OSError as exc:
            raise OutputError(f"cannot write {staged}: {reason_of(exc)}") from exc
        os.close(self._fd)
        self._fd = fd


def _results(path: Path) -> Iterator[tuple[int, bytes, Result | None]]:
    """Yield offset, line and result of each line; None for a torn last line of our own.

    Raises UsageError for a line that is no result.
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
                        hint="choose another file with -o; this one is left as it is",
                    ) from exc
                yield offset, line, None
                return
            yield offset, line, result
            offset += len(line)


def _write(fd: int, line: bytes) -> None:
    """Write a line: all of it by the first call, except where the disk is nearly full."""
    view = memoryview(line)
    while view:
        view = view[os.write(fd, view) :]


def _is_own(line: bytes) -> bool:
    return line.startswith(_OWN_START) or _OWN_START.startswith(line)


def _open_locked(path: Path) -> tuple[int, Path]:
    """Return the file, and its path without links."""
    try:
        target = Path(os.path.realpath(path))
        while True:
            fd = os.open(target, _FLAGS | os.O_NOCTTY, 0o600)
            if not stat.S_ISREG(os.fstat(fd).st_mode):
                raise UsageError(f"cannot write {path}: it is not a regular file")
            _lock(fd)
            if os.path.samestat(os.fstat(fd), target.stat()):
                return fd, target
            os.close(fd)  # the other process has replaced the file
    except BlockingIOError as exc:
        raise UsageError(f"{path} is in use: another run writes to it") from exc
    except (OSError, ValueError) as exc:
        raise UsageError(f"cannot write {path}: {reason_of(exc)}") from exc


def _lock(fd: int) -> None:
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise
    except OSError:
        pass  # NFS without locks: better a run than none
