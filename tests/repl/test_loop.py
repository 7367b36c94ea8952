"""The loop in a real terminal: what is typed is asked, answered, and known to the next prompt."""

from tests.conftest import Serve, Srchat
from tests.support.chatting import CTRL_D, ENTER, ChatTerminal, answering, sent
from tests.support.pseudo_terminal import TerminalSession
from tests.support.server import CLOSE, answer, chunk, head


def test_a_prompt_is_answered_and_the_next_one_knows_of_it(srchat: Srchat, serve: Serve) -> None:
    server = serve(answer("It is **blue**."), answer("Yes."))
    with ChatTerminal(srchat, server.url) as chat:
        assert "It is blue." in chat.run("what colour?")
        chat.run("sure?")
        assert chat.leave() == 0
    assert sent(server) == [
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


def test_continue_takes_up_the_last_conversation_and_shows_its_last_turn(
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
    assert len(sent(server)) == 5


def test_a_conversation_taken_up_shows_files_by_name_and_the_answer_whole(
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


def test_standard_output_in_a_file_gets_the_answers_alone(srchat: Srchat, serve: Serve) -> None:
    server = serve(answer("**one**"), answer("two"))
    command = srchat.command("chat", "--base-url", server.url)

    shell = ["sh", "-c", '"$@" > out.txt', "sh", *command]
    with TerminalSession(shell, srchat.env, cwd=str(srchat.home)) as session:
        answering(session)
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
