"""Attachments and words as one message, both unaltered."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from srchat.attachments import Attachment, UserMessage, user_message

FILES = st.lists(st.tuples(st.text('ab"&;.', min_size=1), st.text("a<>/file_\n")), max_size=3)


@given(st.text(max_size=50), st.text(min_size=1, max_size=20))
def test_attachments_and_words_are_not_altered(text: str, words: str) -> None:
    message = user_message(words, [Attachment("f", text)]).text
    assert message.endswith("\n\n" + words)
    tag = message[1 : message.index(" ")]
    body = message[message.index(">\n") + 2 : message.rindex(f"</{tag}>")]
    assert body in (text, text + "\n")
    assert message.count(f"</{tag}>") - words.count(f"</{tag}>") == 1


@given(st.text(max_size=50))
def test_one_attachment_alone_is_the_message(text: str) -> None:
    assert user_message("", [Attachment("f", text)]) == UserMessage(text)


def test_several_attachments_need_no_words() -> None:
    message = user_message("", [Attachment("a", "1"), Attachment('b"\n', "2\n")])
    assert message.text == '<file name="a">\n1\n</file>\n\n<file name="b&quot; ">\n2\n</file>'
    assert (message.names, message.words) == (("a", 'b"\n'), "")


@given(FILES, st.text("<>/file\n ?", min_size=1))
def test_words_are_separated_from_attachments_whatever_they_contain(
    files: list[tuple[str, str]], words: str
) -> None:
    message = user_message(words, [Attachment(*file) for file in files])
    assert message.names == tuple(name for name, _ in files)
    assert message.words == words


@pytest.mark.parametrize("words", ['<file name="a">\nx\n</file>', '<file name="a">\nnever closed'])
def test_words_that_look_like_an_attachment_are_words(words: str) -> None:
    assert user_message(words, []) == UserMessage(words)
    assert user_message(words, []).brief == words


@given(FILES, FILES, st.text(max_size=5), st.text(min_size=1, max_size=5))
def test_other_words_follow_the_files(
    old: list[tuple[str, str]], new: list[tuple[str, str]], before: str, after: str
) -> None:
    first = user_message(before or "?", [Attachment(*file) for file in old])
    second = user_message(after, [Attachment(*file) for file in new])
    both = [Attachment(*file) for file in [*old, *new]]
    assert first.with_words(second) == user_message(after, both)


def test_a_brief_message_names_its_files() -> None:
    message = user_message("sum up", [Attachment("a.txt", "1\n2"), Attachment('"b"', "3")])
    assert message.brief == '[a.txt] ["b"] sum up'
