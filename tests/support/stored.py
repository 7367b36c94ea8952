"""Stored conversations, for tests of `srchat history`."""

import time
from typing import Any

from srchat.conversation import Conversation, TurnRecord
from srchat.history.store import ConversationStore
from tests.conftest import Srchat
from tests.support.pseudo_terminal import TerminalSession

ATTACK = "\x1b]0;owned\x07\x1b[2J\x9b31m\u202eevil\x00\x7f [red]x[/] \U000e0041"
NOW = time.time()


def store_conversation(
    srchat: Srchat, id: str, *turns: tuple[str, str], age: float = 0.0, **more: Any
) -> Conversation:
    """Store a conversation of prompts and replies. `age`: seconds since its last use."""
    conversation = Conversation(id, created_at=NOW - age, used_at=NOW - age, **more)
    for index, (prompt, reply) in enumerate(turns):
        turn = TurnRecord(
            f"{id}{index}", prompt, parent=conversation.head, reply=reply, complete=True,
            model="asked", served_model="served", asked_at=NOW - age,
        )  # fmt: skip
        conversation = conversation.with_turn(turn)
    store = ConversationStore(srchat.history)
    store.add_conversation(conversation)
    store.close()
    return conversation


def on_terminal(srchat: Srchat, *args: str, lines: int = 24, **env: str) -> TerminalSession:
    command = srchat.command("history", *args)
    return TerminalSession(command, srchat.env | env, lines=lines, cwd=str(srchat.home))
