"""The lines that were typed in chats: one file, for nobody else, used by many chats at once.

Each entry is one line of JSON, so that it may hold anything, and is appended by one write
under a lock. It is only a convenience: what cannot be read is left out, and a failure to
write is told once.
"""

import contextlib
import fcntl
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from srchat import private_files

_MOST_BYTES: Final = 4 * 1024 * 1024  # to read; a file of twice that loses its oldest lines


class TypedLines:
    """The file. `keeps`: new lines are written."""

    def __init__(self, path: Path, *, keeps: bool = True) -> None:
        self._path = path
        self._keeps = keeps
        self._newest = ""

    def load(self) -> list[str]:
        """Return the lines of earlier chats, the oldest first."""
        try:
            with self._path.open("rb") as file:
                size = file.seek(0, os.SEEK_END)
                file.seek(max(0, size - _MOST_BYTES))
                data = file.read(_MOST_BYTES)
        except OSError:
            return []
        lines = data.split(b"\n")
        whole = lines if size <= _MOST_BYTES else lines[1:]
        return [text for line in whole if (text := _text(line))]

    def append(self, text: str) -> None:
        """Keep a line, unless it is the one before once more. Raises OSError."""
        if not self._keeps or text == self._newest:
            return
        self._newest = text
        private_files.make_directory(self._path.parent)
        line = json.dumps(text).encode("ascii") + b"\n"
        with self._locked() as fd:
            size = os.fstat(fd).st_size
            if size > 2 * _MOST_BYTES:
                newest = os.pread(fd, _MOST_BYTES, size - _MOST_BYTES)
                private_files.replace(self._path, newest[newest.find(b"\n") + 1 :] + line)
            else:
                os.write(fd, line)

    @contextlib.contextmanager
    def _locked(self) -> Iterator[int]:
        while True:
            fd = os.open(self._path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(fd, fcntl.LOCK_EX)
                if self._is_current(fd):  # else another chat has replaced it while we waited
                    yield fd
                    return
            finally:
                os.close(fd)

    def _is_current(self, fd: int) -> bool:
        with contextlib.suppress(FileNotFoundError):
            return os.path.samestat(os.fstat(fd), self._path.stat())
        return False


def _text(line: bytes) -> str:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return ""
    return value if isinstance(value, str) else ""
