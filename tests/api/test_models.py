"""Requests are written exactly, answers are read leniently."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from srchat.api.models import (
    ChatCompletion,
    ChatCompletionChunk,
    ChatRequest,
    Message,
    Model,
    Usage,
)
from tests.support.server import completion, delta

HELLO = (Message("system", "be brief"), Message("user", "hello"))
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(
            st.sampled_from(
                [
                    "choices",
                    "index",
                    "delta",
                    "message",
                    "content",
                    "reasoning",
                    "usage",
                    "model",
                    "reasoning_content",
                    "finish_reason",
                    "prompt_tokens",
                    "id",
                    "max_model_len",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=15,
)


def test_unset_parameters_are_not_sent() -> None:
    assert ChatRequest("m", HELLO).to_json() == {
        "model": "m",
        "messages": [
            {"role": "system", "content": "be brief"},
            {"role": "user", "content": "hello"},
        ],
    }


def test_every_parameter_of_the_endpoint_is_sent_as_it_is() -> None:
    parameters = {"temperature": 0, "max_tokens": 1, "top_p": 0.0, "stop": ("a", "b"), "n": None}
    sent = ChatRequest("m", HELLO, stream=True, parameters=parameters).to_json()
    assert {name: sent[name] for name in sent if name not in ("model", "messages")} == {
        "temperature": 0,
        "max_tokens": 1,
        "stream": True,
        "top_p": 0.0,
        "stop": ["a", "b"],
        "stream_options": {"include_usage": True},
    }


def test_zero_false_and_empty_are_values() -> None:
    parameters = {"temperature": 0.0, "stop": ""}
    sent = ChatRequest("m", (), stream=False, parameters=parameters).to_json()
    assert (sent["temperature"], sent["stream"], sent["stop"]) == (0.0, False, "")


@pytest.mark.parametrize(
    ("value", "usage"),
    [
        ({"prompt_tokens": 3, "completion_tokens": 5, "total_tokens": 9}, Usage(3, 5, 9)),
        ({"prompt_tokens": 3, "completion_tokens": 5}, Usage(3, 5, 8)),
        ({"prompt_tokens": 3, "total_tokens": 0}, Usage(3, 0, 3)),
        ({"completion_tokens": 5}, Usage(0, 5, 5)),
        ({"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}, Usage(0, 0, 0)),
        ({"prompt_tokens": 3, "completion_tokens": None, "total_tokens": "9"}, Usage(3, 0, 3)),
        ({"prompt_tokens": 3, "prompt_tokens_details": {"cached_tokens": 1}}, Usage(3, 0, 3)),
        ({"prompt_tokens": True, "completion_tokens": 2.0}, None),
        ({"prompt_tokens": -1}, None),
        ({"prompt_tokens": 10**30, "completion_tokens": 1}, Usage(0, 1, 1)),
        ({"total_tokens": 5}, None),
        ({}, None),
        (None, None),
        ([1], None),
        ("3", None),
    ],
)
def test_usage(value: object, usage: Usage | None) -> None:
    assert Usage.from_json(value) == usage


def test_usage_uses_the_field_names_of_the_protocol() -> None:
    assert Usage(3, 5, 8).to_json() == completion("")["usage"]


Chunk = ChatCompletionChunk
FIRST = {"index": 0, "delta": {"content": "a"}}
TEXT_PART = {"type": "text", "text": "a"}


@pytest.mark.parametrize(
    ("value", "chunk"),
    [
        (delta("a", model="m"), Chunk("a", model="m")),
        (delta("", "stop", model=""), Chunk(finish_reason="stop")),
        ({"choices": [{"delta": {"role": "assistant"}}]}, Chunk()),
        ({"choices": [{"delta": {"role": "assistant", "content": None}}]}, Chunk()),
        ({"choices": [{"delta": {"reasoning_content": "r"}}]}, Chunk(reasoning="r")),
        ({"choices": [{"delta": {"reasoning": "r"}}]}, Chunk(reasoning="r")),
        (
            {"choices": [{"delta": {"reasoning": "r", "reasoning_content": "r"}}]},
            Chunk(reasoning="r"),
        ),
        ({"choices": [FIRST, {"index": 1, "delta": {"content": "b"}}]}, Chunk("a")),
        ({"choices": [{"index": 1, "delta": {"content": "b"}}, FIRST]}, Chunk("a")),
        ({"choices": [{"index": 1, "delta": {"content": "b"}, "finish_reason": "stop"}]}, Chunk()),
        ({"choices": [{"index": None, "delta": {"content": "a"}}]}, Chunk("a")),
        ({"choices": [{"index": "0", "delta": {"content": "a"}}]}, Chunk("a")),
        ({"choices": [{"delta": {"content": "a"}}]}, Chunk("a")),
        ({"choices": [None, 1, FIRST]}, Chunk("a")),
        ({"choices": [{"delta": None, "finish_reason": "stop"}]}, Chunk(finish_reason="stop")),
        ({"choices": [{"delta": [], "finish_reason": 7}]}, Chunk()),
        ({"choices": [{"delta": {"content": 0, "reasoning": ["r"]}}]}, Chunk()),
        ({"choices": [{"delta": {"content": False}}]}, Chunk()),
        ({"choices": [{"delta": {"content": []}}]}, Chunk()),
        ({"choices": [{"delta": {"content": [TEXT_PART, "b", None, TEXT_PART]}}]}, Chunk("aba")),
        ({"choices": [{"delta": {"content": [{"type": "thinking", "thinking": []}]}}]}, Chunk()),
        ({"choices": None}, Chunk()),
        ({"choices": {"0": FIRST}}, Chunk()),
        ({"choices": []}, Chunk()),
        ({"model": 3}, Chunk()),
        ({}, Chunk()),
        ({"choices": [], "usage": {"prompt_tokens": 1}}, Chunk(usage=Usage(1, 0, 1))),
        ({"choices": [], "usage": None}, Chunk()),
        ({"choices": [], "usage": [3]}, Chunk()),
    ],
)
def test_a_chunk_is_read_from_choice_0(value: object, chunk: ChatCompletionChunk) -> None:
    assert ChatCompletionChunk.from_json(value) == chunk


@pytest.mark.parametrize("content", [None, "", []])
def test_a_refusal_is_the_answer(content: object) -> None:
    delta = {"content": content, "refusal": "I cannot help."}
    assert (
        ChatCompletionChunk.from_json({"choices": [{"delta": delta}]}).content == delta["refusal"]
    )
    assert ChatCompletion.from_json({"choices": [{"message": delta}]}).content == delta["refusal"]
    message = {"content": "Fine.", "refusal": None}
    assert ChatCompletion.from_json({"choices": [{"message": message}]}).content == "Fine."


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (5, "a number"),
        (0.5, "a number"),
        (True, "a boolean"),
        ({"text": "a"}, "an object"),
        ([[], {"type": "text", "text": {"value": "a"}}], "an object"),
    ],
)
def test_content_that_is_not_text_is_an_error(content: object, what: str) -> None:
    message = {"content": content}
    with pytest.raises(ValueError, match=f"the content is {what}, not text"):
        ChatCompletionChunk.from_json({"choices": [{"delta": message}]})
    with pytest.raises(ValueError, match=f"the content is {what}, not text"):
        ChatCompletion.from_json({"choices": [{"message": message}]})


@pytest.mark.parametrize(
    ("value", "what"),
    [
        (None, "null"),
        ([], "a list"),
        ("x", "a string"),
        (3, "a number"),
        (1.5, "a number"),
        (True, "a boolean"),
    ],
)
def test_a_value_that_is_not_an_object_is_not_a_chunk(value: object, what: str) -> None:
    with pytest.raises(ValueError, match=f"{what}, not an object"):
        ChatCompletionChunk.from_json(value)


def test_a_whole_completion_is_read() -> None:
    read = ChatCompletion.from_json(completion("hi", "length"))
    assert read == ChatCompletion("hi", "", "length", "vllm-primary", Usage(3, 5, 8))


@pytest.mark.parametrize(
    "value",
    [
        None,
        [],
        "x",
        3,
        {},
        {"choices": []},
        {"choices": [{}]},
        {"choices": [{"message": None}]},
        {"choices": [{"index": 1, "message": {"content": "b"}}]},
    ],
)
def test_without_a_message_there_is_no_completion(value: object) -> None:
    with pytest.raises(ValueError, match="no message"):
        ChatCompletion.from_json(value)


@pytest.mark.parametrize(
    ("value", "model"),
    [
        ({"id": "a"}, Model("a", "", None)),
        ({"id": "a", "owned_by": "o", "max_model_len": 4096}, Model("a", "o", 4096)),
        ({"id": "a", "max_input_tokens": 8192, "max_model_len": None}, Model("a", "", 8192)),
        ({"id": "a", "owned_by": 3, "max_model_len": "4096"}, Model("a", "", None)),
        ({"id": ""}, None),
        ({"id": 7}, None),
        ({}, None),
        ("a", None),
        (None, None),
    ],
)
def test_an_entry_of_the_list_of_models(value: object, model: Model | None) -> None:
    assert Model.from_json(value) == model


def test_a_model_is_shown_as_json() -> None:
    assert Model("a", "o", 5).to_json() == {"id": "a", "owned_by": "o", "context_window": 5}


@given(ANYTHING)
def test_any_json_can_be_read(value: object) -> None:
    for read in (ChatCompletionChunk.from_json, ChatCompletion.from_json):
        try:
            answer = read(value)
        except ValueError:
            continue
        assert isinstance(answer, ChatCompletionChunk | ChatCompletion)
        assert isinstance(answer.content + answer.reasoning + answer.finish_reason, str)
        json.dumps(answer.usage.to_json() if answer.usage else None)
    Model.from_json(value)
    Usage.from_json(value)
