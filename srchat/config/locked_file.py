"""A small file that many processes change: one at a time, all or nothing, and for nobody else.

The lock is on the file's directory, so that none is left lying about. The new content gets
a name only when it is complete and on the disk; whoever is killed leaves the old file or
the new one, whoever reads needs no lock.
"""

import contextlib
import errno
import fcntl
import os
import stat
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from srchat.errors import ConfigError, reason_of

MOST_BYTES: Final = 1024 * 1024  # more is no configuration, but /dev/zero
_LONGEST_WAIT: Final = 30.0  # seconds for others to be done
_NOT_FOR_DIRECTORIES: Final = (errno.EBADF, errno.EINVAL, errno.ENOLCK, errno.ENOTSUP)


def read_bytes(path: Path) -> bytes | None:
    """Return what is in the file, None where there is none. Raises ConfigError."""
    try:
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as exc:
        raise ConfigError(f"cannot read {path}: {reason_of(exc)}") from exc
    if len(data) > MOST_BYTES:
        raise ConfigError(f"cannot read {path}: over {MOST_BYTES} bytes")
    return data


def is_exposed(path: Path) -> bool:
    """Tell whether others than the owner may read or write the file."""
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError):  # pragma: no cover - it was read a moment ago
        return False
    return stat.S_ISREG(mode) and bool(mode & 0o077)


class LockedFile:
    """A file that no other srchat changes meanwhile. `path`: where it is, links resolved."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> bytes | None:
        """Return what is in it, None where there is no file. Raises ConfigError."""
        return read_bytes(self.path)

    def write(self, data: bytes) -> None:
        """Replace all of it; the mode is 0600. Raises ConfigError, and then it is as it was."""
        with _reported(self.path):
            _replace(self.path, data)

    def beside(self, suffix: str) -> "LockedFile":
        """Return the file of that name with a suffix, under the same lock."""
        return LockedFile(self.path.with_name(self.path.name + suffix))


@contextlib.contextmanager
def locked(path: Path) -> Iterator[LockedFile]:
    """Hold the lock of a file; its directory is made (0700) where it is missing.

    Raises ConfigError where that cannot be, or the lock is not to be had.
    """
    with _reported(path):
        target = Path(os.path.realpath(path))  # a link stays one; what it leads to is changed
        _make_directory(target.parent)
        lock = _lock(target.parent)
    try:
        yield LockedFile(target)
    finally:
        os.close(lock)


@contextlib.contextmanager
def _reported(path: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, ValueError) as exc:
        raise ConfigError(f"cannot write {path}: {reason_of(exc)}") from exc


def _make_directory(directory: Path) -> None:
    missing = [part for part in (directory, *directory.parents) if not part.exists()]
    for part in reversed(missing):
        part.mkdir(mode=0o700, exist_ok=True)


def _lock(directory: Path) -> int:
    """Return a descriptor that holds the lock until it is closed."""
    fd = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        return _acquired(fd)
    except OSError as exc:
        if exc.errno not in _NOT_FOR_DIRECTORIES:
            raise
    # NFS: only what is open for writing can be locked, so here a file has to stay behind.
    file = directory / ".srchat.lock"
    return _acquired(os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))


def _acquired(fd: int) -> int:
    end = time.monotonic() + _LONGEST_WAIT
    try:
        while True:
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() > end:
                    raise TimeoutError(0, "another process has locked its folder") from None
                time.sleep(0.005)
            else:
                return fd
    except BaseException:
        os.close(fd)
        raise


def _replace(target: Path, data: bytes) -> None:
    old = target.stat() if target.exists() else None
    if old and not stat.S_ISREG(old.st_mode):
        raise OSError(0, "it is not a regular file")
    staged = target.with_name(f".{target.name}.new")
    directory = os.open(target.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        staged.unlink(missing_ok=True)  # of a process that was killed
        _stage(staged, directory, data, old)
        staged.replace(target)
        with contextlib.suppress(OSError):  # some file systems cannot; the file itself is safe
            os.fsync(directory)
    except BaseException:
        staged.unlink(missing_ok=True)
        raise
    finally:
        os.close(directory)


def _stage(staged: Path, directory: int, data: bytes, old: os.stat_result | None) -> None:
    """Write a new file; where the system can, it has no name until all of it is there.

    Without a name it is gone when this process is killed.
    """
    if hasattr(os, "O_TMPFILE"):
        with contextlib.suppress(OSError):  # a file system that cannot; or else it fails again
            with _created(staged.parent, os.O_TMPFILE) as fd:
                _fill(fd, data, old)
                # Given a directory, Python calls linkat, which follows the link in /proc.
                os.link(f"/proc/self/fd/{fd}", staged, src_dir_fd=directory)
            return
    with _created(staged, os.O_CREAT | os.O_EXCL) as fd:
        _fill(fd, data, old)


@contextlib.contextmanager
def _created(path: Path, how: int) -> Iterator[int]:
    fd = os.open(path, how | os.O_WRONLY | os.O_CLOEXEC, 0o600)
    try:
        yield fd
    finally:
        os.close(fd)


def _fill(fd: int, data: bytes, old: os.stat_result | None) -> None:
    os.fchmod(fd, 0o600)
    if old and os.geteuid() == 0:
        os.fchown(fd, old.st_uid, old.st_gid)  # root may mend the file of a user
    _write_all(fd, data)
    os.fsync(fd)


def _write_all(fd: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]
