"""Files and standard input beside the words of a prompt, and the message made of them. Pure."""

from collections.abc import Sequence
from typing import NamedTuple


class Attachment(NamedTuple):
    """A text that is sent with a prompt, under the name that the model is shown."""

    name: str
    text: str


class UserMessage(NamedTuple):
    """A message as it is sent: the attachments, then the words.

    `names`: of the attachments. `words_at`: the index in `text` at which the words start.
    """

    text: str
    names: tuple[str, ...] = ()
    words_at: int = 0

    @property
    def words(self) -> str:
        """What was typed."""
        return self.text[self.words_at :]

    @property
    def brief(self) -> str:
        """The names of the attachments, and the words."""
        return " ".join([*(f"[{name}]" for name in self.names), self.words]).rstrip()

    def with_words(self, other: "UserMessage") -> "UserMessage":
        """Return these attachments followed by those and the words of another message."""
        if not self.names:
            return other
        files = self.text[: self.words_at].removesuffix("\n\n")
        start = f"{files}\n\n"
        return UserMessage(
            start + other.text, (*self.names, *other.names), len(start) + other.words_at
        )


def user_message(words: str, attachments: Sequence[Attachment]) -> UserMessage:
    """Return attachments and words as one message, separated by blank lines.

    One attachment without words is the message itself, exactly. Otherwise each is enclosed in
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
    """Return a file's name, which may hold any bytes, so that it can stand between quotes."""
    text = name.encode("utf-8", "replace").decode()
    return text.replace("&", "&amp;").replace('"', "&quot;").replace("\n", " ")
