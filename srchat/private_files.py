"""Private files: created with mode 0600 in directories of mode 0700, replaced atomically, locked.

All functions raise OSError.
"""

import contextlib
import errno
import fcntl
import os
import stat
import time
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final

_NOT_FOR_DIRECTORIES: Final = (errno.EBADF, errno.EINVAL, errno.ENOLCK, errno.ENOTSUP)
_POLL_INTERVAL: Final = 0.005  # seconds between attempts to lock


def make_directory(directory: Path) -> None:
    """Create a directory and its missing parents."""
    missing = [part for part in (directory, *directory.parents) if not part.exists()]
    for part in reversed(missing):
        part.mkdir(mode=0o700, exist_ok=True)


def replace(path: Path, data: bytes, *, keep_mode: bool = False) -> None:
    """Replace the content of a file atomically. See `replacing`."""
    with replacing(path, keep_mode=keep_mode) as file:
        file.write(data)


@contextlib.contextmanager
def replacing(path: Path, *, keep_mode: bool = False) -> Iterator[BinaryIO]:
    """Yield a file that replaces `path` at the end; a symbolic link is kept.

    It gets its name when it is complete and flushed to the disk; after an exception the old file is
    unchanged. `keep_mode`: keep the mode of an existing file; otherwise the mode is 0600.
    """
    target = Path(os.path.realpath(path))
    old = target.stat() if target.exists() else None
    if old and not stat.S_ISREG(old.st_mode):
        raise OSError(0, "it is not a regular file")
    staged = target.with_name(f".{target.name}.new")
    try:
        staged.unlink(missing_ok=True)  # left by a killed process
        mode = stat.S_IMODE(old.st_mode) if old and keep_mode else 0o600
        fd = os.open(staged, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC, 0o600)
        with open(fd, "w+b") as file:  # noqa: PTH123 - a descriptor
            os.fchmod(fd, mode)
            if old and os.geteuid() == 0:
                os.fchown(fd, old.st_uid, old.st_gid)  # root may edit the file of a user
            yield file
            file.flush()
            os.fsync(fd)
        staged.replace(target)
    except BaseException:
        staged.unlink(missing_ok=True)
        raise
    with contextlib.suppress(OSError), _opened_directory(target.parent) as fd:
        os.fsync(fd)  # some file systems do not support it


@contextlib.contextmanager
def locked_directory(directory: Path, timeout: float) -> Iterator[None]:
    """Lock a directory against other processes that change files in it.

    The lock is on the directory itself, so that no lock file remains. Raises TimeoutError after
    `timeout` seconds.
    """
    with contextlib.ExitStack() as stack:
        fd = stack.enter_context(_opened_directory(directory))
        try:
            _lock(fd, timeout)
        except OSError as exc:
            if exc.errno not in _NOT_FOR_DIRECTORIES:
                raise
            # NFS locks only files open for writing, so a lock file is needed and remains.
            file = directory / ".srchat.lock"
            fd = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            stack.callback(os.close, fd)
            _lock(fd, timeout)
        yield


@contextlib.contextmanager
def _opened_directory(directory: Path) -> Iterator[int]:
    fd = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield fd
    finally:
        os.close(fd)


def _lock(fd: int, timeout: float) -> None:
    end = time.monotonic() + timeout
    while True:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > end:
                raise TimeoutError(0, "another process has locked its directory") from None
            time.sleep(_POLL_INTERVAL)
        else:
            return
