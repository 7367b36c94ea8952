"""The text of a reply while it arrives."""

import tracemalloc

import pytest

from srchat.session.reply import TextBuffer


def test_a_text_buffer_keeps_every_piece_in_order() -> None:
    buffer = TextBuffer()
    assert not buffer
    assert str(buffer) == ""
    pieces = [str(number) for number in range(10_000)]
    for piece in pieces:
        buffer.append(piece)
    assert buffer
    assert str(buffer) == "".join(pieces)


def test_a_text_buffer_of_many_small_pieces_is_small() -> None:
    buffer = TextBuffer()
    tracemalloc.start()
    for number in range(100_000):
        buffer.append(f"{number:06}")
    size, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert size < 3 * 600_000


def test_the_pieces_of_a_text_buffer_take_no_more_memory() -> None:
    buffer = TextBuffer()
    large = [f"{number:04}" * 1000 for number in range(5000)]
    tracemalloc.start()
    for piece in large:
        buffer.append(piece)
    assert list(buffer.pieces) == large
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 1_000_000


def test_the_small_pieces_of_a_text_buffer_are_joined() -> None:
    buffer = TextBuffer()
    assert list(buffer.pieces) == []
    for number in range(10):
        buffer.append(str(number))
    assert list(buffer.pieces) == ["0123456789"]
    buffer.append("more")
    assert list(buffer.pieces) == ["0123456789", "more"]
    assert str(buffer) == "0123456789more"


@pytest.mark.parametrize(
    ("limit", "text"), [(0, ""), (1, "a"), (2, "ab"), (3, "abc"), (9, "abcde")]
)
def test_a_text_buffer_has_a_prefix(limit: int, text: str) -> None:
    buffer = TextBuffer()
    buffer.append("ab")
    assert str(buffer) == "ab"  # joins the pieces so far
    buffer.append("cd")
    buffer.append("e")
    assert buffer.prefix(limit) == text
