"""Answers as JSON: the document of --json, and the lines of --events."""

import json
import random
import subprocess
import threading
from itertools import pairwise
from typing import Any

import pytest

from tests.conftest import Serve, Srchat
from tests.support.server import CLOSE, DONE, Script, answer, chunk, error, event, head


def test_json_is_one_document(srchat: Srchat, serve: Serve) -> None:
    usage = {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}
    script = [
        head(), chunk("né"), chunk(finish="stop"), event({"choices": [], "usage": usage}), DONE,
    ]  # fmt: skip
    server = serve([*script, CLOSE])
    result = srchat("ask", "hi", "--json", "--base-url", server.url)
    assert result.code == 0
    document = json.loads(result.out)
    document.pop("conversation")
    assert document.pop("seconds") >= 0
    assert document == {
        "model": "vllm-primary",
        "content": "né",
        "reasoning": None,
        "finish_reason": "stop",
        "usage": usage,
        "cost": None,
        "complete": True,
        "error": None,
    }


def test_json_of_a_truncated_answer_has_the_text_so_far(srchat: Srchat, serve: Serve) -> None:
    server = serve([head(), chunk("half"), CLOSE])
    result = srchat("ask", "hi", "--json", "--base-url", server.url)
    document = json.loads(result.out)
    assert (result.code, document["content"], document["complete"]) == (6, "half", False)
    assert "incomplete answer" in document["error"]["message"]
    assert document["seconds"] >= 0


@pytest.mark.parametrize(
    ("script", "code", "error"),
    [
        (error(429, "slow down", type="tokens"), 7, {"type": "tokens", "status": 429}),
        (error(404, "no such model"), 5, {"type": None, "status": 404}),
        ([CLOSE], 8, {"type": None, "status": None}),
    ],
)
def test_json_of_a_refused_request_is_a_document(
    srchat: Srchat, serve: Serve, script: Script, code: int, error: dict[str, object]
) -> None:
    url = serve(script).url
    result = srchat("ask", "hi", "--json", "--retries", "0", "--base-url", url)
    document = json.loads(result.out)
    assert (result.code, document["content"], document["complete"]) == (code, "", False)
    assert document["error"].pop("message") in result.err
    assert document["error"] == error


def test_json_without_a_key_is_a_document(srchat: Srchat) -> None:
    result = srchat("ask", "hi", "--json")
    assert (result.code, json.loads(result.out)["error"]["message"][:10]) == (4, "no API key")


def test_json_has_the_reasoning_apart(srchat: Srchat, serve: Serve) -> None:
    server = serve([head(), chunk(reasoning="Hm."), chunk("Yes."), chunk(finish="stop"), DONE])
    document = json.loads(srchat("ask", "hi", "--json", "--base-url", server.url).out)
    assert (document["reasoning"], document["content"]) == ("Hm.", "Yes.")


def _events(out: bytes) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.splitlines()]


def test_events_are_lines_of_ascii_json_in_order(srchat: Srchat, serve: Serve) -> None:
    server = serve(
        [head(), chunk(reasoning="Hm."), chunk("né"), chunk("!"), chunk(finish="stop"), DONE]
    )
    result = srchat("ask", "hi", "--events", "--base-url", server.url)
    assert (result.code, result.err) == (0, "")
    assert result.out.isascii()
    start, *middle, end = _events(result.out)
    assert (start["event"], start["model"]) == ("start", "vllm-primary")
    assert start["conversation"] in srchat("history", "list").out.decode()
    assert middle[0] == {"event": "reasoning", "text": "Hm."}
    assert {each["event"] for each in middle[1:]} == {"text"}
    assert "".join(each["text"] for each in middle[1:]) == "né!"
    assert (end["event"], end["complete"], end["error"], end["exit"]) == ("end", True, None, 0)


@pytest.mark.parametrize("seed", range(6))
def test_joined_events_give_the_answer_however_the_stream_is_split(
    srchat: Srchat, serve: Serve, seed: int
) -> None:
    content = "<think>\nWhy? 日</think>\n\nDo:\n\n```sh\nls 😀\n```\n\nDone <think>.\n"
    places = random.Random(seed).sample(range(1, len(content)), seed * 8)
    cuts = [0, *sorted(places), len(content)]
    script = answer(*(content[a:b] for a, b in pairwise(cuts)))
    server = serve(script, script, script)
    url = ("--base-url", server.url)
    events = _events(srchat("ask", "hi", "--events", *url).out)
    text = "".join(each["text"] for each in events if each["event"] == "text")
    thought = "".join(each["text"] for each in events if each["event"] == "reasoning")
    assert (thought, text) == ("\nWhy? 日", content.partition("</think>\n\n")[2])
    assert srchat("ask", "hi", *url).out == text.encode()
    assert srchat("ask", "hi", "-x", *url).out == "ls 😀\n".encode()


def test_an_event_is_written_immediately(srchat: Srchat, serve: Serve) -> None:
    more = threading.Event()
    server = serve([head(), chunk("one"), more, chunk("two", "stop"), DONE])
    ask = srchat.command("ask", "hi", "--events", "--base-url", server.url)
    with subprocess.Popen(ask, env=srchat.env, stdout=subprocess.PIPE) as process:
        assert process.stdout
        lines = [process.stdout.readline() for _ in range(2)]
        assert json.loads(lines[1]) == {"event": "text", "text": "one"}
        more.set()
        assert json.loads(process.stdout.read().splitlines()[-1])["event"] == "end"


def test_events_include_retries_warnings_and_the_end(srchat: Srchat, serve: Serve) -> None:
    served = [head(), chunk("x", model="gpt-4o"), CLOSE]
    server = serve(error(503, "busy", {"Retry-After": "0.1"}), served)
    result = srchat("ask", "hi", "--events", "--base-url", server.url)
    assert result.code == 6
    events = _events(result.out)
    assert [each["event"] for each in events] == ["retry", "start", "text", "warning", "end"]
    assert 0.1 <= events[0]["seconds"] < 1
    assert "gpt-4o answered instead" in str(events[3]["message"])
    assert (events[4]["complete"], events[4]["exit"]) == (False, 6)
    assert "incomplete answer" in str(events[4]["error"])


def test_a_refused_request_and_a_missing_key_have_an_end_event(
    srchat: Srchat, serve: Serve
) -> None:
    server = serve(error(404, "no such model"))
    result = srchat("ask", "hi", "--events", "--base-url", server.url)
    (end,) = _events(result.out)
    assert (result.code, end["exit"]) == (5, 5)
    (end,) = _events(srchat("ask", "hi", "--events").out)
    assert end["exit"] == 4


FAILED = '{"code":500,"message":"out of memory","type":"server_error"}'


@pytest.mark.parametrize(
    ("sent", "kind", "status"),
    [
        (f"error: {FAILED}\n\n", "server_error", 500),
        (f'data: {{"error": {FAILED}}}\n\n', "server_error", 500),
        (f'data: {{"choices": [{{"delta": {{}}, "error": {FAILED}}}]}}\n\n', "server_error", 500),
        ('data: {"error": {"message": "no", "code": "overloaded"}}\n\n', "overloaded", None),
        ('data: {"error": {"message": "no", "code": "503", "type": "None"}}\n\n', None, 503),
        ('data: {"error": {"message": "no", "code": 12}}\n\n', "12", None),
        ('data: {"error": "no"}\n\n', None, None),
    ],
)
@pytest.mark.parametrize("option", ["--json", "--events"])
def test_an_error_in_the_stream_has_the_type_and_status_that_the_server_sent(
    srchat: Srchat, serve: Serve, option: str, sent: str, kind: str | None, status: int | None
) -> None:
    server = serve([head(), chunk("half"), sent.encode(), CLOSE])
    result = srchat("ask", "q", option, "--base-url", server.url)
    assert result.code == 6
    last = result.text if option == "--json" else result.text.splitlines()[-1]
    failure = json.loads(last)["error"]
    assert (failure["type"], failure["status"]) == (kind, status)
    assert failure["message"].startswith("the server aborted the answer: ")
