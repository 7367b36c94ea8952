"""Compressed bodies are decoded exactly, and within bounds."""

import gzip
import tracemalloc
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from srchat.api.encoding import BodyDecoder

TEXT = "data: é😀\n\n".encode() * 5000


def decoded(encoding: str, *parts: bytes) -> bytes:
    decoder = BodyDecoder(encoding)
    return b"".join(piece for part in parts for piece in decoder.feed(part))


@pytest.mark.parametrize("encoding", ["", "identity", " Identity "])
def test_a_body_without_encoding_is_unchanged(encoding: str) -> None:
    assert decoded(encoding, b"ab", b"", b"c") == b"abc"


@pytest.mark.parametrize("encoding", ["gzip", "x-gzip", " GZIP "])
@given(st.binary(max_size=300), st.integers(1, 50))
def test_gzip_is_decoded_however_it_is_split(encoding: str, body: bytes, size: int) -> None:
    packed = gzip.compress(body)
    parts = [packed[i : i + size] for i in range(0, len(packed), size)]
    assert decoded(encoding, *parts) == body


@pytest.mark.parametrize("size", [1, 100, 10**6])
def test_a_body_that_expands_to_many_pieces_is_complete(size: int) -> None:
    packed = gzip.compress(TEXT * 4)
    parts = [packed[i : i + size] for i in range(0, len(packed), size)]
    assert decoded("gzip", *parts) == TEXT * 4


@pytest.mark.parametrize("wbits", [15, 31], ids=["zlib", "gzip"])
@pytest.mark.parametrize("size", [1, 2, 10**6])
@pytest.mark.parametrize("body", [TEXT, b""], ids=["a text", "nothing"])
def test_deflate_is_decoded_with_and_without_a_zlib_header(
    wbits: int, size: int, body: bytes
) -> None:
    packer = zlib.compressobj(wbits=wbits)
    packed = packer.compress(body) + packer.flush()
    assert decoded("deflate", *(packed[i : i + size] for i in range(0, len(packed), size))) == body


def test_each_flushed_piece_is_read_at_once() -> None:
    packer = zlib.compressobj(wbits=31)
    decoder = BodyDecoder("gzip")
    for text in (b"data: 1\n\n", b"data: 2\n\n"):
        part = packer.compress(text) + packer.flush(zlib.Z_SYNC_FLUSH)
        assert b"".join(decoder.feed(part)) == text


@pytest.mark.parametrize("encoding", ["br", "zstd", "gzip, gzip", "none"])
def test_an_encoding_that_was_not_asked_for_is_refused(encoding: str) -> None:
    with pytest.raises(ValueError, match="unsupported"):
        BodyDecoder(encoding)


@pytest.mark.parametrize("body", [b"data: hello\n\n", b"\x1f\x8bnonsense, not deflate"])
def test_a_corrupt_body_is_an_error(body: bytes) -> None:
    with pytest.raises(ValueError, match="corrupt"):
        decoded("gzip", body)


@pytest.mark.parametrize("size", [1, 7, 10**6])
def test_every_member_of_a_gzip_body_is_decoded(size: int) -> None:
    packed = b"".join(gzip.compress(text) for text in (TEXT, b"", b"data: 2\n\n"))
    parts = [packed[i : i + size] for i in range(0, len(packed), size)]
    assert decoded("gzip", *parts) == TEXT + b"data: 2\n\n"


@pytest.mark.parametrize("size", [1, 7, 10**6])
def test_data_before_the_corrupt_byte_is_kept(size: int) -> None:
    packer = zlib.compressobj(wbits=31)
    packed = packer.compress(TEXT) + packer.flush(zlib.Z_SYNC_FLUSH) + b"\xff" * 99
    decoder, got = BodyDecoder("gzip"), list[bytes]()
    pieces = (p for i in range(0, len(packed), size) for p in decoder.feed(packed[i : i + size]))
    with pytest.raises(ValueError, match="corrupt"):
        got.extend(pieces)
    assert b"".join(got) == TEXT


def test_a_gzip_bomb_is_decoded_in_small_pieces() -> None:
    bomb = gzip.compress(bytes(64 * 1024 * 1024))
    tracemalloc.start()
    sizes = [len(piece) for piece in BodyDecoder("gzip").feed(bomb)]
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert sum(sizes) == 64 * 1024 * 1024
    assert max(sizes) <= 64 * 1024
    assert peak < 2 * 1024 * 1024


def test_data_after_the_end_of_the_compressed_body_is_discarded() -> None:
    decoder = BodyDecoder("gzip")
    assert b"".join(decoder.feed(gzip.compress(b"abc") + b"rest")) == b"abc"
    tracemalloc.start()
    for _ in range(100):
        assert b"".join(decoder.feed(bytes(100_000))) == b""
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 1024 * 1024
