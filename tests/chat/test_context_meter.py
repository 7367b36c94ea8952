"""How much of the context window a conversation takes."""

import dataclasses

from srchat.api.models import Usage
from srchat.chat.context_meter import ContextMeter
from srchat.conversation import Conversation, TurnRecord

TURN = TurnRecord("t1", "p" * 400, reply="r" * 400, complete=True)


def test_what_the_server_did_not_count_is_estimated_with_the_system_prompt() -> None:
    bare = Conversation("c1").with_turn(TURN)
    meter = ContextMeter()
    tokens = meter.tokens(bare)
    assert 200 <= tokens <= 220
    assert tokens + 100 <= meter.tokens(dataclasses.replace(bare, system="s" * 400)) <= tokens + 110


def test_what_the_server_counted_last_counts() -> None:
    counted = dataclasses.replace(TURN, usage=Usage(300, 100, 400))
    assert ContextMeter().tokens(Conversation("c1").with_turn(counted)) == 400
