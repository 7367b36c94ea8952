"""Stores and finds conversations."""

import contextlib

from srchat.conversation import Conversation, TurnRecord
from srchat.history.store import ConversationStore
from tests.conftest import Srchat


def pending_turn(
    id: str, prompt: str = "hello", parent: str | None = None, at: float = 1.0
) -> TurnRecord:
    return TurnRecord(id, prompt, parent=parent, asked_at=at, model="m", reason="still coming")


def save(
    store: ConversationStore, id: str, prompt: str = "hello", reply: str = "hi", at: float = 1.0
) -> Conversation:
    """Save a conversation of one turn."""
    turn = pending_turn(f"{id}t", prompt, at=at)
    conversation = Conversation(id, created_at=at, used_at=at).with_turn(turn)
    store.add_turn(conversation, turn)
    turn = turn._replace(reply=reply, complete=True, reason="", served_model="served")
    store.update_turn(conversation, turn)
    return store.load(id)


def found(store: ConversationStore, query: str) -> list[str]:
    return [hit.conversation for hit in store.search(query, 20)]


def only_turn(srchat: Srchat) -> TurnRecord:
    """Return the only turn of the only conversation."""
    store = ConversationStore(srchat.history)
    (id_,) = store.ids()
    (turn,) = store.load(id_).turns
    store.close()
    return turn


def stored_ids(srchat: Srchat) -> list[str]:
    if not srchat.history.exists():
        return []
    with contextlib.closing(ConversationStore(srchat.history)) as store:
        return store.ids()
