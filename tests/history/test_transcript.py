"""Conversations as JSON and Markdown."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from srchat.api.models import Usage
from srchat.conversation import Conversation, TurnRecord
from srchat.history.transcript import conversation_to_json, conversations_from_json, to_markdown

TEXTS = st.text(st.characters(codec=None), max_size=40)  # lone surrogates and NUL, too
IDS = st.text("0123456789abcdef", min_size=4, max_size=12)
TIMES = st.floats(0, 4e9)


@st.composite
def conversations(draw: st.DrawFn) -> Conversation:
    ids = draw(st.lists(IDS, max_size=4, unique=True))
    turns = tuple(
        TurnRecord(
            id=id_,
            prompt=draw(TEXTS),
            parent=draw(st.sampled_from([None, *ids[:place]])),
            reply=draw(TEXTS),
            complete=draw(st.booleans()),
            reason=draw(TEXTS),
            model=draw(TEXTS),
            usage=draw(st.none() | st.builds(Usage, *[st.integers(0, 10**6)] * 3)),
            asked_at=draw(TIMES),
            ended_at=draw(st.none() | TIMES),
        )
        for place, id_ in enumerate(ids)
    )
    return Conversation(
        id=draw(IDS), title=draw(TEXTS.filter(bool)), system=draw(st.none() | TEXTS),
        created_at=draw(TIMES), used_at=draw(TIMES),
        head=draw(st.sampled_from([None, *ids])), turns=turns,
    )  # fmt: skip


def document(*items: Any) -> Any:
    return {"srchat_history": 1, "conversations": list(items)}


@given(conversations())
def test_json_round_trips(conversation: Conversation) -> None:
    text = json.dumps(document(conversation_to_json(conversation)))
    assert text.isascii()
    assert list(conversations_from_json(json.loads(text))) == [conversation]


@pytest.mark.parametrize(
    "value",
    [
        None, [], "x", 1, {}, {"conversations": {}}, {"srchat_history": 1},
        document(None), document([]), document({}), document({"id": 5}), document({"id": "../x"}),
        document({"id": "abcd", "turns": {}}), document({"id": "abcd", "turns": [3]}),
        document({"id": "abcd", "turns": [{"id": "0001", "prompt": None}]}),
        document({"id": "abcd", "turns": [{"id": "0001", "usage": []}]}),
        document({"id": "abcd", "turns": [{"id": "0001", "usage": {"prompt_tokens": -1}}]}),
        document({"id": "abcd", "turns": [{"id": "0001", "usage": {"prompt_tokens": True}}]}),
        document({"id": "abcd", "turns": [{"id": "0001", "usage": {"prompt_tokens": 10**400}}]}),
        document({"id": "abcd", "turns": [{"id": "0001", "complete": "yes"}]}),
        document({"id": "abcd", "turns": [{"id": "0001", "attachments": [3]}]}),
        document({"id": "abcd", "created_at": "now"}), document({"id": "abcd", "used_at": 1e300}),
        document({"id": "abcd", "created_at": float("nan")}),
    ],
)  # fmt: skip
def test_invalid_json_is_rejected(value: Any) -> None:
    with pytest.raises(ValueError, match=r"is not|was written|missing"):
        list(conversations_from_json(value))


@pytest.mark.parametrize(
    ("version", "why"),
    [
        (2, "newer srchat"),
        (None, "it is not an export"),
        ("1", "it is not an export"),
        ([], "it is not an export"),
    ],
)
def test_other_versions_are_rejected(version: Any, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        list(conversations_from_json({"srchat_history": version, "conversations": []}))


def test_a_parent_that_does_not_precede_its_child_is_dropped() -> None:
    turns = [{"id": "0001", "parent": "0002"}, {"id": "0002", "parent": "0001"}]
    (conversation,) = conversations_from_json(document({"id": "abcd", "turns": turns}))
    assert [turn.parent for turn in conversation.turns] == [None, "0001"]
    assert conversation.head == "0002"


def test_markdown_does_not_escape_texts() -> None:
    conversation = (
        Conversation("abcd", system="Be brief.")
        .with_turn(TurnRecord("0001", "Hi\n```", reply="**Hello**", complete=True, model="m"))
        .with_turn(TurnRecord("0002", "More?", parent="0001", reply="Ye", reason="lost"))
        .with_turn(TurnRecord("0003", "More!", parent="0001", reason="refused"))
    )
    text = "".join(to_markdown(conversation, conversation.turns, lambda _: "NOW"))
    assert text == (
        "# Hi\n\nabcd, started NOW\n\n## System\n\nBe brief.\n"
        "\n## You, NOW\n\nHi\n```\n\n## m\n\n**Hello**\n"
        "\n## You, NOW\n\nMore?\n\n## Answer\n\nYe\n\n*Incomplete: lost*\n"
        "\n## You, NOW, on another branch\n\nMore!\n\n## Answer\n\n*refused*\n"
    )
