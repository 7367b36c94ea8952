"""What to do about an error status."""

import pytest

from srchat.config.resolution import Resolved
from srchat.errors import APIStatusError, AuthenticationError, RateLimitError
from srchat.session.hints import hint_for_status, is_about_model, joined
from tests.support.settings import KEY, OURS, resolve_work

WITH_KEY = resolve_work(OURS)
WITH_COMMAND = resolve_work(work={"api_key_command": ("pass",)})
ELSEWHERE = resolve_work(OURS, base_url="https://b.example/v1")
WITHOUT_KEY = resolve_work(base_url="https://b.example/v1")
WRONG_KEY = AuthenticationError("no", status=401)


@pytest.mark.parametrize(
    ("failure", "settings", "hint"),
    [
        (WRONG_KEY, WITH_KEY, "the key comes from config.toml; is it for this server?"),
        (WRONG_KEY, WITH_COMMAND, "the key comes from the api_key_command of profile work;"),
        (WRONG_KEY, ELSEWHERE, "no key was sent: the one of config.toml belongs to another server"),
        (WRONG_KEY, WITHOUT_KEY, "no key was sent; to set one: srchat config set api_key"),
        (AuthenticationError("no", status=400), WITH_KEY, "the key comes from config.toml;"),
        (AuthenticationError("no", status=403), WITH_KEY, "this key is not allowed to do this;"),
        (
            APIStatusError("no", status=404),
            ELSEWHERE,
            "check base_url: it is https://b.example/v1,",
        ),
        (RateLimitError("no", status=429, code="insufficient_quota"), WITH_KEY, "waiting does not"),
        (RateLimitError("no", status=429), WITH_KEY, "wait a moment, or raise the settings"),
    ],
)
def test_a_hint_fits_the_status_and_the_key(
    failure: APIStatusError, settings: Resolved, hint: str
) -> None:
    found = hint_for_status(failure, settings)
    assert found.startswith(hint)
    assert KEY not in found


@pytest.mark.parametrize("status", [400, 422, 500, 503])
def test_there_is_no_hint_if_only_the_server_can_help(status: int) -> None:
    assert hint_for_status(APIStatusError("no", status=status), WITH_KEY) == ""


@pytest.mark.parametrize(
    ("failure", "is_about"),
    [
        (APIStatusError("The model `Qwen` does not exist.", status=404), True),
        (APIStatusError("Invalid model name passed in model=qwen", status=400), True),
        (APIStatusError("no", status=404, code="model_not_found"), True),
        (APIStatusError("Not Found", status=404), False),
        (APIStatusError("The model `llama` does not exist.", status=404), False),
        (APIStatusError("The model `qwen` is overloaded.", status=503), False),
    ],
)
def test_an_unknown_model_is_recognized(failure: APIStatusError, is_about: bool) -> None:
    assert is_about_model(failure, "qwen") == is_about


def test_hints_are_joined_by_lines() -> None:
    assert joined("", "one", "", "two") == "one\ntwo"
    assert joined() == ""
