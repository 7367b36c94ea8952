"""`srchat models` as a process."""

import json
import re

import pytest

from tests.conftest import Serve, Srchat
from tests.support.pseudo_terminal import TerminalSession
from tests.support.server import error, json_response

MODELS = {
    "object": "list",
    "data": [
        {"id": "vllm-primary", "object": "model", "owned_by": "vllm", "max_model_len": 8192},
        {"id": "odd\x1b[2J", "object": "model"},
        {"no": "id"},
        "nonsense",
    ],
}


def test_a_pipe_gets_one_name_per_line(srchat: Srchat, serve: Serve) -> None:
    server = serve(json_response(MODELS))
    result = srchat("models", SRCHAT_BASE_URL=server.url, SRCHAT_API_KEY="sk-some-key")
    assert result == (0, b"vllm-primary\nodd\x1b[2J\n", "")
    assert server.requests[0].path == "/v1/models"
    assert server.requests[0].headers["authorization"] == "Bearer sk-some-key"


def test_a_key_that_the_server_echoes_is_shown_nowhere(srchat: Srchat, serve: Serve) -> None:
    key = "sk-some-secret-key"
    url = serve(json_response({"data": [{"id": f"m-{key}", "owned_by": key}]})).url
    for option in ([], ["--json"]):
        result = srchat("models", *option, SRCHAT_BASE_URL=url, SRCHAT_API_KEY=key)
        assert result.code == 0
        assert b"m-" in result.out
        assert b"secret" not in result.out
    kept = [path for path in srchat.home.rglob("*") if path.is_file()]
    assert kept
    assert not any(b"secret" in path.read_bytes() for path in kept)


def test_json_is_an_array(srchat: Srchat, serve: Serve) -> None:
    result = srchat("models", "--json", SRCHAT_BASE_URL=serve(json_response(MODELS)).url)
    assert json.loads(result.out)[0] == {
        "id": "vllm-primary",
        "owned_by": "vllm",
        "context_window": 8192,
    }


def test_on_a_terminal_models_are_a_table_that_marks_the_selected_one(
    srchat: Srchat, serve: Serve
) -> None:
    where = {"SRCHAT_BASE_URL": serve(json_response(MODELS)).url, "SRCHAT_MODEL": "vllm-primary"}
    with TerminalSession(srchat.command("models"), srchat.env | where) as session:
        assert session.wait() == 0
        assert session.lines == ["* vllm-primary  vllm  8192 tokens", "  odd\\x1b[2J"]


def test_a_response_that_is_not_a_list_is_reported(srchat: Srchat, serve: Serve) -> None:
    failed = b'{"error": {"message": "no backend"}}'
    for body, message in (
        (b"<html>", "not JSON"),
        (b"{}", "not a list of models\n"),
        (failed, "not a list of models: no backend\n"),
        (b'{"error":' * 500 + b"1" + b"}" * 500, "not a list of models\n"),
    ):
        result = srchat("models", SRCHAT_BASE_URL=serve(json_response(body)).url)
        assert (result.code, result.out) == (6, b"")
        assert message in result.err


@pytest.mark.parametrize("command", [["models"], ["config", "check"], ["chat"]])
def test_a_wait_for_a_retry_is_announced(srchat: Srchat, serve: Serve, command: list[str]) -> None:
    server = serve(error(503, "busy.", {"Retry-After": "0.1"}), json_response(MODELS))
    result = srchat(*command, SRCHAT_BASE_URL=server.url, stdin=b"/model\n")
    assert result.code == 0
    assert result.err.count("busy; retrying in 0.1 s (1 of 3)") == 1


def test_a_wait_for_a_retry_is_counted_down_and_leaves_no_trace(
    srchat: Srchat, serve: Serve
) -> None:
    server = serve(error(503, "busy", {"Retry-After": "2"}), json_response(MODELS))
    where = {"SRCHAT_BASE_URL": server.url}
    with TerminalSession(srchat.command("models"), srchat.env | where) as session:
        assert session.wait() == 0
        seconds = re.findall(rb"retrying in (\d+) s", session.raw)
        assert len(set(seconds[1:])) > 1  # after the first warning
        assert [line for line in session.lines if "trying" in line] == [session.lines[0]]


def test_the_demo_has_a_model(srchat: Srchat) -> None:
    assert srchat("models", "-p", "demo").out == b"srchat-demo\n"


def test_an_empty_list_is_a_warning(srchat: Srchat, serve: Serve) -> None:
    url = serve(json_response({"data": []})).url
    result = srchat("models", SRCHAT_BASE_URL=url)
    assert result == (0, b"", f"srchat: warning: {url} lists no models\n")
