"""A connection has the client of the configured server, and sends the key that belongs to it."""

import dataclasses
from pathlib import Path

import pytest

from srchat.api.events import RetryWait
from srchat.config.resolution import Resolved
from srchat.config.settings import Config
from srchat.errors import APIStatusError, AuthenticationError, MissingKeyError
from srchat.session.connection import Connection
from tests.conftest import Serve
from tests.support.asking import HELLO, collect
from tests.support.connecting import connected, library_in
from tests.support.server import Request, answer, error, json_response
from tests.support.settings import KEY, resolve_work

MODELS = json_response({"data": [{"id": "vllm-primary"}, {"id": "vllm-small"}]})


def settings(url: str, **work: object) -> Resolved:
    return resolve_work(work={"base_url": url, "retries": 0, **work})


def say(connection: Connection, config: Config) -> str:
    return collect(connection.client(config).stream(HELLO)).text


def no_wait(wait: RetryWait) -> None:
    pytest.fail(f"unexpected retry: {wait}")


def key_of(request: Request) -> str:
    return request.headers.get("authorization", "").removeprefix("Bearer ")


@pytest.mark.parametrize(
    ("change", "is_reused"),
    [
        ({"model": "other", "temperature": 1.0, "system": "Be brief."}, True),
        ({"timeout": 7.0}, False),
        ({"base_url": "http://127.0.0.1:9/v1"}, False),
    ],
)
def test_a_client_is_reused_until_the_connection_changes(
    change: dict[str, object], is_reused: bool
) -> None:
    resolved = settings("http://127.0.0.1:8/v1")
    with connected(resolved) as connection:
        client = connection.client(resolved.config)
        changed = dataclasses.replace(resolved.config, **change)  # type: ignore[arg-type] # by name
        assert (connection.client(changed) is client) == is_reused


def test_each_secret_is_known_before_it_is_sent(serve: Serve) -> None:
    server = serve(answer("Hello"))
    resolved = settings(server.url, api_key=KEY, headers={"X-Api-Key": "a-secret-value"})
    secrets: list[str] = []
    with connected(resolved, use_secret=secrets.append) as connection:
        assert secrets == []
        connection.client(resolved.config)
        assert secrets == [KEY, "a-secret-value"]
        assert server.requests == []
        assert say(connection, resolved.config) == "Hello"
    assert key_of(server.requests[0]) == KEY
    assert server.requests[0].headers["x-api-key"] == "a-secret-value"


def test_a_missing_key_is_found_without_a_request() -> None:
    with connected(resolve_work()) as connection, pytest.raises(MissingKeyError):
        connection.check_key()


@pytest.mark.parametrize("is_same_server", [True, False])
def test_after_a_rejected_key_the_next_request_has_the_new_one_of_the_same_server(
    serve: Serve, is_same_server: bool
) -> None:
    server = serve(error(401), MODELS)
    before = settings(server.url, api_key="sk-srt-old")
    url = server.url if is_same_server else "https://b.example/v1"
    with connected(before, settings(url, api_key="sk-srt-new")) as connection:
        with pytest.raises(AuthenticationError) as caught:
            connection.list_models(before.config, no_wait)
        assert "the key comes from profile work" in caught.value.hint
        connection.list_models(before.config, no_wait)
    expected = "sk-srt-new" if is_same_server else "sk-srt-old"
    assert [key_of(request) for request in server.requests] == ["sk-srt-old", expected]


def test_the_command_for_the_key_runs_once_and_again_after_a_rejected_key(
    serve: Serve, tmp_path: Path
) -> None:
    server = serve(answer("one"), answer("two"), error(401), MODELS)
    count = f'echo x >>"{tmp_path}/runs"; echo sk-srt-$(wc -l <"{tmp_path}/runs")'
    resolved = settings(server.url, api_key_command=("sh", "-c", count))
    with connected(resolved, resolved) as connection:
        connection.check_key()
        assert not connection.is_ready
        assert [say(connection, resolved.config) for _ in range(2)] == ["one", "two"]
        assert connection.is_ready
        with pytest.raises(AuthenticationError):
            connection.list_models(resolved.config, no_wait)
        assert not connection.is_ready
        connection.list_models(resolved.config, no_wait)
    keys = [key_of(request) for request in server.requests]
    assert keys == ["sk-srt-1", "sk-srt-1", "sk-srt-1", "sk-srt-2"]


@pytest.mark.parametrize(
    ("model", "models", "hint"),
    [
        ("vllm-primry", MODELS, "did you mean 'vllm-primary'?"),
        ("vllm-primary", MODELS, ""),  # it is in the list, so the list does not help
        ("vllm-primry", error(500), "check base_url: it is "),
    ],
)
def test_the_hint_for_an_unknown_model_is_a_model_of_the_server(
    serve: Serve, model: str, models: list[bytes], hint: str
) -> None:
    server = serve(error(404, "no such model", code="model_not_found"), models)
    resolved = settings(server.url, model=model)
    with connected(resolved) as connection:
        failure = collect(connection.client(resolved.config).stream(HELLO)).error
        assert isinstance(failure, APIStatusError)
        connection.explain(failure, resolved.config)
    assert failure.hint.startswith(hint)
    assert bool(failure.hint) == bool(hint)
    assert [request.method for request in server.requests] == ["POST", "GET"]


def test_parameters_that_a_server_rejects_are_remembered_for_the_next_process(
    serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = serve(error(400, "Unknown parameter: 'stream_options'."), answer("Hello"))
    resolved, library = settings(server.url), library_in(tmp_path, monkeypatch)
    for _ in range(2):
        with connected(resolved, library=library) as connection:
            assert say(connection, resolved.config) == "Hello"
    sent = ["stream_options" in request.json for request in server.requests]
    assert sent == [True, False, False]
