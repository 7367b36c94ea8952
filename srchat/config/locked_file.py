"""The configuration file on disk: read within bounds, changed by one process at a time."""

import contextlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from srchat import private_files
from srchat.errors import ConfigError, reason_of

MOST_BYTES: Final = 1024 * 1024  # more is no configuration, but /dev/zero
LOCK_TIMEOUT: Final = 30.0  # seconds


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
            private_files.replace(self.path, data)


@contextlib.contextmanager
def locked(path: Path, timeout: float = LOCK_TIMEOUT) -> Iterator[LockedFile]:
    """Hold the lock of a file; its directory is made (0700) where it is missing.

    Raises ConfigError where that cannot be, or the lock is not to be had.
    """
    with contextlib.ExitStack() as stack:
        with _reported(path):
            target = Path(os.path.realpath(path))  # a link stays one; what it leads to is changed
            private_files.make_directory(target.parent)
            stack.enter_context(private_files.locked_directory(target.parent, timeout))
        yield LockedFile(target)


@contextlib.contextmanager
def _reported(path: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, ValueError) as exc:
        raise ConfigError(f"cannot write {path}: {reason_of(exc)}") from exc
