"""`srchat history stats`: sums by day, model and conversation."""

import json
import time

from tests.conftest import Srchat
from tests.support.pseudo_terminal import TerminalSession


def test_stats_add_up_by_day_model_and_conversation(srchat: Srchat) -> None:
    for prompt in ("a b", "c"):
        assert srchat("ask", "-p", "demo", prompt).code == 0
    srchat("ask", "-p", "demo", "-c", "d")
    today = time.strftime("%Y-%m-%d")
    (day,) = json.loads(srchat("history", "stats", "--json").out)
    assert (day["name"], day["requests"]) == (today, 3)
    assert day["completion_tokens"] > 300
    assert day["seconds"] > 0
    (model,) = json.loads(srchat("history", "stats", "--by", "model", "--json").out)
    assert model == day | {"name": "srchat-demo"}
    rows = json.loads(srchat("history", "stats", "--by", "conversation", "--json").out)
    assert {row["name"]: row["requests"] for row in rows} == {"a b": 1, "c": 2}
    piped = srchat("history", "stats").text
    assert piped.split("\t")[:2] == [today, "3"]
    assert srchat("history", "stats", "--by", "conversation", "-n", "1").text.count("\n") == 1


def test_stats_without_a_history_are_empty(srchat: Srchat) -> None:
    assert srchat("history", "stats") == (0, b"", "")
    assert srchat("history", "stats", "--json").out == b"[]\n"


def test_stats_are_bars_on_a_terminal(srchat: Srchat) -> None:
    srchat("ask", "-p", "demo", "a")
    command = srchat.command("history", "stats", "--by", "model")
    with TerminalSession(command, srchat.env, cwd=str(srchat.home)) as session:
        assert session.wait() == 0
        head, row = session.lines
    assert head.split() == ["model", "requests", "prompt", "answer", "seconds"]
    assert row.startswith("srchat-demo ")
    assert row.endswith("██")
    assert len(row) < 80
