"""Searching stored conversations for slash commands."""

from srchat.conversation import Conversation, TurnRecord
from srchat.history.store import ConversationStore
from srchat.library import Library
from srchat.repl.library_commands import find, preview
from tests.conftest import Srchat


def test_at_most_fifty_conversations_are_found(srchat: Srchat) -> None:
    data = srchat.home / "data"
    store = ConversationStore(data / "history.db")
    for number in range(60):
        turn = TurnRecord(f"{number:012x}", "what do cats eat?", asked_at=float(number))
        store.add_turn(Conversation(f"{number:08x}", title="What do cats eat?"), turn)
    store.close()
    library = Library(srchat.env | {"SRCHAT_DATA": str(data)}, print)
    assert [len(find(library, words)) for words in ("cats", "", "dogs")] == [50, 50, 0]
    library.close()


def test_a_preview_shows_the_last_prompt_and_the_answer(srchat: Srchat) -> None:
    data = srchat.home / "data"
    library = Library(srchat.env | {"SRCHAT_DATA": str(data)}, print)
    assert preview(library, "aaaa1111") == ""  # no history yet
    store = ConversationStore(data / "history.db")
    turn = TurnRecord("a1", "what do cats eat?", reply="Fish.\n\nAnd mice.", asked_at=1.0)
    store.add_turn(Conversation("aaaa1111", title="Cats"), turn)
    store.close()
    assert preview(library, "aaaa1111") == "> what do cats eat?\nFish.\nAnd mice."
    assert preview(library, "bbbb2222") == ""  # deleted by another process
    library.close()
