"""Conversations and turns become rows and come back unchanged."""

import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from srchat.api.models import Usage
from srchat.conversation import Conversation, TurnRecord
from srchat.history.store import ConversationStore
from tests.support.conversations import save

TEXTS = st.text(st.characters(codec=None), max_size=60)  # lone surrogates and NUL, too


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(prompt=TEXTS, reply=TEXTS, title=TEXTS, system=st.none() | TEXTS, reason=TEXTS)
def test_texts_round_trip(
    store: ConversationStore, prompt: str, reply: str, title: str, system: str | None, reason: str
) -> None:
    id_ = os.urandom(6).hex()
    turn = TurnRecord("t", prompt, reply=reply, reason=reason, model=reply, served_model=title)
    conversation = Conversation(id_, title=title or "x", system=system).with_turn(turn)
    store.add_turn(conversation, turn)
    loaded = store.load(id_)
    assert (loaded.turns, loaded.title, loaded.system) == ((turn,), title or "x", system)
    assert isinstance(store.search(prompt + reply, 3), list)


def test_every_field_of_a_turn_comes_back(store: ConversationStore) -> None:
    turn = TurnRecord(
        "t1", "the prompt", parent="t0", reply="the reply", complete=True, reason="why",
        finish_reason="stop", base_url="http://x/v1", model="asked", served_model="served",
        usage=Usage(1, 2, 3), estimated_tokens=4, asked_at=5.5, first_at=6.5, ended_at=7.5,
        attachments=("a.txt", "b\ud800"), words_at=8, parameters={"seed": 9}, reasoning="because",
    )  # fmt: skip
    defaults = TurnRecord._field_defaults
    assert not [name for name in defaults if getattr(turn, name) == defaults[name]]
    store.add_turn(Conversation("c1"), turn)
    assert store.load("c1").turns == (turn,)


@pytest.mark.parametrize("text", ["", "nonsense", "3", "[" * 100_000])
def test_attachments_and_parameters_edited_by_hand_are_ignored(
    store: ConversationStore, text: str
) -> None:
    save(store, "c1")
    with store.database.transaction() as execute:
        execute("UPDATE turn SET attachments = :text, parameters = :text", {"text": text})
    (turn,) = store.load("c1").turns
    assert (turn.reply, turn.attachments, turn.parameters) == ("hi", (), {})
