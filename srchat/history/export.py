"""Exports conversations as Markdown, JSON or HTML. A format is a member of `Format`."""

import json
from collections.abc import Callable, Iterable, Iterator
from enum import StrEnum
from pathlib import PurePath

from srchat.conversation import Conversation
from srchat.history.transcript import VERSION, conversation_to_json, to_markdown

FormatTime = Callable[[float], str]


class Format(StrEnum):
    """The format of an export; also the suffix of its files."""

    MARKDOWN = "markdown"
    JSON = "json"
    HTML = "html"


def format_of(path: PurePath) -> Format:
    """Return the format of a file with this name: Markdown, if the suffix is of no other."""
    suffix = path.suffix.lower().removeprefix(".")
    return Format(suffix) if suffix in set(Format) else Format.MARKDOWN


def exported(
    conversations: Iterable[Conversation], format: Format, format_time: FormatTime
) -> Iterator[str]:
    """Yield conversations in a format, in pieces. `format_time` formats a Unix time.

    JSON and Markdown have all turns, HTML has those of the current branch.
    """
    export = {Format.MARKDOWN: _markdown, Format.JSON: _json, Format.HTML: _html}[format]
    return export(conversations, format_time)


def _markdown(conversations: Iterable[Conversation], format_time: FormatTime) -> Iterator[str]:
    for place, conversation in enumerate(conversations):
        if place:
            yield "\n---\n\n"
        yield from to_markdown(conversation, conversation.turns, format_time)


def _json(conversations: Iterable[Conversation], _: FormatTime) -> Iterator[str]:
    yield f'{{"srchat_history": {VERSION}, "conversations": ['
    for place, conversation in enumerate(conversations):
        # Escaped to ASCII: lossless, and safe on a terminal.
        document = json.dumps(conversation_to_json(conversation))
        yield f",\n{document}" if place else f"\n{document}"
    yield "\n]}\n"


def _html(conversations: Iterable[Conversation], format_time: FormatTime) -> Iterator[str]:
    from srchat.history.page import to_html  # noqa: PLC0415 - Rich and markdown-it, 60 ms

    yield from to_html(conversations, format_time)
