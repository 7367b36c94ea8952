"""The output of the line editor: colors, and pastes between prompts."""

import re

from tests.conftest import Serve, Srchat
from tests.support.chatting import CTRL_C, ENTER, ChatTerminal, sent_messages
from tests.support.server import answer


def test_a_paste_right_after_ctrl_c_is_one_message(srchat: Srchat, serve: Serve) -> None:
    server = serve(answer("Fine."))
    with ChatTerminal(srchat, server.url) as chat:
        chat.wait_for_prompt()
        chat.type("x" + CTRL_C + "\x1b[200~one\rtwo\rthree\x1b[201~")
        chat.wait_for_text("three")
        assert server.requests == []
        chat.type(ENTER)
        chat.wait_for_text("Fine.")
    assert sent_messages(server) == [("user", "one\ntwo\nthree")]


def test_no_color(srchat: Srchat, serve: Serve) -> None:
    with ChatTerminal(srchat, serve(answer("**ok**")).url, NO_COLOR="1") as chat:
        chat.run("hi")
        chat.wait_for_prompt()
        chat.type("/")
        chat.wait_for_text("help [COMMAND]")
        chat.type(CTRL_C)
        chat.leave()
        colours = re.findall(rb"\x1b\[[0-9;]*m", chat.raw)
        assert not [c for c in colours if re.search(rb"[\[;](3[0-8]|4[0-8]|9[0-7])[;m]", c)]
