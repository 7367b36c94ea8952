"""Random keys, pastes, resizes and signals do not break a chat."""

import os
import random
import signal

import pytest

from tests.conftest import Serve, Srchat
from tests.fuzz.seeds import seeds
from tests.support.chatting import CTRL_C, CTRL_D, ENTER, ChatTerminal
from tests.support.server import answer

pytestmark = pytest.mark.slow

_KEYS = (
    *("a", "he", " ", "/", "/m", "/help", "\t", "\x7f", "é", "日", "\\", ENTER),
    *(CTRL_C, "\x01", "\x05", "\x07", "\x0b", "\x12", "\x15", "\x17", "\x18\x18", "\x1b", "\x19"),
    *("\x1b[A", "\x1b[B", "\x1b[C", "\x1b[D", "\x1b\r", "\x1b[Z", "\x1b[3~", "\x1b[13;2u"),
    *("\x1b[200~two\nlines\x1b[201~", "\x1b[200~/help\x1b[201~", "\x1b[I"),
)


def _random_action(chat: ChatTerminal, rng: random.Random) -> None:
    number = rng.random()
    if number < 0.85:
        chat.type(rng.choice(_KEYS))
    elif number < 0.9:
        chat.resize(rng.choice((20, 80)), rng.choice((6, 24)))
    elif number < 0.95:
        os.kill(chat.pid, signal.SIGINT)
    else:
        os.kill(chat.pid, signal.SIGSTOP)
        os.kill(chat.pid, signal.SIGCONT)
    chat.read(rng.choice((0, 0, 0.02, 0.1)))


def test_after_any_keys_a_chat_answers_the_next_prompt_and_quits(
    srchat: Srchat, serve: Serve
) -> None:
    srchat.env["VISUAL"] = "true"  # the editor that Ctrl-G opens changes nothing
    for seed in seeds(3):
        rng = random.Random(seed)
        server = serve(answer("Fine."))
        with ChatTerminal(srchat, server.url) as chat:
            chat.wait_for_prompt()
            for _ in range(40):
                _random_action(chat, rng)
            chat.resize(80, 24)
            for _ in range(3):  # leaves a search, a menu or a question
                chat.read(0.3)
                chat.type(CTRL_C)
            chat.read(0.5)
            chat.type(f"plain {seed}" + ENTER)
            chat.wait_for(
                lambda _, seed=seed, server=server: any(  # type: ignore[misc]
                    f"plain {seed}" in request.body.decode() for request in server.requests
                ),
                f"the request of seed {seed}",
            )
            chat.wait_for_prompt()
            chat.type(CTRL_D)
            assert chat.wait() == 0, f"seed {seed}"
            assert chat.echoes, f"seed {seed}"
