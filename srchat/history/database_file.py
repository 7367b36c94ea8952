"""The database file: created with mode 0600, renamed when it is damaged."""

import contextlib
import itertools
import os
import stat
import time
from pathlib import Path
from typing import Final

from srchat import private_files

# The database comes last: a new one must never be opened with the old -wal and -shm.
_SUFFIXES: Final = ("-wal", "-shm", "")
FileIdentity = tuple[int, int]  # device and inode


def create_file(path: Path) -> None:
    """Create the file with mode 0600; SQLite copies the mode to -wal and -shm."""
    private_files.make_directory(path.parent)
    with contextlib.suppress(FileExistsError):
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    mode = path.stat().st_mode
    if not stat.S_ISREG(mode):
        raise OSError(0, "it is not a file")
    if mode & 0o077 and not is_read_only(path):
        path.chmod(0o600)  # by path: closing a descriptor would drop SQLite's locks


def is_read_only(path: Path) -> bool:
    """Tell whether the directory is not writable, for example on a mounted backup."""
    return not os.access(path.parent, os.W_OK, effective_ids=os.access in os.supports_effective_ids)


def wal_path(path: Path) -> Path:
    """Return the path of SQLite's write-ahead log."""
    return path.with_name(path.name + "-wal")


def sqlite_uri(path: Path) -> str:
    """Return the URI to open; immutable, without -wal and -shm, if nobody can write the file."""
    immutable = is_read_only(path) and not wal_path(path).exists()  # the log has the newest turns
    return f"{path.absolute().as_uri()}{'?immutable=1' if immutable else ''}"


def identity_of(path: Path) -> FileIdentity | None:
    """Return the device and inode of the file, None if it does not exist."""
    try:
        found = path.stat()
    except FileNotFoundError:  # pragma: no cover - another process has just renamed it
        return None
    return found.st_dev, found.st_ino


def rename_damaged(path: Path) -> Path:
    """Rename the file with its -wal and -shm, overwriting nothing, and return the new path."""
    now = time.strftime("%Y%m%d-%H%M%S")
    name = f"{path.name}.broken-{now}-{os.getpid()}"
    numbers = itertools.count(2)
    target = path.with_name(name)
    while any(os.path.lexists(f"{target}{suffix}") for suffix in _SUFFIXES):
        target = path.with_name(f"{name}-{next(numbers)}")
    for suffix in _SUFFIXES:
        with contextlib.suppress(FileNotFoundError):
            path.with_name(path.name + suffix).rename(target.with_name(target.name + suffix))
    return target
