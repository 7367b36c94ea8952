"""Standard input that misbehaves, and text that must not be altered."""

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from srchat.errors import UsageError
from srchat.prompt import (
    Attachment,
    argument_text,
    decoded,
    read_stdin,
    split_message,
    user_message,
)


@given(st.text(max_size=50), st.text(min_size=1, max_size=20))
def test_attachments_and_words_are_not_altered(text: str, words: str) -> None:
    message = user_message(words, [Attachment("f", text)])
    assert message.endswith("\n\n" + words)
    tag = message[1 : message.index(" ")]
    body = message[message.index(">\n") + 2 : message.rindex(f"</{tag}>")]
    assert body in (text, text + "\n")
    assert message.count(f"</{tag}>") - words.count(f"</{tag}>") == 1


@given(st.text(max_size=50))
def test_one_attachment_alone_is_the_message(text: str) -> None:
    assert user_message("", [Attachment("f", text)]) == text


def test_several_attachments_need_no_words() -> None:
    message = user_message("", [Attachment("a", "1"), Attachment('b"\n', "2\n")])
    assert message == '<file name="a">\n1\n</file>\n\n<file name="b&quot; ">\n2\n</file>'


@given(
    st.lists(st.tuples(st.text('ab"&;.', min_size=1), st.text("a<>/file_\n")), max_size=3),
    st.text("<>/file\n ?", min_size=1).filter(lambda words: not words.startswith("<file")),
)
def test_a_message_is_taken_apart_as_it_was_put_together(
    files: list[tuple[str, str]], words: str
) -> None:
    message = user_message(words, [Attachment(*file) for file in files])
    parts = split_message(message)
    assert (parts.names, parts.words) == ([name for name, _ in files], words)
    assert "\n\n".join(filter(None, (parts.files, words))) == message


@given(st.text('<>/file_ name="a"\n', max_size=60))
def test_no_letter_of_a_message_is_lost_in_its_parts(message: str) -> None:
    files, _, words = split_message(message)
    assert message in (f"{files}\n\n{words}", files + words)


@pytest.mark.parametrize(
    "words",
    ['<file name="a">\nnever closed', '<file name="a">\nx\n</file> and on', "<file>\nx\n</file>"],
)
def test_words_that_look_like_a_file_are_words(words: str) -> None:
    assert split_message(words) == ("", [], words)


def test_a_message_in_brief_names_its_files() -> None:
    message = user_message("sum up", [Attachment("a.txt", "1\n2"), Attachment('"b"', "3")])
    assert split_message(message).brief == '[a.txt] ["b"] sum up'


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
