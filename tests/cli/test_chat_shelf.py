"""What a chat asks for beside answers."""

from typing import cast

from srchat.chat.chat import Chat
from srchat.cli.chat_shelf import ChatShelf
from srchat.cli.runtime import Runtime
from srchat.conversation import Conversation, TurnRecord
from srchat.history.store import ConversationStore
from tests.conftest import Srchat


def test_fifty_conversations_are_offered_at_most(srchat: Srchat) -> None:
    data = srchat.home / "data"
    store = ConversationStore(data / "history.db")
    for number in range(60):
        turn = TurnRecord(f"{number:012x}", "what do cats eat?", asked_at=float(number))
        store.add_turn(Conversation(f"{number:08x}", title="What do cats eat?"), turn)
    store.close()
    runtime = Runtime(srchat.env | {"SRCHAT_DATA": str(data)})
    shelf = ChatShelf(runtime, cast("Chat", None), runtime.stderr)
    assert [len(shelf.find(words)) for words in ("cats", "", "dogs")] == [50, 50, 0]
    runtime.close()
