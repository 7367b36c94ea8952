"""Decompression of response bodies, within bounds.

srchat asks for `identity`, but a proxy may compress anyway. A megabyte of gzip can expand to a
gigabyte, and nested gzip to much more: only one layer is decoded, in small pieces.
"""

import contextlib
import zlib
from collections.abc import Iterator
from typing import Final

_MAX_PIECE: Final = 64 * 1024
_GZIP_OR_ZLIB: Final = 47  # wbits of zlib: a window of 15, plus 32 to detect the header
_MEMBER: Final = b"\x1f"  # a gzip body may have several members (RFC 1952, section 2.2)


class BodyDecoder:
    """Undoes a Content-Encoding. Raises ValueError if it is unknown or the data is corrupt."""

    def __init__(self, encoding: str) -> None:
        encoding = encoding.strip().lower()
        self._inflate = None
        if encoding in ("gzip", "x-gzip", "deflate"):
            self._inflate = zlib.decompressobj(_GZIP_OR_ZLIB)
        elif encoding not in ("", "identity"):
            raise ValueError(f"unsupported content encoding {encoding!r}")

    def feed(self, part: bytes) -> Iterator[bytes]:
        """Yield the decoded bytes, at most 64 KiB at a time."""
        if self._inflate is None:
            yield part
            return
        while part:
            if self._inflate.eof:
                if not part.startswith(_MEMBER):  # padding
                    return
                self._inflate = zlib.decompressobj(_GZIP_OR_ZLIB)
            before = self._inflate.copy()
            try:
                yield self._inflate.decompress(part, _MAX_PIECE)
            except zlib.error as exc:
                yield _valid_prefix(before, part)
                raise ValueError(f"the compressed answer is corrupt: {exc}") from exc
            part = self._inflate.unconsumed_tail or self._inflate.unused_data


def _valid_prefix(inflate: "zlib._Decompress", part: bytes) -> bytes:
    """Return the output before the corrupt byte, which zlib discards with the rest of its input."""
    good = b""
    with contextlib.suppress(zlib.error):
        for byte in part:  # pragma: no branch - it stops at the corrupt byte
            good += inflate.decompress(bytes([byte]), _MAX_PIECE)
    return good
