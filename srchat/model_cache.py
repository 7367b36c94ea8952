"""A cache of model names and rejected parameters, by server.

There is one small file per server and kind, with one name per line. Read errors give an empty list,
write errors are ignored.
"""

from __future__ import annotations

import os
import time
import zlib

TYPE_CHECKING = False  # importing it from typing costs 5 ms
if TYPE_CHECKING:
    from collections.abc import Iterable

_MAX_BYTES = 1024 * 1024


def read(directory: str, base_url: str, kind: str = "models", max_age: float = 0) -> list[str]:
    """Return the cached names in their order, none if unknown.

    `max_age`: in seconds, 0 for no limit.
    """
    try:
        with open(_path(directory, base_url, kind), "rb") as file:  # noqa: PTH123 - pathlib costs 9 ms
            if max_age and time.time() - os.fstat(file.fileno()).st_mtime > max_age:
                return []
            data = file.read(_MAX_BYTES)
    except OSError:
        return []
    return data.decode("utf-8", "replace").split("\n")[:-1]


def write(directory: str, base_url: str, names: Iterable[str], kind: str = "models") -> None:
    """Cache the names of a server, except for names that cannot be typed."""
    from contextlib import suppress  # noqa: PLC0415 - completion never writes
    from pathlib import Path  # noqa: PLC0415 - as above

    from srchat import private_files  # noqa: PLC0415 - as above

    lines = "".join(f"{name}\n" for name in names if name and name.isprintable())
    with suppress(OSError):
        private_files.make_directory(Path(directory))
        private_files.replace(Path(_path(directory, base_url, kind)), lines.encode())


def _path(directory: str, base_url: str, kind: str) -> str:
    # The checksum distinguishes URLs that are equal without their punctuation.
    plain = "".join(char if char.isalnum() or char in ".-" else "_" for char in base_url[:100])
    return os.path.join(directory, f"{kind}-{plain}-{zlib.crc32(base_url.encode()):08x}")  # noqa: PTH118 - as above
