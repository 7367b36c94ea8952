"""The formats of exported conversations."""

import json
from pathlib import PurePath

import pytest

from srchat.conversation import Conversation, TurnRecord
from srchat.history.export import Format, exported, format_of
from srchat.history.transcript import conversations_from_json


@pytest.mark.parametrize(
    ("name", "format"),
    [
        ("talk.md", Format.MARKDOWN),
        ("talk.json", Format.JSON),
        ("TALK.HTML", Format.HTML),
        ("talk", Format.MARKDOWN),
        ("talk.txt", Format.MARKDOWN),
        (".html", Format.MARKDOWN),
    ],
)
def test_the_suffix_chooses_the_format(name: str, format: Format) -> None:
    assert format_of(PurePath(name)) is format


@pytest.mark.parametrize("count", [0, 1, 2])
def test_json_has_every_conversation(count: int) -> None:
    turn = TurnRecord("abcd", "hi", reply="\x1b[2J\ud800", complete=True)
    conversations = [Conversation(f"id{n}0", "t", head="abcd", turns=(turn,)) for n in range(count)]
    text = "".join(exported(conversations, Format.JSON, str))
    assert text.isascii()
    assert [each.turns for each in conversations_from_json(json.loads(text))] == [(turn,)] * count


@pytest.mark.parametrize("format", Format)
def test_each_format_has_titles_and_replies(format: Format) -> None:
    turn = TurnRecord("abcd", "hi", reply="Fine.", complete=True)
    text = "".join(
        exported([Conversation("id00", "A title", turns=(turn,), head="abcd")], format, str)
    )
    assert "A title" in text
    assert "Fine." in text
