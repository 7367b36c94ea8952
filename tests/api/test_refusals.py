"""Every error status of the service in every shape of body: once, twice, and permanently."""

import json

import pytest

from srchat.api.client import ChatClient
from srchat.api.models import ChatRequest, Message
from srchat.api.retry import RETRIED_STATUSES
from srchat.api.server import Server
from srchat.errors import APIStatusError, ExitCode, RateLimitError
from tests.conftest import Serve
from tests.support.asking import complete
from tests.support.server import Script, answer, head

STATUSES = {
    400: ExitCode.REFUSED,
    401: ExitCode.AUTHENTICATION,
    403: ExitCode.AUTHENTICATION,
    404: ExitCode.REFUSED,
    408: ExitCode.REFUSED,
    410: ExitCode.REFUSED,
    422: ExitCode.REFUSED,
    429: ExitCode.RATE_LIMIT,
    500: ExitCode.SERVER,
    502: ExitCode.SERVER,
    503: ExitCode.SERVER,
    504: ExitCode.SERVER,
}
SHAPES: dict[str, object] = {
    "OpenAI": {"error": {"message": "wrong", "type": "t", "code": "c", "param": None}},
    "vLLM, a code that is a number": {"error": {"message": "wrong", "code": 400}},
    "vLLM's 401": {"error": "wrong"},
    "LiteLLM": {
        "error": {
            "message": "litellm.APIError: Hosted_vllmException - wrong\n\nLiteLLM: model group 'x'",
            "code": "400",
            "param": "None",
        }
    },
    "FastAPI": {"detail": "wrong"},
    "FastAPI, a list": {"detail": [{"loc": ["body"], "msg": "wrong", "type": "missing"}]},
    "plain text": b"wrong",
    "HTML": b"<html><head><title>wrong</title></head><body><h1>no</h1></body></html>",
    "malformed": b"{wrong json",
    "nothing": b"",
}
REQUEST = ChatRequest("m", (Message("user", "q"),), stream=True)


def refusal(status: int, body: object) -> Script:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = {"Content-Length": str(len(data)), "Retry-After": "0"}
    return [head(status, headers, type="application/json"), data]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("status", STATUSES)
def test_a_permanent_error_shows_the_servers_message(serve: Serve, status: int, shape: str) -> None:
    server = serve(refusal(status, SHAPES[shape]))
    with ChatClient(Server(server.url, None)) as client, pytest.raises(APIStatusError) as caught:
        complete(client, REQUEST)
    assert (caught.value.status, caught.value.exit_code) == (status, STATUSES[status])
    assert "\n" not in caught.value.message
    assert shape == "nothing" or "wrong" in caught.value.message
    assert "LiteLLM" not in caught.value.message
    assert len(server.requests) == (4 if status in RETRIED_STATUSES else 1)


def test_an_account_without_credit_is_not_retried(serve: Serve) -> None:
    body = {"message": "You exceeded your current quota", "code": "insufficient_quota"}
    server = serve(refusal(429, {"error": body}))
    with ChatClient(Server(server.url, None)) as client, pytest.raises(RateLimitError):
        complete(client, REQUEST)
    assert len(server.requests) == 1


@pytest.mark.parametrize("times", [1, 2])
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("status", sorted(RETRIED_STATUSES))
def test_one_or_two_refusals_are_retried(serve: Serve, status: int, shape: str, times: int) -> None:
    server = serve(*[refusal(status, SHAPES[shape])] * times, answer("ok"))
    with ChatClient(Server(server.url, None)) as client:
        assert complete(client, REQUEST).content == "ok"
    assert len(server.requests) == times + 1
