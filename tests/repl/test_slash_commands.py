"""Slash commands in a real terminal, with right and wrong arguments."""

import re

import pytest

from srchat.repl.slash_commands import COMMANDS
from tests.conftest import Serve, Srchat
from tests.support.chatting import ENTER, ChatTerminal, chat_on, sent_messages
from tests.support.server import answer, json_response


def test_commands_have_lower_case_names_and_docstrings() -> None:
    assert all(re.fullmatch("[a-z]+", name) for name in COMMANDS)
    assert all(command.run.__doc__ or command.name == "help" for command in COMMANDS.values())


def test_help_fits_a_screen_of_80x24(srchat: Srchat, serve: Serve) -> None:
    with chat_on(srchat, serve) as chat:
        shown = chat.run("/help")
        assert all(f"/{name}" in shown for name in COMMANDS)
        assert len(shown.splitlines()) <= 22
        assert "> /help" in chat.terminal.screen
        for place, name in enumerate(COMMANDS):
            assert shown.splitlines()[place + 1][9:].startswith(f"/{name}")


def test_help_describes_a_command(srchat: Srchat, serve: Serve) -> None:
    with chat_on(srchat, serve) as chat:
        assert "Nth code block" in chat.run("/help copy")
        assert "kept on another branch" in chat.run("/help /retry").replace("\n", " ")
        assert "\nIn a prompt, @PATH does the same." in chat.run("/help file")
        assert "unknown command /retri\nhint: did you mean /retry?" in chat.run("/help retri")


def test_an_unknown_command_suggests_another(srchat: Srchat, serve: Serve) -> None:
    with chat_on(srchat, serve) as chat:
        message = "hint: to send this as a message, type: /"
        assert f"did you mean /model?\n{message}/modle x\n" in chat.run("/modle x") + "\n"
        assert f"hint: /help lists the commands\n{message}/zzz" in chat.run("/zzz")


def test_wrong_arguments_are_reported_and_nothing_is_sent(srchat: Srchat, serve: Serve) -> None:
    server = serve(answer("Fine."))
    wrong = {
        "/retry": "no prompt to retry",
        "/continue": "no prompt to retry",
        "/edit": "no prompt to retry",
        "/undo": "nothing to undo",
        "/undo x": "usage: /undo [N]",
        "/undo 0": "usage: /undo [N]",
        "/undo -1": "usage: /undo [N]",
        "/copy": "no answer to copy",
        "/title": "usage: /title TEXT",
        "/save": "usage: /save FILE",
        "/save x.md": "nothing to save yet",
        "/file nowhere.txt": "cannot read nowhere.txt",
        "/file .": "cannot read .",
        "/file ~nobodyatall/x": "cannot read ~nobodyatall/x",
        "/save ~nobodyatall/x": "nothing to save yet",
        "/load nonesuch": "no conversation about 'nonesuch'",
        "/history": "no stored conversations",
        "/new now": "/new takes no argument",
        "/exit now": "/exit takes no argument",
        "/model two words": "usage: /model NAME",
        "/model x:": "usage: /model NAME",
        "/set temperature 3": "must be a number from 0 to 2",
        "/set temprature 1": "did you mean 'temperature'?",
        "/set api_key x": "/set cannot change api_key",
        "/set seed 7": "/set param.seed VALUE",
        "/set system x": "use /system",
        "/system @nowhere": "cannot read nowhere",
        "/system @": "@ without a file name",
    }
    with ChatTerminal(srchat, server.url) as chat:
        for line, message in wrong.items():
            shown = chat.run(line).replace("\n", "")
            assert message in shown, line
    assert {request.method for request in server.requests} <= {"GET"}  # completion of models


def test_model_lists_the_models_and_switches(srchat: Srchat, serve: Serve) -> None:
    models = json_response({"data": [{"id": "vllm-primary"}, {"id": "other"}]})
    server = serve(models, answer("One."), answer("Two."), answer("Three."))
    with ChatTerminal(srchat, server.url) as chat:
        shown = chat.run("/model")
        assert "* vllm-primary" in shown
        assert "  other" in shown
        chat.run("/model once: one")
        chat.run("two")
        assert "model: othre" in (shown := chat.run("/model othre"))
        assert "the server does not list the model othre\nhint: did you mean 'other'?" in shown
        assert "does not list" not in chat.run("/model other")
        chat.run("three")
        chat.wait_for(lambda _: chat.status.startswith("other"))
    asked = [request.json["model"] for request in server.requests[1:]]
    assert asked == ["once", "vllm-primary", "other"]


def test_system_shows_changes_and_removes_the_prompt(srchat: Srchat, serve: Serve) -> None:
    (srchat.home / "role.txt").write_text("From a file.")
    server = serve(answer("Fine."))
    with ChatTerminal(srchat, server.url) as chat:
        assert "no system prompt" in chat.run("/system")
        chat.run("/system Be brief.")
        chat.run("one")
        assert "Be brief." in chat.run("/system")
        chat.run("/system @role.txt")
        chat.run("two")
        chat.run("/system -")
        chat.run("three")
    assert [sent_messages(server, place)[0] for place in range(3)] == [
        ("system", "Be brief."), ("system", "From a file."), ("user", "one"),
    ]  # fmt: skip


def test_set_changes_and_restores_parameters(srchat: Srchat, serve: Serve) -> None:
    server = serve(answer("Fine."))
    with ChatTerminal(srchat, server.url, "-t", "0.1") as chat:
        assert "temperature = 0.1" in chat.run("/set")
        assert "temperature = 0.7" in chat.run("/set temperature 0.7")
        chat.run("/set max_tokens 5")
        chat.run('/set stop ["a", "b"]')
        chat.run("/set timeout 7")
        chat.run("one")
        assert "temperature = 0.1" in chat.run("/set temperature -")
        assert "max_tokens is not set" in chat.run("/set max_tokens -")
        chat.run("two")
    first, second = (request.json for request in server.requests)
    assert (first["temperature"], first["max_tokens"], first["stop"]) == (0.7, 5, ["a", "b"])
    assert (second["temperature"], "max_tokens" in second) == (0.1, False)


def test_undo_retry_and_edit_keep_the_previous_turns(srchat: Srchat, serve: Serve) -> None:
    server = serve(*map(answer, ("One.", "Two.", "Another two.", "Three.")))
    with ChatTerminal(srchat, server.url) as chat:
        chat.run("first")
        chat.run("second")
        assert "Another two." in chat.run("/retry")
        assert "undone: second" in chat.run("/undo")
        chat.run("third")
        chat.say("/edit")
        chat.wait_for(lambda _: "> third" in chat.terminal.screen)
        chat.read(0.1)
        chat.type("!" + ENTER)
        chat.wait_for(lambda _: len(server.requests) == 5)
        chat.leave()
    assert [content for role, content in sent_messages(server) if role == "user"] == [
        "first",
        "third!",
    ]
    shown = srchat("history", "show", "--all").text
    assert all(text in shown for text in ("Two.", "Another two.", "third\n", "third!"))


def test_new_starts_a_conversation_and_load_returns_by_id(srchat: Srchat, serve: Serve) -> None:
    server = serve(answer("One."), answer("Two."), answer("Three."))
    with ChatTerminal(srchat, server.url) as chat:
        chat.run("about cats")
        chat.run("/title All about cats")
        assert "new conversation" in chat.run("/new")
        chat.run("about dogs")
        listed = chat.run("/history")
        assert "All about cats" in listed
        assert "about dogs" in listed
        assert "about" in chat.run("/history dogs")
        id_ = re.findall(r"^([0-9a-f]{8}) .*cats", listed, re.MULTILINE)[0]
        shown = chat.run(f"/load {id_[:8]}")
        assert "One." in shown
        id_ = re.findall(rf"\(({id_}\w+), 1 turn\)", shown)[0]
        chat.run("more")
        chat.run("/undo")
        assert f"({id_}, 1 of 2 turns)" in chat.run(f"/load {id_}")
    assert [content for _, content in sent_messages(server)] == ["about cats", "One.", "more"]


def test_usage_shows_the_last_answer_and_the_totals(srchat: Srchat, serve: Serve) -> None:
    with chat_on(srchat, serve) as chat:
        assert "0 turns" in chat.run("/usage")
        chat.run("hi")
        shown = chat.run("/usage")
        assert "last answer: vllm-primary" in shown
        assert "this chat: 1 turn," in shown


@pytest.mark.parametrize("command", ["/exit", "/quit"])
def test_exit_quits(srchat: Srchat, serve: Serve, command: str) -> None:
    with chat_on(srchat, serve) as chat:
        chat.say(command)
        assert chat.wait() == 0


def test_the_hint_for_a_slash_alone_is_a_line_to_type(srchat: Srchat, serve: Serve) -> None:
    with chat_on(srchat, serve) as chat:
        shown = chat.run("/ model")
        assert "no command after /\n" in shown
        assert "hint: to send this as a message, type: /// model" in shown
        assert shown.count("hint:") == 2
