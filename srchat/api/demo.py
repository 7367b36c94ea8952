"""The built-in profile `demo`: an httpx transport that answers without a network.

It is not a language model and says so. Requests and event streams pass through the same client
code as those of a real server.
"""

import json
import re
import time
from collections.abc import Iterator
from typing import Any, Final

from srchat.api.http import httpx

_PACE: Final = 0.012  # seconds per piece, about reading speed
_PIECE: Final = re.compile(r"\s*\S{1,12}|\s+")
_MODEL: Final = "srchat-demo"
_INTRODUCTION: Final = (
    "This is **srchat's demo**. It is not a language model, only a small program inside srchat, "
    "and it needs no network. Everything else works as usual: this answer is streamed through "
    "the same client and rendered as it arrives."
)
_NEXT_STEPS: Final = """\
### Talk to a real model

1. Get an API key at console.solidrust.ai.
2. Run `export SOLIDRUST_API_KEY=...`
3. Run `srchat ask "{prompt}"`

srchat works with any OpenAI-compatible server; see `--base-url`.
"""


class DemoTransport(httpx.BaseTransport):
    """Answers POST /chat/completions and GET /models, and refuses all else with 404.

    `pace`: seconds between pieces of text.
    """

    def __init__(self, pace: float = _PACE) -> None:
        self._pace = pace

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Return the response to a request."""
        if request.url.path.endswith("/models"):
            entry = {"id": _MODEL, "object": "model", "owned_by": "srchat", "max_model_len": 8192}
            return _json({"object": "list", "data": [entry]})
        if not request.url.path.endswith("/chat/completions"):
            error = {"message": "the demo has only models and chat completions", "code": 404}
            return _json({"error": error}, 404)
        body = json.loads(request.read())
        messages = body["messages"]
        schema = (body.get("response_format") or {}).get("json_schema", {}).get("schema")
        content = json.dumps(_instance(schema)) if schema else demo_answer(messages)
        limit = body.get("max_tokens")
        pieces = _PIECE.findall(content)
        kept = pieces[:limit]
        finish = "stop" if len(kept) == len(pieces) else "length"
        usage = _usage(messages, len(kept))
        if not body.get("stream"):
            return _json(_completion("".join(kept), finish, usage))
        return httpx.Response(
            200,
            headers={"content-type": "text/event-stream"},
            stream=_Events(kept, finish, usage, self._pace),
        )


def _json(value: dict[str, Any], status: int = 200) -> httpx.Response:
    # A response created with `content` counts as already read in httpx.
    return httpx.Response(
        status,
        headers={"content-type": "application/json"},
        stream=httpx.ByteStream(json.dumps(value).encode()),
    )


class _Events(httpx.SyncByteStream):
    def __init__(self, pieces: list[str], finish: str, usage: dict[str, int], pace: float) -> None:
        self._pieces = pieces
        self._finish = finish
        self._usage = usage
        self._pace = pace

    def __iter__(self) -> Iterator[bytes]:
        yield _event(_chunk({"role": "assistant", "content": ""}))
        for piece in self._pieces:
            time.sleep(self._pace)
            yield _event(_chunk({"content": piece}))
        yield _event(_chunk({}, finish=self._finish))
        yield _event({**_chunk({}), "choices": [], "usage": self._usage})
        yield b"data: [DONE]\n\n"


def demo_answer(messages: list[dict[str, str]]) -> str:
    """Return the answer to the messages array, in Markdown."""
    prompts = [message["content"] for message in messages if message["role"] == "user"]
    prompt = prompts[-1] if prompts else ""
    # The requests of `ask --command` and /continue, which a model understands without this.
    if any("exactly one" in m["content"] for m in messages if m["role"] == "system"):
        return f'```sh\necho "{_shell_quoted(prompt)}"\n```'
    if prompt.startswith("Go on with your last answer") and len(messages) > 2:
        return demo_answer(messages[:-2]).removeprefix(messages[-2]["content"])
    parts = [
        f"## You said: {_quoted(prompt)}",
        _INTRODUCTION,
        _memory(prompts),
        _facts(prompt, messages),
        _code(prompt),
        _NEXT_STEPS.format(prompt=_shell_quoted(prompt)),
    ]
    return "\n\n".join(part for part in parts if part)


def _instance(schema: dict[str, Any]) -> object:
    """Return a value that fits a schema of objects, lists and plain types; null for others."""
    if "enum" in schema:
        return schema["enum"][0]
    match schema.get("type"):
        case "object":
            properties = schema.get("properties", {})
            return {name: _instance(inner) for name, inner in properties.items()}
        case "array":
            return [_instance(schema.get("items", {}))]
    return {"string": "text", "integer": 1, "number": 1.5, "boolean": True}.get(
        schema.get("type", "")
    )


def _memory(prompts: list[str]) -> str:
    if len(prompts) < 2:
        return ""
    earlier = "\n".join(f"- {_quoted(prompt)}" for prompt in prompts[:-1][-5:])
    return f"Your earlier prompts in this conversation:\n\n{earlier}"


def _facts(prompt: str, messages: list[dict[str, str]]) -> str:
    words = prompt.split()
    longest = max(words, key=len, default="")
    rows = [
        ("messages in the request", f"{len(messages)}"),
        ("words in your prompt", f"{len(words)}"),
        ("characters", f"{len(prompt)}"),
        ("lines", f"{len(prompt.splitlines())}"),
        ("longest word", _quoted(longest, 30)),
    ]
    table = "\n".join(f"| {name} | {value} |" for name, value in rows)
    return f"A few facts about your prompt:\n\n| fact | value |\n| --- | --- |\n{table}"


def _code(prompt: str) -> str:
    literal = json.dumps(prompt[:60], ensure_ascii=False)
    return (
        "This Python finds its most common letters:\n\n"
        "```python\n"
        "from collections import Counter\n\n"
        f"prompt = {literal}\n"
        "for letter, times in Counter(prompt).most_common(3):\n"
        '    print(f"{letter!r} occurs {times} times")\n'
        "```"
    )


def _quoted(text: str, limit: int = 60) -> str:
    line = " ".join(text.split())
    line = line if len(line) <= limit else line[: limit - 1] + "…"
    # A code span needs no escapes, only more backticks than its text has in a row.
    fence = "`" * (max((len(run) for run in re.findall("`+", line)), default=0) + 1)
    pad = " " if line.startswith("`") or line.endswith("`") or not line else ""
    return f"{fence}{pad}{line.replace('|', '/')}{pad}{fence}"


def _shell_quoted(text: str) -> str:
    line = " ".join(text.split())[:40]
    return re.sub(r"""[`"$\\!]""", "", line)


def _usage(messages: list[dict[str, str]], completion: int) -> dict[str, int]:
    prompt = sum(len(_PIECE.findall(message["content"])) for message in messages)
    return {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
    }


def _completion(content: str, finish: str, usage: dict[str, int]) -> dict[str, Any]:
    message = {"role": "assistant", "content": content}
    choice = {"index": 0, "message": message, "finish_reason": finish}
    return {
        "id": "chatcmpl-demo",
        "object": "chat.completion",
        "created": int(time.time()),
        "model": _MODEL,
        "choices": [choice],
        "usage": usage,
    }


def _chunk(delta: dict[str, str], finish: str | None = None) -> dict[str, Any]:
    return {
        "id": "chatcmpl-demo",
        "object": "chat.completion.chunk",
        "created": int(time.time()),
        "model": _MODEL,
        "choices": [{"index": 0, "delta": delta, "finish_reason": finish}],
    }


def _event(value: dict[str, Any]) -> bytes:
    return b"data: " + json.dumps(value).encode() + b"\n\n"
