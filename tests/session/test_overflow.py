"""Messages of real servers about requests that are too long."""

import pytest

from srchat.api.error_body import read_error_body
from srchat.errors import APIStatusError
from srchat.session.overflow import ContextOverflow, add_overflow_hint, read_overflow

VLLM = (
    "This model's maximum context length is 1024 tokens. However, your prompt contains at least "
    "1025 input tokens, which exceeds this limit even without any output tokens. Please reduce "
    "the length of the input prompt. (parameter=input_tokens, value=1025)"
)

REAL = [
    (VLLM, ContextOverflow(1024, None)),
    (
        (
            "This model's maximum context length is 16384 tokens. "
            "However, you requested 122946 tokens "
            "(112946 in the messages, 10000 in the completion). Please reduce the length of the "
            "messages or completion."
        ),
        ContextOverflow(16384, 112946),
    ),
    (
        (
            "'max_tokens' or 'max_completion_tokens' is too large: "
            "4000. This model's maximum context "
            "length is 4096 tokens and your request has 700 input tokens (4000 > 4096 - 700)."
        ),
        ContextOverflow(4096, 700),
    ),
    (
        (
            "max_tokens=100000 cannot be greater than "
            "max_model_len=1024. Please request fewer output "
            "tokens. (parameter=max_tokens, value=100000)"
        ),
        ContextOverflow(1024, None, by_answer=True),
    ),
    (
        (
            "request (20001 tokens) exceeds the available context size (8192 tokens), "
            "try increasing it"
        ),
        ContextOverflow(8192, 20001),
    ),
    (
        (
            "the request exceeds the available context size. try increasing the context size or "
            "enable context shift"
        ),
        ContextOverflow(None, None),
    ),
    ("Requested tokens (9437) exceed context window of 8192", ContextOverflow(8192, 9437)),
    (
        (
            "This model's maximum context length is 4097 tokens. "
            "However, your messages resulted in "
            "6164 tokens. Please reduce the length of the messages."
        ),
        ContextOverflow(4097, 6164),
    ),
    (
        "The input (5000 tokens) is longer than the model's context length (4096 tokens).",
        ContextOverflow(4096, 5000),
    ),
    (
        "The decoder prompt (length 5000) is longer than the maximum model length of 4096.",
        ContextOverflow(4096, None),
    ),
    (
        ("This model's maximum prompt length is 131072 but the request contains 537812 tokens."),
        ContextOverflow(131072, 537812),
    ),
    (
        (
            "Error code: 400 - {'error': {'code': 400, 'message': 'the request exceeds the "
            "available context size', 'n_prompt_tokens': 1025, 'n_ctx': 1024}}"
        ),
        ContextOverflow(1024, 1025),
    ),
    (
        (
            'the request exceeds the available context size", "type": '
            '"exceed_context_size_error", "n_prompt_tokens": 1025, "n_ctx": 1024}'
        ),
        ContextOverflow(1024, 1025),
    ),
    ("prompt is too long: 210000 tokens > 200000 maximum", ContextOverflow(200000, 210000)),
    (
        (
            "Trying to keep the first 5000 tokens when context the "
            "overflows. However, the model is "
            "loaded with context length of only 4096 tokens, which is not enough."
        ),
        ContextOverflow(4096, None),
    ),
    ("this is a mock context window exceeded error", ContextOverflow(None, None)),
]


@pytest.mark.parametrize(("message", "refusal"), REAL)
def test_the_messages_of_all_servers_are_recognized(message: str, refusal: ContextOverflow) -> None:
    assert read_overflow(message) == refusal


def test_the_limit_is_found_in_a_message_wrapped_by_a_proxy() -> None:
    body = (
        '{"error":{"message":"litellm.ContextWindowExceededError: litellm.BadRequestError: '
        'ContextWindowExceededError: Hosted_vllmException - {\\"error\\":{\\"message\\":\\"'
        + VLLM
        + '\\",\\"type\\":\\"BadRequestError\\",\\"param\\":\\"input_tokens\\",\\"code\\":400}}\\n'
        "model=vllm-real. context_window_fallbacks=None. fallbacks=[].\\n\\nLiteLLM: model group "
        "'vllm-real' failed with the error above and no fallback model group was found for it.\","
        '"type":"invalid_request_error","param":null,"code":"400"}}'
    )
    text = read_error_body(body.encode(), 400)
    assert read_overflow(text.message, text.type, text.code) == ContextOverflow(1024, None)


def test_an_error_code_alone_is_recognized() -> None:
    assert read_overflow("too long", code="context_length_exceeded") == ContextOverflow(None, None)
    assert read_overflow("no", type="exceed_context_size_error") == ContextOverflow(None, None)


@pytest.mark.parametrize(
    "message",
    ["", "model not found", "temperature must be at most 2", "maximum tokens per minute is 10000"],
)
def test_other_errors_are_ignored(message: str) -> None:
    assert read_overflow(message) is None


def test_absurd_numbers_are_ignored() -> None:
    assert read_overflow(f"maximum context length is {'9' * 5000} tokens") == ContextOverflow(
        None, None
    )
    assert read_overflow("maximum context length is 0 tokens") == ContextOverflow(None, None)
    assert read_overflow(f"maximum context length is {10**9}") == ContextOverflow(None, None)
    assert read_overflow(f"maximum context length is {10**9 - 1}") == ContextOverflow(
        10**9 - 1, None
    )


def test_too_large_max_tokens_are_found_in_a_wrapped_message() -> None:
    message = "VLLMException - max_tokens=2000 cannot be greater than max_model_len=1024."
    assert read_overflow(message) == ContextOverflow(1024, None, by_answer=True)


@pytest.mark.parametrize(
    ("asked", "estimated", "hint"),
    [
        (1200, 10, "the prompt has 1200 tokens, 200 more than the context window of 1000"),
        (900, 2000, "the prompt takes 900 of 1000 tokens"),
        (None, 10, "the context window has 1000 tokens for prompt and answer"),
        (None, 1200, "the prompt has about 1200 tokens, about 200 more"),
    ],
)
def test_a_hint_prefers_the_count_of_the_server(
    asked: int | None, estimated: int, hint: str
) -> None:
    error = APIStatusError("too long", status=400)
    add_overflow_hint(error, ContextOverflow(1000, asked), estimated)
    assert error.hint.startswith(hint)
