"""Attachments of a prompt, and the message made of them and the typed words. Pure."""

from collections.abc import Sequence
from typing import NamedTuple


class Attachment(NamedTuple):
    """A text sent with a prompt, and the name under which the model sees it."""

    name: str
    text: str


class UserMessage(NamedTuple):
    """A message to send: the attachments, then the words.

    `names`: of the attachments. `words_at`: index in `text` at which the words start.
    """

    text: str
    names: tuple[str, ...] = ()
    words_at: int = 0

    @property
    def words(self) -> str:
        """The words that the user typed."""
        return self.text[self.words_at :]

    @property
    def brief(self) -> str:
        """The names of the attachments in brackets, then the words."""
        return " ".join([*(f"[{name}]" for name in self.names), self.words]).rstrip()

    def with_words(self, other: "UserMessage") -> "UserMessage":
        """Return a message with the attachments of both, and the words of `other`."""
        if not self.names:
            return other
        files = self.text[: self.words_at].removesuffix("\n\n")
        start = f"{files}\n\n"
        return UserMessage(
            start + other.text, (*self.names, *other.names), len(start) + other.words_at
        )


def user_message(words: str, attachments: Sequence[Attachment]) -> UserMessage:
    """Return attachments and words as one message, separated by blank lines.

    A single attachment without words is sent unchanged. Otherwise each attachment is enclosed in
    tags that do not occur in it, so that the model can tell it from the question.
    """
    if not attachments:
        return UserMessage(words)
    if not words and len(attachments) == 1:
        return UserMessage(attachments[0].text)
    files = enclosed(attachments)
    start = f"{files}\n\n" if words else files
    return UserMessage(start + words, tuple(each.name for each in attachments), len(start))


def enclosed(attachments: Sequence[Attachment]) -> str:
    """Return the attachments, each between tags that do not occur in it."""
    return "\n\n".join(map(_enclosed, attachments))


def _enclosed(attachment: Attachment) -> str:
    name, text = attachment
    tag = "file"
    while f"</{tag}>" in text:
        tag += "_"
    end = "" if text.endswith("\n") else "\n"
    return f'<{tag} name="{_attribute(name)}">\n{text}{end}</{tag}>'


def _attribute(name: str) -> str:
    """Return a file name, which may contain any bytes, for use between double quotes."""
    text = name.encode("utf-8", "replace").decode()
    return text.replace("&", "&amp;").replace('"', "&quot;").replace("\n", " ")
