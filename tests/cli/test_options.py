"""Options that several commands share: their values, and what is sent."""

import json

import pytest

from tests.conftest import Serve, Srchat
from tests.support.server import answer


def test_unset_parameters_are_not_sent(srchat: Srchat, serve: Serve) -> None:
    server = serve(answer("ok"))
    srchat("ask", "why", "is", "it?", "--base-url", server.url)
    assert server.requests[0].path == "/v1/chat/completions"
    assert server.requests[0].json == {
        "model": "vllm-primary",
        "messages": [{"role": "user", "content": "why is it?"}],
        "stream": True,
        "stream_options": {"include_usage": True},
    }


def test_every_parameter_is_sent_as_given(srchat: Srchat, serve: Serve) -> None:
    server = serve(answer("ok"))
    options = ["-m", "m", "-s", "sys", "-t", "0", "--top-p", "0.5", "--max-tokens", "7"]
    srchat("ask", "q", *options, "--stop", "a", "--stop", "b", "--base-url", server.url)
    body = server.requests[0].json
    assert body["messages"][0] == {"role": "system", "content": "sys"}
    assert {key: body[key] for key in ("model", "temperature", "top_p", "max_tokens", "stop")} == {
        "model": "m", "temperature": 0, "top_p": 0.5, "max_tokens": 7, "stop": ["a", "b"],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("option", "value", "allowed"),
    [
        ("--temperature", "2.1", "a number from 0 to 2"),
        ("--temperature", "-0.1", "a number from 0 to 2"),
        ("--temperature", "nan", "a number from 0 to 2"),
        ("--temperature", "hot", "a number from 0 to 2"),
        ("--top-p", "1.01", "a number from 0 to 1"),
        ("--max-tokens", "0", "an integer of at least 1"),
        ("--max-tokens", "1.5", "an integer of at least 1"),
        ("--retries", "-1", "an integer from 0 to 100"),
        ("--timeout", "0", "a number from 0.1 to 86400"),
        ("--max-wait", "121", "a number from 0 to 120"),
        ("--base-url", "ftp://x", "an http:// or https:// URL"),
        ("--stop", "", "a list of non-empty strings"),
    ],
)
def test_a_value_out_of_range_names_option_and_range_before_anything_is_sent(
    srchat: Srchat, serve: Serve, option: str, value: str, allowed: str
) -> None:
    server = serve(answer("ok"))
    result = srchat("ask", "q", f"{option}={value}", SRCHAT_BASE_URL=server.url)
    assert (result.code, result.out) == (2, b"")
    assert option in result.err
    assert allowed in result.err
    assert len(result.messages) == 1
    assert server.requests == []


@pytest.mark.parametrize("option", ["-s", "-m", "--stop"])
def test_an_option_that_is_not_utf8_is_refused(srchat: Srchat, option: str) -> None:
    result = srchat("ask", "q", "--dry-run", option, "k\udce4se")
    assert (result.code, result.out) == (2, b"")
    assert "not UTF-8" in result.err


def test_parameters_of_all_sources_are_merged_and_sent(srchat: Srchat, serve: Serve) -> None:
    srchat.configure(
        "[params]\nseed = 1\ntop_k = 2\nmin_p = 0.1\n"
        "[profiles.work.params]\ntop_k = 3\nchat_template_kwargs.enable_thinking = false\n"
    )
    server = serve(answer("ok"))
    options = ["-p", "work", "--param", "seed=7", "--param", "min_p=", "--param", "x.y=[1]"]
    expected = {
        "seed": 7, "top_k": 3, "chat_template_kwargs": {"enable_thinking": False}, "x": {"y": [1]},
    }  # fmt: skip
    dry = json.loads(srchat("ask", "q", "--dry-run", *options).out)
    assert {name: dry.get(name) for name in expected} == expected
    assert "min_p" not in dry
    assert srchat("ask", "q", "--base-url", server.url, *options).code == 0
    assert {name: server.requests[0].json[name] for name in expected} == expected


@pytest.mark.parametrize("text", ["model=x", "seed", "=1", "n=2"])
def test_a_parameter_that_cannot_be_one_is_refused(srchat: Srchat, text: str) -> None:
    result = srchat("ask", "q", "-p", "demo", "--param", text)
    assert (result.code, result.out) == (2, b"")
    assert (
        f"invalid value for '--param': {text!r}; must be parameters such as top_k=40" in result.err
    )
