"""srchat with a LiteLLM proxy, which serves mock answers and a failing backend.

Requires SRCHAT_TEST_LITELLM, the base URL of the proxy, and SRCHAT_TEST_LITELLM_KEYS, that of one
whose keys have rate limits. CI starts both.
"""

import json
import os
import time

import pexpect
import pytest

from tests.conftest import Srchat
from tests.support.waiting import WAIT_TIMEOUT

URL = os.environ.get("SRCHAT_TEST_LITELLM", "")
KEYS_URL = os.environ.get("SRCHAT_TEST_LITELLM_KEYS", "")
ANSWER = "Hello! This is a canned answer.\nCafé, 日本 and 😀 end."
pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(not URL, reason="SRCHAT_TEST_LITELLM names no proxy"),
]


@pytest.fixture
def proxy(srchat: Srchat) -> Srchat:
    srchat.env |= {"SOLIDRUST_BASE_URL": URL, "SOLIDRUST_API_KEY": "sk-master"}
    return srchat


@pytest.mark.parametrize("option", ["--stream", "--no-stream"])
def test_a_piped_answer_is_unchanged(proxy: Srchat, option: str) -> None:
    assert proxy("ask", "hi", option) == (0, f"{ANSWER}\n".encode(), "")


@pytest.mark.parametrize("option", ["--stream", "--no-stream"])
def test_usage_comes_with_the_json(proxy: Srchat, option: str) -> None:
    document = json.loads(proxy("ask", "hi", "--json", option).out)
    assert document["content"] == ANSWER
    assert document["usage"]["completion_tokens"] > 0
    assert document["complete"]


def test_parameters_of_any_name_pass_through(proxy: Srchat) -> None:
    for text in ("seed=7", "top_k=1", "no_such_parameter=1"):
        assert proxy("ask", "hi", "--param", text).out == f"{ANSWER}\n".encode()


def test_text_from_a_model_that_knows_no_schema_is_not_printed_as_json(proxy: Srchat) -> None:
    result = proxy("ask", "hi", "--schema", "name, age int")
    assert (result.code, result.out) == (6, b"")
    assert ANSWER.splitlines()[0] in result.err


def test_events_end_with_the_result(proxy: Srchat) -> None:
    events = [json.loads(line) for line in proxy("ask", "hi", "--events").out.splitlines()]
    assert events[0]["event"] == "start"
    assert "".join(each["text"] for each in events if each["event"] == "text") == ANSWER
    assert (events[-1]["event"], events[-1]["exit"]) == ("end", 0)


def test_on_a_terminal_the_answer_is_shown(proxy: Srchat) -> None:
    child = pexpect.spawn(
        proxy.command("ask", "hi")[0], proxy.command("ask", "hi")[1:], env=proxy.env,
        encoding="utf-8", timeout=WAIT_TIMEOUT, dimensions=(24, 80),
    )  # fmt: skip
    child.expect("canned answer")
    child.expect("日本 and 😀 end")
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 0


def test_a_wrong_key_is_refused_and_not_shown(proxy: Srchat) -> None:
    result = proxy("ask", "hi", SOLIDRUST_API_KEY="sk-wrong-key-1234")
    assert (result.code, result.out) == (4, b"")
    assert "sk-wrong-key" not in result.err
    assert "SOLIDRUST_API_KEY" in result.err
    assert len(result.messages) == 1


def test_no_key_is_refused(proxy: Srchat) -> None:
    result = proxy("ask", "hi", SOLIDRUST_API_KEY="")
    assert (result.code, result.out) == (4, b"")


def test_an_unknown_model_is_reported_with_the_available_ones(proxy: Srchat) -> None:
    result = proxy("ask", "hi", "-m", "vllm-primry")
    assert (result.code, result.out) == (5, b"")
    assert "did you mean 'vllm-primary'?" in result.err
    assert "LiteLLM: model group" not in result.err


def test_the_models_are_listed(proxy: Srchat) -> None:
    assert "vllm-primary" in proxy("models").text.splitlines()


def test_parameters_that_it_does_not_know_pass_through(proxy: Srchat) -> None:
    for param in ("seed=7", "top_k=1", "chat_template_kwargs.enable_thinking=false"):
        result = proxy("ask", "hi", "--param", param)
        assert (result.code, result.text) == (0, f"{ANSWER}\n"), result.err


def test_config_check_tries_server_key_and_model(srchat: Srchat) -> None:
    srchat.configure(f'base_url = "{URL}"\napi_key = "sk-master"\n')
    result = srchat("config", "check")
    assert (result.code, "vllm-primary: offered\n" in result.text) == (0, True)
    result = srchat("config", "check", SRCHAT_MODEL="vllm-primry")
    assert (result.code, "did you mean 'vllm-primary'?" in result.err) == (3, True)
    result = srchat("config", "check", SRCHAT_API_KEY="sk-wrong-key-1234")
    assert (result.code, "is it for this server?" in result.err) == (4, True)
    assert "sk-wrong-key" not in result.text + result.err


def test_config_init_writes_what_the_proxy_accepts(srchat: Srchat) -> None:
    answers = f"{URL}\nsk-master\n\n".encode()
    assert srchat("config", "init", stdin=answers).code == 0
    assert srchat("ask", "hi").text == f"{ANSWER}\n"
    assert srchat("config", "init", stdin=f"{URL}\nsk-wrong-key\n".encode()).code == 4
    assert srchat("ask", "hi").code == 0


def test_a_backend_that_is_down_is_reported_after_the_retries(proxy: Srchat) -> None:
    result = proxy("ask", "hi", "-m", "down", "--retries", "1")
    assert (result.code, result.out) == (6, b"")
    assert result.err.count("\n") == 2


@pytest.mark.parametrize("option", ["--stream", "--no-stream"])
def test_a_fallback_is_reported(proxy: Srchat, option: str) -> None:
    result = proxy("ask", "hi", "-m", "down-with-fallback", option)
    assert (result.code, result.out) == (0, f"{ANSWER}\n".encode())
    assert "vllm-primary answered instead" in result.err


def test_a_reset_beyond_max_wait_is_not_waited_for(proxy: Srchat) -> None:
    for _ in range(3):  # the limit is one per minute, and a minute may end in between
        result = proxy("ask", "hi", "-m", "limited", "--max-wait", "1")
        if result.code:
            break
    assert (result.code, result.out) == (7, b"")


@pytest.mark.parametrize(
    ("model", "code", "out"),
    [
        ("bad-cut", 6, "One two three\n"),
        ("bad-error", 6, "One two three\n"),
        ("bad-filter", 6, "One two three\n"),
        ("bad-pings", 0, "One two three four\n"),
        ("bad-reasoning", 0, "One two three four\n"),
        ("bad-empty", 6, ""),
        ("bad-404", 5, ""),
        ("bad-429", 7, ""),
        ("bad-502", 6, ""),
    ],
)
def test_a_failing_backend_behind_the_proxy_is_reported(
    proxy: Srchat, model: str, code: int, out: str
) -> None:
    result = proxy("ask", "hi", "-m", model, "--retries", "0")
    assert (result.code, result.text) == (code, out)
    if code:
        assert len(result.messages) == 1


@pytest.fixture
def limited(srchat: Srchat) -> Srchat:
    if not KEYS_URL:
        pytest.skip("SRCHAT_TEST_LITELLM_KEYS names no proxy")
    srchat.env |= {"SOLIDRUST_BASE_URL": KEYS_URL}
    return srchat


def test_a_rate_limited_key_is_retried_after_the_requested_wait(limited: Srchat) -> None:
    limited.env["SOLIDRUST_API_KEY"] = "sk-rpm"
    # The first one waits, too, if an earlier run used up the current minute.
    ask = ("ask", "hi", "--usage", "--no-stream")
    results = [limited(*ask, timeout=150) for _ in range(2)]
    assert [result.code for result in results] == [0, 0]
    assert "1 of 2 requests left" in results[0].err
    begin = time.monotonic()
    result = limited("ask", "hi", timeout=150)
    assert (result.code, result.out) == (0, b"Hello! This is a canned answer.\n")
    assert "retrying in 6" in result.err
    assert time.monotonic() - begin >= 59


def test_a_rate_limited_key_fails_at_once_with_a_short_max_wait(limited: Srchat) -> None:
    limited.env["SOLIDRUST_API_KEY"] = "sk-one-at-a-time"
    result = limited("ask", "hi", "--max-wait", "1", "--retries", "1")
    assert (result.code, result.out) == (7, b"")


def test_an_unknown_key_is_refused(limited: Srchat) -> None:
    result = limited("ask", "hi", SOLIDRUST_API_KEY="sk-nobody-knows")
    assert (result.code, result.out) == (4, b"")
    assert "sk-nobody" not in result.err


def test_a_context_window_that_is_exceeded_is_tried_with_fewer_turns(proxy: Srchat) -> None:
    for more in ([], ["-c"]):
        assert proxy("ask", "hi", *more).code == 0
    result = proxy("ask", "more", "-c", "-m", "mock-context")
    assert result.code == 5
    assert "left out to fit the context window" in result.err
    assert "context window exceeded" in result.err
    assert proxy("ask", "-c", "and now?").text == f"{ANSWER}\n"


def test_a_batch_runs_through_the_proxy(proxy: Srchat) -> None:
    proxy("batch", "make", "{line}", "-o", "in.jsonl", stdin=b"a\nb\nc\n")
    assert proxy("batch", "run", "in.jsonl").code == 0
    assert proxy("batch", "read", "in.out.jsonl").out == f"{ANSWER}\n".encode() * 3


def test_a_proxy_without_a_database_has_no_batches_and_a_hint(proxy: Srchat) -> None:
    proxy("batch", "make", "{line}", "-o", "in.jsonl", stdin=b"a\n")
    for args in (("submit", "in.jsonl"), ("status",)):
        result = proxy("batch", *args)
        assert result.code in (5, 6)
        assert "use srchat batch run" in result.err
