"""The list of conversations."""

from srchat.conversation import Conversation
from srchat.history.store import ConversationStore
from tests.support.conversations import pending_turn


def test_summaries_begin_with_the_conversation_used_last(store: ConversationStore) -> None:
    for number in range(450):  # more than a page, some with equal times
        id_, at = f"{number:04}", float(number % 400)
        turn = pending_turn(f"{id_}t", at=at)._replace(complete=True, served_model="served")
        conversation = Conversation(id_, f"prompt {number}", used_at=at).with_turn(turn)
        store.add_conversation(conversation)
    ids = [summary.id for summary in store.summaries()]
    assert len(ids) == len(set(ids)) == 450
    times = [summary.used_at for summary in store.summaries()]
    assert times == sorted(times, reverse=True)
    assert [summary.id for summary in store.summaries(3)] == ids[:3]
    assert len(store.search("hello", 1000)) == 450
    assert store.last_used() == ids[0]
    first = next(store.summaries())
    assert (first.title, first.turns, first.model, first.complete) == (
        "prompt 399", 1, "served", True,
    )  # fmt: skip
    assert store.delete(ids) == 450
    assert store.ids() == []
