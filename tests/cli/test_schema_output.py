"""`srchat ask --schema`: what it prints fits the schema, or it prints nothing."""

import json
import os
import subprocess
import sys
import time

import pytest

from tests.conftest import Serve, Srchat
from tests.support.server import CLOSE, answer, chunk, error, head

SCHEMA = ("--schema", "name, age int")
GOOD = '{"name": "Ada", "age": 36}'
BAD = '{"name": "Ada", "age": "36"}'


def test_the_schema_is_sent_and_the_json_printed(srchat: Srchat, serve: Serve) -> None:
    server = serve(answer("```json\n", *GOOD, "\n```"))
    path = srchat.home / "out.json"
    result = srchat("ask", "who?", *SCHEMA, "-o", str(path), "--base-url", server.url)
    assert result == (0, f"{GOOD}\n".encode(), "")
    assert path.read_bytes() == result.out
    asked = server.requests[0].json["response_format"]
    assert asked["type"] == "json_schema"
    assert asked["json_schema"]["schema"]["required"] == ["name", "age"]
    assert asked["json_schema"]["strict"] is True


@pytest.mark.parametrize("status", [400, 422])
def test_the_prompt_has_the_schema_if_response_format_is_rejected(
    srchat: Srchat, serve: Serve, status: int
) -> None:
    refused = error(status, "Unrecognized request argument supplied: response_format")
    server = serve(refused, answer(GOOD))
    result = srchat("ask", "who?", *SCHEMA, "-s", "Be brief.", "--base-url", server.url)
    assert result == (0, f"{GOOD}\n".encode(), "")
    body = server.requests[1].json
    assert "response_format" not in body
    system = body["messages"][0]["content"]
    assert system.startswith("Be brief.\n\nAnswer only with JSON")
    assert json.loads(system.splitlines()[-1])["required"] == ["name", "age"]


def test_a_missing_response_format_is_remembered_for_a_week(srchat: Srchat, serve: Serve) -> None:
    refused = error(400, "unknown field response_format")
    server = serve(refused, *[answer(GOOD)] * 4)
    ask = ("ask", "who?", *SCHEMA, "--base-url", server.url)
    assert srchat(*ask).code == 0
    assert srchat(*ask).code == 0
    assert srchat(*ask, "-m", "other").code == 0
    old = time.time() - 8 * 86400
    (kept,) = srchat.home.rglob("refused-*")
    os.utime(kept, (old, old))
    assert srchat(*ask).code == 0
    had = ["response_format" in each.json for each in server.requests]
    assert had == [True, False, False, True, True]
    assert "fits this JSON schema" in server.requests[2].json["messages"][0]["content"]


def test_an_unsupported_schema_does_not_disable_response_format(
    srchat: Srchat, serve: Serve
) -> None:
    refused = error(400, "Invalid schema for response_format 'answer': 'oneOf' is not permitted")
    server = serve(refused, answer(GOOD), answer(GOOD))
    for _ in range(2):
        assert srchat("ask", "who?", *SCHEMA, "--base-url", server.url).code == 0
    assert ["response_format" in each.json for each in server.requests] == [True, False, True]


def test_an_answer_that_does_not_fit_is_sent_back_once(srchat: Srchat, serve: Serve) -> None:
    server = serve(answer(BAD), answer(GOOD))
    result = srchat("ask", "who?", *SCHEMA, "--base-url", server.url)
    assert (result.code, result.out) == (0, f"{GOOD}\n".encode())
    assert "does not fit the schema: $.age: '36' is not of type 'integer'" in result.err
    repair = server.requests[1].json["messages"]
    assert [each["role"] for each in repair] == ["user", "assistant", "user"]
    assert "$.age: '36' is not of type 'integer'" in repair[2]["content"]


def test_nothing_is_printed_if_the_second_answer_does_not_fit_either(
    srchat: Srchat, serve: Serve
) -> None:
    server = serve(answer(BAD), answer("Sorry."))
    result = srchat("ask", "who?", *SCHEMA, "--base-url", server.url)
    assert (result.code, result.out, len(server.requests)) == (6, b"", 2)
    assert "Sorry.\nsrchat: error: the answer does not fit the schema: not JSON" in result.err


def test_a_truncated_answer_is_not_repaired(srchat: Srchat, serve: Serve) -> None:
    server = serve(answer(GOOD[:10], finish="length"))
    result = srchat("ask", "who?", *SCHEMA, "--base-url", server.url)
    assert (result.code, result.out, len(server.requests)) == (6, b"", 1)
    assert "cut at max_tokens" in result.err
    assert GOOD[:10] in result.err


def test_an_answer_that_is_cut_off_is_not_printed(srchat: Srchat, serve: Serve) -> None:
    server = serve([head(), chunk(GOOD), CLOSE])
    result = srchat("ask", "who?", *SCHEMA, "--base-url", server.url)
    assert (result.code, result.out) == (6, b"")
    assert GOOD in result.err


@pytest.mark.parametrize(
    ("args", "why"),
    [
        (("--schema", "name text"), "'name text' is not a field"),
        (("--schema", "{"), "not a JSON schema"),
        (("--schema", "a", "--json"), "--json cannot be combined with --schema"),
        (("--schema", "a", "-x"), "-x cannot be combined with --schema"),
    ],
)
def test_a_wrong_schema_sends_nothing(
    srchat: Srchat, serve: Serve, args: tuple[str, ...], why: str
) -> None:
    server = serve(answer(GOOD))
    result = srchat("ask", "who?", *args, "--base-url", server.url)
    assert (result.code, result.out, server.requests) == (2, b"", [])
    assert why in result.err


def test_the_demo_profile_keeps_to_a_schema(srchat: Srchat) -> None:
    result = srchat("ask", "who?", "--schema", "name, age int, ok bool, tags [str]", "-p", "demo")
    assert (result.code, result.err) == (0, "")
    assert json.loads(result.out) == {"name": "text", "age": 1, "ok": True, "tags": ["text"]}
    odd = '{"anyOf": [{"type": "null"}]}'
    assert srchat("ask", "who?", "--schema", odd, "-p", "demo").out == b"null\n"


def test_a_dry_run_shows_the_schema(srchat: Srchat) -> None:
    body = json.loads(srchat("ask", "who?", *SCHEMA, "--dry-run").out)
    assert body["response_format"]["json_schema"]["name"] == "answer"


def test_an_ask_without_these_options_loads_nothing_for_them(srchat: Srchat) -> None:
    ask = [sys.executable, "-X", "importtime", "-m", "srchat", "ask", "-p", "demo", "hi"]
    done = subprocess.run(
        ask, env=srchat.env, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True
    )
    loaded = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert "srchat.cli.ask_output" in loaded
    optional = (
        "schema", "cli.schema_output", "cli.output_file", "cli.answer_document", "template",
        "config.profile_files", "session.profile_prompts", "terminal.reasoning",
        "cli.command_output", "shell_command", "batch", "cli.batch", "cli.chat", "cli.config",
        "cli.history", "cli.last", "cli.models", "cli.widget", "cli.completion",
    )  # fmt: skip
    assert not loaded & {"jsonschema", *(f"srchat.{name}" for name in optional)}
