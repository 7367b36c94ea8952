"""Unusual standard input, and text that must not be altered."""

import os

import pytest

from srchat.errors import UsageError
from srchat.text_input import argument_text, decoded, has_data, read_stdin


def test_text_larger_than_a_pipe_is_read_whole() -> None:
    reading, writing = os.pipe()
    text = "ä" * 200_000
    if not os.fork():
        os.close(reading)
        data = text.encode()
        while data:
            data = data[os.write(writing, data[:4097]) :]
        os._exit(0)
    os.close(writing)
    assert read_stdin(reading, None).text == text
    os.close(reading)
    os.wait()


def test_a_descriptor_that_is_closed_counts_as_empty() -> None:
    fd = os.open(os.devnull, os.O_RDONLY)
    os.close(fd)
    assert read_stdin(fd, lambda: None).text == ""
    assert not has_data(fd)


def test_a_directory_as_standard_input_is_refused(tmp_path: object) -> None:
    fd = os.open(str(tmp_path), os.O_RDONLY)
    with pytest.raises(UsageError, match="directory"):
        read_stdin(fd, None)
    os.close(fd)


def test_a_byte_order_mark_is_dropped_once() -> None:
    assert decoded(b"\xef\xbb\xbf\xef\xbb\xbfa", "f") == "\ufeffa"


def test_words_that_are_not_utf8_are_refused() -> None:
    with pytest.raises(UsageError, match="not UTF-8"):
        argument_text("a\udce9")
