"""Totals of the stored turns by day, by model and by conversation."""

import time
from collections.abc import Iterator

import pytest

from srchat.api.models import Usage
from srchat.conversation import Conversation, TurnRecord
from srchat.history.statistics import Stat, add_up
from srchat.history.store import ConversationStore


@pytest.fixture(autouse=True)
def turns(store: ConversationStore, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Store three turns: two in one conversation, on two days of the local time zone."""
    monkeypatch.setenv("TZ", "UTC-2")
    time.tzset()
    turn = TurnRecord("t1", "hello", reply="hi", complete=True, model="asked", asked_at=0.0)
    late = 22 * 3600.0  # midnight, two hours east of Greenwich
    for conversation, record in (
        ("c1", turn._replace(served_model="large", usage=Usage(10, 5, 15), ended_at=2.5)),
        ("c1", turn._replace(id="t2", parent="t1", asked_at=late, ended_at=late + 1.0)),
        ("c2", turn._replace(served_model="large", usage=Usage(100, 50, 150), asked_at=late)),
    ):
        store.add_turn(Conversation(conversation, title="the same title"), record)
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize(
    ("by", "totals"),
    [
        ("day", [Stat("1970-01-02", 2, 100, 50, 1.0), Stat("1970-01-01", 1, 10, 5, 2.5)]),
        ("model", [Stat("large", 2, 110, 55, 2.5), Stat("asked", 1, 0, 0, 1.0)]),
        (
            "conversation",
            [Stat("the same title", 1, 100, 50, 0.0), Stat("the same title", 2, 10, 5, 3.5)],
        ),
    ],
)
def test_turns_are_added_up(store: ConversationStore, by: str, totals: list[Stat]) -> None:
    assert add_up(store.database, by, 10) == totals
    assert add_up(store.database, by, 1) == totals[:1]
