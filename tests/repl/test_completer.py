"""Completion of slash commands and their arguments in a real terminal."""

from tests.conftest import Serve, Srchat
from tests.support.chatting import CTRL_C, ENTER, ChatTerminal, sent_messages
from tests.support.server import answer, json_response


def test_commands_are_completed(srchat: Srchat, serve: Serve) -> None:
    with ChatTerminal(srchat, serve(answer("Fine.")).url) as chat:
        chat.wait_for_prompt()
        chat.type("/us")
        chat.wait_for_text("tokens, time and speed")
        chat.type("\t" + ENTER)
        chat.wait_for_text("tokens in use")


def test_only_tab_asks_the_server_for_models_and_only_once(srchat: Srchat, serve: Serve) -> None:
    models = {"data": [{"id": "qwen3:4b"}, {"id": "qwen3:8b"}, {"id": "evil\x1b[31m"}]}
    server = serve(json_response(models))
    with ChatTerminal(srchat, server.url) as chat:
        chat.wait_for_prompt()
        chat.type("/model 8")
        chat.read(0.3)
        assert server.requests == []
        chat.type("\t")
        chat.wait_for_text("qwen3:8b")
        chat.type("\t" + ENTER)
        chat.wait_for_text("model: qwen3:8b")
        assert b"\x1b[31m" not in chat.raw
    assert [request.path for request in server.requests] == ["/v1/models"]


def test_conversations_are_completed_by_sanitized_title(srchat: Srchat, serve: Serve) -> None:
    server = serve(answer("one"), answer("two"))
    with ChatTerminal(srchat, server.url) as chat:
        chat.run("why is the \u202esky blue")
        chat.run("/new")
        chat.run("another thing")
        chat.wait_for_prompt()
        chat.type("/load sky")
        chat.wait_for_text("\\u202esky")
        chat.type("\t" + ENTER)
        chat.wait_for_text("one")


def test_settings_and_files_are_completed(srchat: Srchat, serve: Serve) -> None:
    (srchat.home / "report.txt").write_text("numbers")
    server = serve(answer("Fine."))
    with ChatTerminal(srchat, server.url) as chat:
        chat.wait_for_prompt()
        chat.type("/set temp\t")
        chat.wait_for_text("/set temperature")
        chat.type(CTRL_C + "/set ke")
        chat.wait_for_text("keys  ")
        assert "api_key" not in chat.text  # which /set cannot change
        chat.type(CTRL_C + "/set temp\t")
        chat.wait_for(lambda _: chat.text.count("/set temperature") == 2)
        chat.type(" 0.5" + ENTER)
        chat.wait_for_text("temperature = 0.5")
        chat.wait_for_prompt()
        chat.type("/file rep\t")
        chat.wait_for_text("/file report.txt")
        chat.type(ENTER)
        chat.wait_for_text("report.txt (7 characters)")
        chat.run("sum up")
    assert server.requests[0].json["temperature"] == 0.5
    assert sent_messages(server) == [
        ("user", '<file name="report.txt">\nnumbers\n</file>\n\nsum up')
    ]


def test_an_unreadable_history_has_no_completions(srchat: Srchat, serve: Serve) -> None:
    srchat.history.mkdir(parents=True)
    with ChatTerminal(srchat, serve(answer("Fine.")).url) as chat:
        chat.wait_for_prompt()
        chat.type("/load x\t" + CTRL_C + "hello\t" + ENTER)
        chat.wait_for_text("Fine.")
        assert b"exception" not in chat.raw
