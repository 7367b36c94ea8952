"""A conversation saved to a file: asked before overwriting, and private."""

import json

from tests.conftest import Serve, Srchat
from tests.support.chatting import CTRL_C, ENTER, chat_on


def test_save_asks_before_overwriting_a_file(srchat: Srchat, serve: Serve) -> None:
    path = srchat.home / "talk.md"
    with chat_on(srchat, serve, "**Fine.**") as chat:
        chat.run("hi")
        assert "saved to talk.md" in chat.run("/save talk.md")
        assert "**Fine.**" in path.read_text()
        assert path.stat().st_mode & 0o777 == 0o600
        path.write_text("mine")
        for reply, after in (("n", "mine"), ("", "mine"), ("y", "**Fine.**")):
            chat.say("/save talk.md")
            chat.wait_for(lambda _: "[y/N]" in chat.terminal.screen[chat.row])
            chat.type(reply + ENTER)
            chat.wait_for_prompt()
            assert after in path.read_text()
        path.write_text("mine")
        chat.say("/save talk.md")
        chat.wait_for(lambda _: "[y/N]" in chat.terminal.screen[chat.row])
        chat.type(CTRL_C)
        chat.wait_for_prompt()
        assert path.read_text() == "mine"
        chat.run("/save talk.json")
        chat.run("/save talk.html")
        assert "saved to my talk.md" in chat.run('/save "my talk.md"')
        assert "cannot write" in chat.run("/save no/such/folder/x.md")
    turns = json.loads((srchat.home / "talk.json").read_text())["conversations"][0]["turns"]
    assert [turn["reply"] for turn in turns] == ["**Fine.**"]
    assert "<strong>Fine.</strong>" in (srchat.home / "talk.html").read_text()
