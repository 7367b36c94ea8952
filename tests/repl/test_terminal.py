"""The terminal of a chat: what it shows of a stored turn, and where answers go."""

from tests.conftest import Serve, Srchat
from tests.support.chatting import CTRL_D, ENTER, ChatTerminal, answer_cursor_queries, sent_messages
from tests.support.pseudo_terminal import TerminalSession
from tests.support.server import CLOSE, answer, chunk, head


def test_continue_resumes_the_last_conversation_and_shows_its_last_turn(
    srchat: Srchat, serve: Serve
) -> None:
    server = serve(answer("old answer"), answer("the **last** answer"), answer("third"))
    with ChatTerminal(srchat, server.url) as chat:
        chat.run("first")
        chat.run("second")
        chat.leave()
    with ChatTerminal(srchat, server.url, "--continue") as chat:
        chat.wait_for_prompt()
        assert "> second" in chat.text
        assert "the last answer" in chat.text
        assert "old answer" not in chat.text
        chat.run("more")
    assert len(sent_messages(server)) == 5


def test_a_resumed_conversation_shows_file_names_and_the_whole_answer(
    srchat: Srchat, serve: Serve
) -> None:
    (srchat.home / "a.txt").write_text("AAA\n")
    server = serve([head(), chunk("the first half"), CLOSE], answer(" and the second"))
    with ChatTerminal(srchat, server.url, "-f", "a.txt") as chat:
        chat.run("sum up")
        chat.run("/continue")
        chat.leave()
    with ChatTerminal(srchat, server.url, "--continue") as chat:
        chat.wait_for_prompt()
        assert "> [a.txt] sum up" in chat.text
        assert "the first half and the second" in chat.text
        assert "AAA" not in chat.text


def test_redirected_standard_output_gets_only_the_answers(srchat: Srchat, serve: Serve) -> None:
    server = serve(answer("**one**"), answer("two"))
    command = srchat.command("chat", "--base-url", server.url)

    shell = ["sh", "-c", '"$@" > out.txt', "sh", *command]
    with TerminalSession(shell, srchat.env, cwd=str(srchat.home)) as session:
        answer_cursor_queries(session)
        session.wait_for_text(">")
        session.type("a" + ENTER)
        session.wait_for(lambda _: len(server.requests) == 1)
        session.read(0.5)
        session.type("b" + ENTER)
        session.wait_for(lambda _: len(server.requests) == 2)
        session.read(0.5)
        session.type(CTRL_D)
        assert session.wait() == 0
    assert (srchat.home / "out.txt").read_bytes() == b"**one**\ntwo\n"
