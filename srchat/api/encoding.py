"""Compressed bodies, unpacked within bounds.

srchat asks for `identity`; a proxy may compress all the same. A megabyte of gzip can unpack
to a gigabyte, and of gzip in gzip to much more: so one layer only, and in small pieces.
"""

import zlib
from collections.abc import Iterator
from typing import Final

_MOST: Final = 64 * 1024
_GZIP_OR_ZLIB: Final = 47  # zlib.decompressobj: wbits 15, plus 32 to tell the two by their header


class BodyDecoder:
    """Undoes a Content-Encoding; raises ValueError for one that is unknown or broken."""

    def __init__(self, encoding: str) -> None:
        encoding = encoding.strip().lower()
        self._inflate = None
        if encoding in ("gzip", "x-gzip", "deflate"):
            self._inflate = zlib.decompressobj(_GZIP_OR_ZLIB)
        elif encoding not in ("", "identity"):
            raise ValueError(f"the answer has the encoding {encoding!r}, which was not asked for")

    def feed(self, part: bytes) -> Iterator[bytes]:
        """Yield what `part` unpacks to, at most 64 KiB at a time."""
        if self._inflate is None:
            yield part
            return
        try:
            while part and not self._inflate.eof:
                yield self._inflate.decompress(part, _MOST)
                part = self._inflate.unconsumed_tail
        except zlib.error as exc:
            raise ValueError(f"the compressed answer is broken: {exc}") from exc
