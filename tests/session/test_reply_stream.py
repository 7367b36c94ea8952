"""Reply streams over real sockets: events, replies, endings."""

from dataclasses import dataclass, field
from typing import Any

import pytest

from srchat.api.client import ChatClient
from srchat.api.events import RequestSent, RetryWait
from srchat.api.models import Message, Usage
from srchat.api.retry import RetryPolicy
from srchat.api.server import Server
from srchat.config.settings import Config
from srchat.errors import (
    APIError,
    IncompleteAnswerError,
    Interrupted,
    ProtocolError,
    RateLimitError,
    SrchatError,
)
from srchat.session.reply import Reply
from srchat.session.reply_stream import (
    Reasoning,
    ReplyStream,
    Text,
    TurnEvent,
    TurnWarning,
    chat_request,
)
from tests.conftest import Serve
from tests.support.server import (
    CLOSE,
    DONE,
    HOLD,
    Pause,
    Script,
    answer,
    chunk,
    completion,
    error,
    event,
    head,
    json_response,
)


@dataclass
class Outcome:
    """The events, the reply and the error of a turn."""

    reply: Reply
    events: list[TurnEvent] = field(default_factory=list)
    error: SrchatError | Interrupted | None = None

    @property
    def text(self) -> str:
        return "".join(item.text for item in self.events if isinstance(item, Text))

    @property
    def reasoning(self) -> str:
        return "".join(item.text for item in self.events if isinstance(item, Reasoning))

    @property
    def notices(self) -> list[str]:
        return [item.text for item in self.events if isinstance(item, TurnWarning)]

    @property
    def message(self) -> str:
        return self.error.message if self.error else ""


def turn(
    serve: Serve, *scripts: Script, interrupt_at: type | None = None, **settings: Any
) -> Outcome:
    server = serve(*scripts)
    config = Config(**{"model": "vllm-primary", **settings})
    with ChatClient(Server(server.url, None), retry=RetryPolicy(max_wait=0.01)) as client:
        request = chat_request(config, [Message("user", "hi")])
        turn = ReplyStream(client, request, config.fallback_models)
        outcome = Outcome(turn.reply)
        try:
            for item in turn:
                outcome.events.append(item)
                if interrupt_at and isinstance(item, interrupt_at):
                    turn.interrupt(2)
        except (SrchatError, Interrupted) as exc:
            outcome.error = exc
    return outcome


# The request


def test_settings_that_are_not_set_are_not_sent() -> None:
    sent = chat_request(Config(model="m", stream=False), [Message("user", "hi")]).to_json()
    assert sent == {"model": "m", "messages": [{"role": "user", "content": "hi"}]}


def test_an_empty_list_of_stops_is_not_sent() -> None:
    assert "stop" not in chat_request(Config(stop=()), []).to_json()


def test_settings_become_parameters() -> None:
    config = Config(model="m", temperature=0.0, top_p=0.5, max_tokens=7, stop=("a",), stream=True)
    sent = chat_request(config, []).to_json()
    assert sent == {
        "model": "m",
        "messages": [],
        "temperature": 0.0,
        "top_p": 0.5,
        "max_tokens": 7,
        "stop": ["a"],
        "stream": True,
        "stream_options": {"include_usage": True},
    }


# A complete answer


def test_a_turn_yields_text_and_leaves_a_complete_reply(serve: Serve) -> None:
    usage = event({"choices": [], "usage": completion("")["usage"]})
    got = turn(
        serve,
        [head(), chunk("Hel"), chunk("lo"), chunk(finish="stop"), usage, DONE, CLOSE],
    )
    reply = got.reply
    assert got.error is None
    assert got.text == reply.content == "Hello"
    assert (reply.complete, reply.finish_reason, reply.model) == (True, "stop", "vllm-primary")
    assert reply.usage == Usage(3, 5, 8)
    assert 0 < reply.asked_at <= reply.first_at <= reply.ended_at
    assert got.notices == []
    assert RequestSent() in got.events


def test_early_usage_is_kept(serve: Serve) -> None:
    early = event({"choices": [], "usage": completion("")["usage"]})
    got = turn(serve, [head(), early, Pause(0.05), *answer("Hello")[1:]])
    assert got.reply.usage == Usage(3, 5, 8)


def test_a_whole_document_gives_the_same_events(serve: Serve) -> None:
    got = turn(serve, json_response(completion("Hello")), stream=False)
    assert (got.text, got.reply.complete, got.error) == ("Hello", True, None)


def test_done_without_finish_reason_is_complete(serve: Serve) -> None:
    got = turn(serve, [head(), chunk("Hello"), DONE, CLOSE])
    assert (got.reply.complete, got.reply.finish_reason, got.error) == (True, "", None)


def test_reasoning_is_no_part_of_the_answer(serve: Serve) -> None:
    got = turn(
        serve, [head(), chunk(reasoning="hm"), chunk(reasoning_content="m"), *answer("yes")[1:]]
    )
    assert (got.reasoning, str(got.reply.reasoning)) == ("hmm", "hmm")
    assert (got.text, got.reply.content) == ("yes", "yes")


def test_the_halves_of_a_surrogate_pair_become_one_character(serve: Serve) -> None:
    got = turn(serve, answer("a\ud83d", "\ude00b"))
    assert got.text == got.reply.content == "a😀b"


@pytest.mark.parametrize(
    "script",
    [answer("a\ud83d"), [head(), chunk("a\ud83d"), CLOSE], [head(), chunk("a\ud83d"), HOLD]],
    ids=["complete", "broken off", "interrupted"],
)
def test_a_lone_surrogate_is_not_lost(serve: Serve, script: Script) -> None:
    got = turn(serve, script, interrupt_at=Text if script[-1] is HOLD else None)
    assert got.text == got.reply.content == "a\ud83d"


# Endings


@pytest.mark.parametrize(("limit", "named"), [(None, "max_tokens"), (7, "max_tokens (7)")])
def test_a_stop_at_max_tokens_is_complete_with_a_warning(
    serve: Serve, limit: int | None, named: str
) -> None:
    got = turn(serve, answer("Hello", finish="length"), max_tokens=limit)
    assert (got.text, got.reply.complete, got.error) == ("Hello", True, None)
    (notice,) = got.notices
    assert named in notice


@pytest.mark.parametrize(
    ("script", "text", "message"),
    [
        (answer("He", finish="content_filter"), "He", "content filter"),
        (answer("", finish="content_filter"), "", "content filter"),
        (answer("He", finish="abort"), "He", "shutting down"),
        (answer("He", finish="error"), "He", "server failed"),
        (answer(), "", "empty answer"),
        (answer(" ", "\n"), " \n", "empty answer"),
        (answer(finish="length"), "", "max_tokens was used up"),
        (answer(finish="tool_calls"), "", "tool"),
        ([head(), chunk(reasoning="hm"), *answer()[1:]], "", "only reasoning"),
        ([head(), chunk("He"), CLOSE], "He", "closed the stream early"),
        ([head(), chunk("He"), event({"error": "broken"}), CLOSE], "He", "broken"),
        ([head(headers={"Content-Length": "999"}), chunk("He"), CLOSE], "He", "incomplete answer"),
        (json_response(completion("")), "", "empty answer"),
    ],
)
def test_an_incomplete_answer_is_kept_and_reported(
    serve: Serve, script: Script, text: str, message: str
) -> None:
    got = turn(serve, script)
    assert isinstance(got.error, IncompleteAnswerError)
    assert message in got.message
    assert got.text == got.reply.content == text
    assert not got.reply.complete
    assert got.reply.ended_at > 0


def test_text_with_a_tool_call_is_an_answer(serve: Serve) -> None:
    got = turn(serve, answer("Hello", finish="tool_calls"))
    assert (got.text, got.error) == ("Hello", None)


@pytest.mark.parametrize(
    ("script", "kind"), [(json_response(b"<html>"), ProtocolError), (error(429), RateLimitError)]
)
def test_a_failure_leaves_an_empty_reply(
    serve: Serve, script: Script, kind: type[APIError]
) -> None:
    got = turn(serve, script)
    assert type(got.error) is kind
    assert (got.reply.content, got.reply.complete, got.reply.first_at) == ("", False, 0)
    assert got.reply.ended_at > 0


def test_an_interrupt_keeps_the_text_so_far(serve: Serve) -> None:
    got = turn(serve, [head(), chunk("Hello"), HOLD], interrupt_at=Text)
    assert isinstance(got.error, Interrupted)
    assert (got.reply.content, got.reply.complete) == ("Hello", False)


def test_waits_are_yielded_with_their_reason(serve: Serve) -> None:
    got = turn(serve, error(503, "busy"), answer("Hello"))
    waits = [item for item in got.events if isinstance(item, RetryWait)]
    assert "503: busy" in waits[0].reason
    assert got.text == "Hello"


# Notices


@pytest.mark.parametrize("count", [1, 3])
def test_skipped_chunks_are_reported_after_the_answer(serve: Serve, count: int) -> None:
    got = turn(serve, [head(), chunk("a"), *[b"data: {bad\n\n"] * count, *answer("b")[1:]])
    assert got.text == "ab"
    (notice,) = got.notices
    assert notice.startswith("a piece" if count == 1 else "3 pieces")
    assert "{bad" in notice
    assert isinstance(got.events[-1], TurnWarning)


@pytest.mark.parametrize(
    "rest", [[CLOSE], answer(finish="content_filter")[1:], [event({"error": "broken"}), CLOSE]]
)
def test_skipped_chunks_are_reported_once_after_a_failure(serve: Serve, rest: Script) -> None:
    got = turn(serve, [head(), chunk("a"), b"data: {bad\n\n", *rest])
    assert len(got.notices) == 1
    assert isinstance(got.error, IncompleteAnswerError)


def test_a_deprecated_api_is_reported(serve: Serve) -> None:
    got = turn(serve, answer("a", headers={"X-API-Deprecated": "ends 2027-01-01"}))
    assert got.notices == ["this API is deprecated: ends 2027-01-01"]


def served_by(model: str, *pieces: str, **headers: str) -> Script:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    chunks = [chunk(piece, model=model) for piece in pieces]
    return [head(headers=named), *chunks, chunk(finish="stop", model=model), DONE, CLOSE]


@pytest.mark.parametrize("model", ["gpt-4o-mini", "claude-haiku"])
def test_a_fallback_model_is_reported_once(serve: Serve, model: str) -> None:
    got = turn(serve, served_by(model, "a", "b"))
    assert got.notices == [f"vllm-primary is not available; {model} answered instead"]
    assert got.reply.model == model


@pytest.mark.parametrize("model", ["qwen3-4b", "vllm-primary", "/models/qwen", ""])
def test_another_name_of_the_model_is_no_fallback(serve: Serve, model: str) -> None:
    got = turn(serve, served_by(model, "a"))
    assert got.notices == []
    assert got.reply.model == (model or "vllm-primary")


def test_a_model_that_was_asked_for_is_no_fallback(serve: Serve) -> None:
    assert turn(serve, served_by("gpt-4o", "a"), model="gpt-4o").notices == []


def test_the_model_that_was_asked_for_is_no_fallback_after_another(serve: Serve) -> None:
    script = [head(), chunk("a", model="x"), Pause(0.05), *served_by("gpt-4o", "b")[1:]]
    got = turn(serve, script, model="gpt-4o")
    assert got.notices == []
    assert got.reply.model == "gpt-4o"


def test_the_patterns_are_a_setting(serve: Serve) -> None:
    got = turn(serve, served_by("other-1", "a"), fallback_models=("other-*",))
    assert len(got.notices) == 1


def test_a_fallback_reported_by_a_proxy_is_a_warning_once(serve: Serve) -> None:
    headers = {"x_litellm_attempted_fallbacks": "1", "x_litellm_model_group": "spare"}
    got = turn(serve, served_by("gpt-4o-mini", "a", **headers))
    assert got.notices == ["vllm-primary is not available; spare answered instead"]


@pytest.mark.parametrize("group", [{}, {"x_litellm_model_group": "vllm-primary"}])
def test_a_fallback_without_a_name_is_reported(serve: Serve, group: dict[str, str]) -> None:
    got = turn(serve, served_by("vllm-primary", "a", x_litellm_attempted_fallbacks="2", **group))
    assert got.notices == ["vllm-primary is not available; another model answered instead"]


@pytest.mark.parametrize("value", ["0", "", "none", "-1", "²", "9" * 5000])
def test_invalid_fallback_counts_are_ignored(serve: Serve, value: str) -> None:
    headers = {"x_litellm_attempted_fallbacks": value}
    got = turn(serve, served_by("m", "a", **headers))
    assert len(got.notices) == (1 if value.startswith("9") else 0)


@pytest.mark.parametrize(
    ("text", "cost"),
    [("0.0012", 0.0012), ("0", None), ("0.0", None), ("-1", None), ("inf", None), ("nan", None),
     ("free", None)],
)  # fmt: skip
def test_the_cost_is_known_if_it_is_a_positive_number(
    serve: Serve, text: str, cost: float | None
) -> None:
    got = turn(serve, answer("a", headers={"x-litellm-response-cost": text}))
    assert got.reply.cost == cost


@pytest.mark.parametrize("reads_think", [True, False])
def test_half_a_character_at_the_end_is_shown(serve: Serve, reads_think: bool) -> None:
    server = serve([head(), chunk("a\ud83d"), chunk(finish="stop"), DONE, CLOSE])
    with ChatClient(Server(server.url, None)) as client:
        request = chat_request(Config(model="m"), [Message("user", "hi")])
        stream = ReplyStream(client, request, (), reads_think=reads_think)
        texts = [event.text for event in stream if isinstance(event, Text)]
    assert "".join(texts) == stream.reply.content == "a\ud83d"


# Patterns of fallback models


@pytest.mark.parametrize(
    ("asked", "served", "patterns"),
    [
        ("openai/gpt-4o", "openai/gpt-4o-mini", ("gpt-*",)),
        ("vllm-primary", "openai/gpt-4o-mini", ("openai/*",)),
        ("gpt-4o", "gpt-4o-mini-2024-07-18", ("gpt-4o-mini",)),
        ("gpt-4o", "openai/gpt-4o-mini-latest", ("gpt-4o-mini",)),
        ("vllm-primary", "us/anthropic/claude-haiku-20241022", ("claude-haiku",)),
        ("vllm-primary", "gpt-4-0613", ("gpt-4-0613",)),
    ],
)
def test_a_pattern_matches_with_and_without_provider_and_version(
    serve: Serve, asked: str, served: str, patterns: tuple[str, ...]
) -> None:
    got = turn(serve, served_by(served, "a"), model=asked, fallback_models=patterns)
    assert got.notices == [f"{asked} is not available; {served} answered instead"]


@pytest.mark.parametrize(
    ("asked", "served", "patterns"),
    [
        ("openai/gpt-4o", "openai/gpt-4o-2024-08-06", ("gpt-*",)),
        ("gpt-4o-mini", "openai/gpt-4o-mini-2024-07-18", ("gpt-4o-mini",)),
        ("gpt-4o", "gpt-4o-audio", ("gpt-4o-mini",)),
    ],
)
def test_dated_names_and_other_models_are_no_fallback(
    serve: Serve, asked: str, served: str, patterns: tuple[str, ...]
) -> None:
    got = turn(serve, served_by(served, "a"), model=asked, fallback_models=patterns)
    assert got.notices == []
