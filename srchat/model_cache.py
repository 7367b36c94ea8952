"""The names of a server's models as `srchat models` saw them last: for completion, offline.

One small file a server, one name a line. It is only ever a convenience: what cannot be read
is empty, what cannot be written is not kept.
"""

from __future__ import annotations

import os
import zlib

TYPE_CHECKING = False  # that of typing, which costs 5 ms to load
if TYPE_CHECKING:
    from collections.abc import Iterable

_MAX_BYTES = 1024 * 1024


def read(directory: str, base_url: str) -> list[str]:
    """Return the models of a server, in its order; none where nothing is known."""
    try:
        with open(_path(directory, base_url), "rb") as file:  # noqa: PTH123 - pathlib costs 9 ms
            data = file.read(_MAX_BYTES)
    except OSError:
        return []
    return data.decode("utf-8", "replace").split("\n")[:-1]


def write(directory: str, base_url: str, models: Iterable[str]) -> None:
    """Keep the models of a server; names that could not be typed are left out."""
    from contextlib import suppress  # noqa: PLC0415 - completion never writes
    from pathlib import Path  # noqa: PLC0415 - as above

    from srchat import private_files  # noqa: PLC0415 - as above

    lines = "".join(f"{model}\n" for model in models if model and model.isprintable())
    with suppress(OSError):
        private_files.make_directory(Path(directory))
        private_files.replace(Path(_path(directory, base_url)), lines.encode())


def _path(directory: str, base_url: str) -> str:
    # A URL is no file name. The sum tells apart those that look the same without their marks.
    plain = "".join(char if char.isalnum() or char in ".-" else "_" for char in base_url[:100])
    return os.path.join(directory, f"models-{plain}-{zlib.crc32(base_url.encode()):08x}")  # noqa: PTH118 - as above
