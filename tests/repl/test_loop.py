"""The loop of a chat in a real terminal."""

from tests.conftest import Serve, Srchat
from tests.support.chatting import ChatTerminal, sent_messages
from tests.support.server import answer


def test_a_prompt_is_answered_and_sent_with_the_next_one(srchat: Srchat, serve: Serve) -> None:
    server = serve(answer("It is **blue**."), answer("Yes."))
    with ChatTerminal(srchat, server.url) as chat:
        assert "It is blue." in chat.run("what colour?")
        chat.run("sure?")
        assert chat.leave() == 0
    assert sent_messages(server) == [
        ("user", "what colour?"),
        ("assistant", "It is **blue**."),
        ("user", "sure?"),
    ]


def test_the_greeting_is_one_line(srchat: Srchat, serve: Serve) -> None:
    with ChatTerminal(srchat, serve(answer("x")).url, "-m", "some-model") as chat:
        chat.wait_for_prompt()
        greeting = [line for line in chat.above if line]
        assert len(greeting) == 1
        assert "some-model" in greeting[0]
        assert "/help" in greeting[0]
