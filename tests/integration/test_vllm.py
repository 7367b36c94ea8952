"""srchat with vLLM: parameters, schemas, reasoning, and a context window of 1,024 tokens.

Requires SRCHAT_TEST_VLLM, the base URL of a server, and SRCHAT_TEST_VLLM_REASONING, that of one
with a reasoning parser.
"""

import json
import os
import random

import pytest

from tests.conftest import Srchat

URL = os.environ.get("SRCHAT_TEST_VLLM", "")
REASONING_URL = os.environ.get("SRCHAT_TEST_VLLM_REASONING", "")
WORDS = [
    "count",
    "to",
    "ten",
    "please",
    "tell",
    "me",
    "about",
    "the",
    "sky",
    "and",
    "why",
    "numbers",
    "matter",
    "in",
    "a",
    "story",
]
pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(not URL, reason="SRCHAT_TEST_VLLM names no server"),
]


@pytest.fixture
def engine(srchat: Srchat) -> Srchat:
    srchat.env |= {"SRCHAT_BASE_URL": URL, "SRCHAT_API_KEY": "sk-vllm"}
    return srchat


def test_a_seed_gives_the_same_text_again(engine: Srchat) -> None:
    args = ("ask", "tell me a story", "--param", "seed=7", "-t", "1", "--max-tokens", "40")
    first, second = engine(*args), engine(*args)
    assert first.code == 0
    assert first.out == second.out


def test_only_the_likeliest_token_is_the_greedy_answer(engine: Srchat) -> None:
    args = ("ask", "count to ten", "--max-tokens", "40")
    greedy = engine(*args, "-t", "0")
    assert greedy.code == 0
    assert engine(*args, "-t", "1", "--param", "top_k=1").out == greedy.out


def test_an_unknown_parameter_is_ignored_by_the_server(engine: Srchat) -> None:
    assert engine("ask", "hi", "--param", "no_such_parameter=1", "--max-tokens", "9").code == 0


def test_a_schema_is_obeyed(engine: Srchat) -> None:
    schema = {
        "type": "object",
        "properties": {"color": {"enum": ["red", "blue"]}, "ok": {"type": "boolean"}},
        "required": ["color", "ok"],
        "additionalProperties": False,
    }
    result = engine("ask", "which?", "--schema", json.dumps(schema), "--max-tokens", "200")
    assert result.code == 0, result.err
    found = json.loads(result.out)
    assert set(found) == {"color", "ok"}
    assert found["color"] in ("red", "blue")


def test_a_schema_answer_that_is_truncated_is_not_printed(engine: Srchat) -> None:
    result = engine("ask", "who?", "--schema", "name, tags [str]", "--max-tokens", "2")
    assert (result.code, result.out) == (6, b"")


@pytest.mark.parametrize("more", [(), ("--max-tokens", "120")])
def test_at_most_one_request_in_thirty_turns_is_refused(
    engine: Srchat, more: tuple[str, ...]
) -> None:
    rng = random.Random(4)
    prompts = [" ".join(rng.choices(WORDS, k=rng.randint(5, 40))) for _ in range(30)]
    result = engine("chat", "-v", *more, stdin="\n".join(prompts).encode())
    assert result.code == 0
    assert result.err.count("> POST") <= 31
    warnings = result.err.count("left out to fit the context window (1024 tokens)")
    assert 1 <= warnings <= 6


@pytest.mark.skipif(not REASONING_URL, reason="SRCHAT_TEST_VLLM_REASONING names no server")
def test_reasoning_is_the_same_from_the_parser_and_as_a_think_block(engine: Srchat) -> None:
    args = ("ask", "think about it", "-t", "0", "--json")
    raw = json.loads(engine(*args).out)
    parsed = json.loads(engine(*args, SRCHAT_BASE_URL=REASONING_URL).out)
    assert raw["reasoning"].strip() == parsed["reasoning"].strip() != ""
    assert raw["content"].strip() == parsed["content"].strip() != ""
