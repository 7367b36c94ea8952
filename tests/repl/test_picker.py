"""The list from which a conversation is chosen with the arrow keys."""

from tests.chatting import DOWN, ENTER, ESC, ChatTerminal, sent
from tests.conftest import Serve, Srchat
from tests.server import answer


def test_load_offers_the_conversations_used_last(srchat: Srchat, serve: Serve) -> None:
    server = serve(answer("one"), answer("two"), answer("three"))
    with ChatTerminal(srchat, server.url) as chat:
        chat.run("about cats")
        chat.run("/new")
        chat.run("about dogs")
        chat.run("/new")
        chat.say("/load")
        chat.wait_for_text("about cats (1)")
        chat.type(DOWN + ENTER)
        chat.wait_for_text("about cats (")
        chat.wait_for_prompt()
        chat.run("and more")
        chat.say("/load")
        chat.wait_for_text("about dogs (1)")
        chat.type(ESC)
        chat.wait_for_prompt()
    assert sent(server) == [("user", "about cats"), ("assistant", "one"), ("user", "and more")]
