"""Random and broken exports: only clear errors, nothing half imported, and the rest unharmed."""

import json
import random
from pathlib import Path
from typing import Any

from srchat.conversation import Conversation, TurnRecord
from srchat.history.store import ConversationStore
from srchat.history.transcript import VERSION, conversation_to_json, conversations_from_json
from tests.fuzz.seeds import seeds

_ODD: tuple[Any, ...] = (
    None, True, -1, 10**400, 1.5e308, "", "x" * 500, "\ud800", "\0", [], {}, [[]], {"id": 1},
)  # fmt: skip


def _conversation(chance: random.Random) -> dict[str, Any]:
    turns: list[TurnRecord] = []
    for number in range(chance.randrange(4)):
        parent = chance.choice([None, *(turn.id for turn in turns)])
        reply = chance.choice(("", "answer", "日本\u202e", "\ud83d"))
        complete = chance.random() < 0.5
        turns.append(TurnRecord(f"{number:012x}", "prompt", parent, reply, complete, asked_at=1.0))
    head = chance.choice([None, *(turn.id for turn in turns)])
    id_ = f"{chance.randrange(2**24):06x}"
    return conversation_to_json(Conversation(id_, "title", "system", 1.0, 2.0, head, tuple(turns)))


def _broken(chance: random.Random, value: Any) -> Any:
    """Return a document with something odd somewhere in it."""
    if chance.random() < 0.2 or not isinstance(value, dict | list) or not value:
        return chance.choice(_ODD)
    copy = value.copy()
    place = chance.choice(list(copy) if isinstance(copy, dict) else range(len(copy)))
    if isinstance(copy, dict) and chance.random() < 0.2:
        del copy[place]
    else:
        copy[place] = _broken(chance, copy[place])
    return copy


def test_what_is_imported_is_exported_the_same_and_what_is_broken_is_refused(
    tmp_path: Path,
) -> None:
    store = ConversationStore(tmp_path / "history.db")
    mine = Conversation("mine", "mine").with_turn(TurnRecord("m1", "prompt", reply="kept"))
    store.add_conversation(mine)
    imported = 0
    for seed in seeds(150):
        chance = random.Random(seed)
        document: Any = {"srchat_history": VERSION, "conversations": [_conversation(chance)]}
        if chance.random() < 0.7:
            document = _broken(chance, document)
        try:
            found = list(conversations_from_json(json.loads(json.dumps(document))))
        except (ValueError, RecursionError):
            continue
        for conversation in found:
            store.add_conversation(conversation)
            kept = store.load(conversation.id)
            assert {t.id for t in conversation.turns} <= {t.id for t in kept.turns}, f"seed {seed}"
            again = {"srchat_history": VERSION, "conversations": [conversation_to_json(kept)]}
            assert list(conversations_from_json(again)) == [kept], f"seed {seed}"
            imported += 1
        assert store.load("mine").turns == mine.turns, f"seed {seed}"
    assert imported > 20
    store.close()
