"""The configuration file on disk: reads with a size limit, writes under a lock."""

import contextlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from srchat import private_files
from srchat.errors import ConfigError, reason_of

MAX_BYTES: Final = 1024 * 1024  # stops reading at a device such as /dev/zero
LOCK_TIMEOUT: Final = 30.0  # seconds


def read_bytes(path: Path) -> bytes | None:
    """Return the content of the file, None if it does not or cannot exist. Raises ConfigError."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError) as exc:
        raise ConfigError(f"cannot read {path}: {reason_of(exc)}") from exc
    if len(data) > MAX_BYTES:
        raise ConfigError(f"cannot read {path}: over {MAX_BYTES} bytes")
    return data


def replace_bytes(path: Path, data: bytes) -> None:
    """Replace the file atomically, with mode 0600. Raises ConfigError."""
    with _reported(path):
        private_files.replace(path, data)


def is_exposed(path: Path) -> bool:
    """Tell whether group or others may read or write the file."""
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError):  # pragma: no cover - it was read a moment ago
        return False
    return stat.S_ISREG(mode) and bool(mode & 0o077)


@contextlib.contextmanager
def locked(path: Path, timeout: float = LOCK_TIMEOUT) -> Iterator[Path]:
    """Hold the lock of a file and yield its path with symbolic links resolved.

    A missing directory is created with mode 0700. Raises ConfigError, also if the lock is not
    acquired within `timeout` seconds.
    """
    with contextlib.ExitStack() as stack:
        with _reported(path):
            target = Path(os.path.realpath(path))  # keeps the link and changes its target
            private_files.make_directory(target.parent)
            stack.enter_context(private_files.locked_directory(target.parent, timeout))
        yield target


@contextlib.contextmanager
def _reported(path: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, ValueError) as exc:
        raise ConfigError(f"cannot write {path}: {reason_of(exc)}") from exc
