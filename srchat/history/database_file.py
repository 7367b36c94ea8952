"""The file of a database: made for its owner alone, and put out of the way when it is damaged."""

import contextlib
import itertools
import os
import stat
import time
from pathlib import Path
from typing import Final

from srchat import private_files

# The file itself last: a new one in its place must not find companions of the old one.
_SUFFIXES: Final = ("-wal", "-shm", "")
Identity = tuple[int, int]  # device and inode


def make_file(path: Path) -> None:
    """Have a file that only its owner reads; SQLite gives its companions the same mode."""
    private_files.make_directory(path.parent)
    with contextlib.suppress(FileExistsError):
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    mode = path.stat().st_mode
    if not stat.S_ISREG(mode):
        raise OSError(0, "it is not a file")
    if mode & 0o077 and not is_read_only(path):
        path.chmod(0o600)  # by its name: closing a descriptor would drop the locks of SQLite


def is_read_only(path: Path) -> bool:
    """Tell whether nothing can be written beside a file, as on a file system of a backup."""
    return not os.access(path.parent, os.W_OK, effective_ids=os.access in os.supports_effective_ids)


def log_of(path: Path) -> Path:
    """Return where SQLite writes what is not in the file yet."""
    return path.with_name(path.name + "-wal")


def name_for_sqlite(path: Path) -> str:
    """Return the URI of a file; one that nobody can be writing to needs no companions."""
    immutable = is_read_only(path) and not log_of(path).exists()  # it holds what was said last
    return f"{path.absolute().as_uri()}{'?immutable=1' if immutable else ''}"


def identity(path: Path) -> Identity | None:
    """Return what tells this file from a later one of its name, None where there is none."""
    try:
        found = path.stat()
    except FileNotFoundError:  # pragma: no cover - another process has renamed it just now
        return None
    return found.st_dev, found.st_ino


def renamed(path: Path) -> Path:
    """Rename a file with its companions, over no other file, and return its new name."""
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
