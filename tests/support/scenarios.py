"""Table of server responses, valid and broken, with the expected result of `srchat ask`."""

import gzip
import json
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field

from tests.support.server import (
    CLOSE,
    DONE,
    HOLD,
    RESET,
    Pause,
    Script,
    answer,
    chunk,
    chunked,
    completion,
    delta,
    error,
    event,
    head,
    json_response,
)


@dataclass(frozen=True)
class Scenario:
    """One row: the scripts of the server, and the expected result of `srchat ask`.

    `attempts`: expected number of requests. `err`: texts that stderr must contain. `lines`:
    expected number of lines on stderr, None for any. `memory`: limit in MiB.
    """

    name: str
    scripts: tuple[Script, ...]
    out: str = ""
    code: int = 0
    attempts: int = 1
    err: tuple[str, ...] = ()
    args: tuple[str, ...] = ()
    env: dict[str, str] = field(default_factory=dict)
    lines: int | None = None
    memory: float = 120.0


TIMEOUT_3S = ("--timeout", "3")
TIMEOUT_4S = ("--timeout", "4")
NO_RETRIES = ("--retries", "0")
USAGE = {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}


def one(name: str, *script: bytes | object, **fields: object) -> Scenario:
    """Return a scenario with one script."""
    return Scenario(name, (list(script),), **fields)  # type: ignore[arg-type] # any field


def all_scenarios() -> list[Scenario]:
    """Return the whole table."""
    return [
        *whole_answers(),
        *broken_streams(),
        *not_answers(),
        *in_band_errors(),
        *statuses(),
        *bodies(),
        *retries(),
        *waits(),
        *redirects(),
        *odd_chunks(),
        *odd_text(),
        *sizes(),
    ]


def whole_answers() -> Iterator[Scenario]:
    """Complete answers, in every form that servers send."""
    pieces = (chunk("Hel"), chunk("lo"), chunk(finish="stop"))
    body = b"".join((*pieces, DONE))
    yield one("close-delimited", head(), body, CLOSE, out="Hello\n")
    yield one(
        "content-length", head(headers={"Content-Length": str(len(body))}), body, out="Hello\n"
    )
    te = head(headers={"Transfer-Encoding": "chunked"})
    yield one("chunked", te, chunked(*pieces, DONE), out="Hello\n")
    yield one("one byte a chunk", te, chunked(*(bytes([b]) for b in body)), out="Hello\n")
    yield one("one byte a packet", head(), *(bytes([b]) for b in body), CLOSE, out="Hello\n")
    packed = gzip.compress(body)
    yield one("gzip", head(headers={"Content-Encoding": "gzip"}), packed, CLOSE, out="Hello\n")
    yield one(
        "gzip in pieces",
        head(headers={"Content-Encoding": "gzip"}),
        *(packed[i : i + 5] for i in range(0, len(packed), 5)),
        CLOSE,
        out="Hello\n",
    )
    yield one("no [DONE]", head(), *pieces, CLOSE, out="Hello\n")
    yield one("no finish_reason", head(), *pieces[:2], DONE, CLOSE, out="Hello\n")
    yield one("[DONE], then open", head(), body, HOLD, out="Hello\n")
    yield one("finished, then open", head(), *pieces, HOLD, out="Hello\n", args=("--timeout", "4"))
    yield one("finished, then reset", head(), *pieces, RESET, out="Hello\n")
    yield one("CRLF", head(), body.replace(b"\n", b"\r\n"), CLOSE, out="Hello\n")
    yield one("CR", head(), body.replace(b"\n", b"\r"), CLOSE, out="Hello\n")
    yield one("byte order mark", head(), b"\xef\xbb\xbf" + body, CLOSE, out="Hello\n")
    yield one(
        "no blank behind data:", head(), body.replace(b"data: ", b"data:"), CLOSE, out="Hello\n"
    )
    yield one("comments between", head(), b": hi\n\n", body, b": bye\n\n", CLOSE, out="Hello\n")
    yield one("text/plain", head(type="text/plain"), body, CLOSE, out="Hello\n")
    yield one(
        "a lying charset",
        head(type="text/event-stream; charset=utf-16"),
        body,
        CLOSE,
        out="Hello\n",
    )
    yield one("last blank line missing", head(), body.rstrip(b"\n"), CLOSE, out="Hello\n")
    split = b"".join(
        b"data: " + line + b"\n"
        for line in json.dumps(delta("Hello", "stop"), indent=1).encode().split(b"\n")
    )
    yield one("data on many lines", head(), split, b"\n", DONE, CLOSE, out="Hello\n")
    texts = [{"type": "text", "text": "Hel"}, {"type": "text", "text": "lo"}]
    parts = event({"choices": [{"delta": {"content": texts}, "finish_reason": "stop"}]})
    yield one("content in parts", head(), parts, DONE, CLOSE, out="Hello\n", lines=0)
    pings = [step for _ in range(10) for step in (b": ping\n\n", Pause(0.5))]
    yield one("pings before the first token", head(), *pings, body, out="Hello\n", args=TIMEOUT_4S)
    yield one(
        "pings in the middle",
        head(),
        pieces[0],
        *pings,
        *pieces[1:],
        DONE,
        CLOSE,
        out="Hello\n",
        args=TIMEOUT_4S,
    )
    yield Scenario("whole, not streamed", (json_response(completion("Hello")),), "Hello\n")
    yield Scenario(
        "whole, asked for", (json_response(completion("Hello")),), "Hello\n", args=("--no-stream",)
    )
    yield Scenario("streamed, not asked for", (answer("Hello"),), "Hello\n", args=("--no-stream",))
    yield one(
        "length",
        head(),
        chunk("Hello", "length"),
        DONE,
        CLOSE,
        out="Hello\n",
        err=("was cut at max_tokens",),
        lines=1,
    )
    yield one(
        "100 Continue first", b"HTTP/1.1 100 Continue\r\n\r\n", head(), body, CLOSE, out="Hello\n"
    )
    yield one("HTTP/1.0", head().replace(b"HTTP/1.1", b"HTTP/1.0"), body, CLOSE, out="Hello\n")
    yield one(
        "usage in the finish chunk",
        head(),
        chunk("Hello"),
        event({**delta(finish="stop"), "usage": USAGE}),
        DONE,
        CLOSE,
        out="Hello\n",
        args=("--usage",),
        err=("3 tokens in, 2 out",),
    )
    yield one(
        "usage on every chunk",
        head(),
        event({**delta("Hello"), "usage": USAGE}),
        event({**delta(finish="stop"), "usage": USAGE}),
        DONE,
        CLOSE,
        out="Hello\n",
        args=("--usage",),
        err=("3 tokens in, 2 out",),
    )
    yield one(
        "usage behind the finish",
        head(),
        chunk("Hello", "stop"),
        event({"choices": [{"index": 0, "delta": {}}], "usage": USAGE}),
        DONE,
        CLOSE,
        out="Hello\n",
        args=("--usage",),
        err=("3 tokens in, 2 out",),
    )
    yield one(
        "usage never",
        head(),
        body,
        CLOSE,
        out="Hello\n",
        args=("--usage",),
        err=("no token counts from the server",),
    )


def broken_streams() -> Iterator[Scenario]:
    """Connections that end early, before and after the first text."""
    te = head(headers={"Transfer-Encoding": "chunked"})
    part = chunk("Hel")
    framed = b"%x\r\n%s\r\n" % (len(part), part)
    length = head(headers={"Content-Length": "5000"})
    packer = zlib.compressobj(wbits=31)
    flushed = packer.compress(part) + packer.flush(zlib.Z_SYNC_FLUSH)
    after: tuple[tuple[str, Script, str], ...] = (
        ("FIN", [head(), part, CLOSE], "closed the stream early"),
        ("RST", [head(), part, RESET], "incomplete answer"),
        ("FIN in a chunk", [te, framed, b"ff\r\ndata: ", CLOSE], "incomplete answer"),
        ("FIN between chunks", [te, framed, CLOSE], "incomplete answer"),
        ("bad chunk size", [te, framed, b"zz\r\n"], "illegal chunk header: zz"),
        ("short content-length", [length, part, CLOSE], "incomplete answer"),
        ("stall", [head(), part, HOLD], "no data"),
        (
            "corrupt gzip",
            [head(headers={"Content-Encoding": "gzip"}), flushed, b"\xff" * 20],
            "corrupt",
        ),
    )
    for name, script, message in after:
        yield one(
            f"{name} after text",
            *script,
            out="Hel\n",
            code=6,
            err=(message,),
            args=TIMEOUT_3S,
            lines=1,
        )
    before: tuple[tuple[str, Script, int], ...] = (
        ("RST", [RESET], 8),
        ("FIN before headers", [CLOSE], 8),
        ("FIN in the headers", [b"HTTP/1.1 200 OK\r\nContent-", CLOSE], 8),
        ("RST behind the headers", [head(), RESET], 8),
        ("chunk cut", [te, b"ff\r\nda", CLOSE], 8),
        ("first byte stall", [HOLD], 8),
        ("stall behind the headers", [head(), HOLD], 8),
        ("stall with role only", [head(), chunk(role="assistant"), HOLD], 8),
        ("not HTTP", [b"SSH-2.0-OpenSSH_9.2\r\n", HOLD], 8),
        ("header bomb", [b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 100_000, HOLD], 8),
        ("one endless header", [b"HTTP/1.1 200 OK\r\nX: " + b"y" * 1_000_000, HOLD], 8),
    )
    for name, script, code in before:
        yield one(
            f"{name} before text", *script, code=code, args=(*TIMEOUT_3S, *NO_RETRIES), lines=1
        )
        yield Scenario(
            f"{name}, then an answer",
            (script, answer("ok")),
            "ok\n",
            attempts=2,
            args=TIMEOUT_3S,
            err=("retrying",),
        )


def not_answers() -> Iterator[Scenario]:
    """Responses with status 200 but without an answer."""
    page = b"<!doctype html><html><title>Sign in</title><body>please</body></html>"
    yield one(
        "a web page",
        head(type="text/html"),
        page,
        CLOSE,
        code=6,
        err=("web page", "Sign in"),
        lines=1,
    )
    yield one("a web page as events", head(), page, CLOSE, code=6, err=("web page",), lines=1)
    yield one(
        "nothing", head(headers={"Content-Length": "0"}), code=6, err=("empty reply",), lines=1
    )
    yield one(
        "nothing but blanks", head(), b"\n\n  \n", CLOSE, code=6, err=("empty reply",), lines=1
    )
    yield one("204", b"HTTP/1.1 204 No Content\r\n\r\n", code=6, err=("empty reply",), lines=1)
    yield one("comments only", head(), b": hi\n\n: ho\n\n", CLOSE, code=6, lines=1)
    yield one("only [DONE]", head(), DONE, CLOSE, code=6, err=("empty answer",), lines=1)
    yield one(
        "only a finish",
        head(),
        chunk(finish="stop"),
        DONE,
        CLOSE,
        code=6,
        err=("empty answer",),
    )
    yield one(
        "only reasoning",
        head(),
        chunk(reasoning="hm"),
        chunk(finish="stop"),
        DONE,
        CLOSE,
        code=6,
        err=("only reasoning",),
    )
    yield one(
        "a tool call",
        head(),
        chunk(tool_calls=[{}]),
        chunk(finish="tool_calls"),
        DONE,
        CLOSE,
        code=6,
        err=("tool",),
    )
    yield one(
        "filtered at once", head(), chunk(finish="content_filter"), DONE, code=6, err=("filter",)
    )
    yield one(
        "filtered later",
        head(),
        chunk("x"),
        chunk(finish="content_filter"),
        DONE,
        out="x\n",
        code=6,
        err=("filter",),
    )
    yield one("abort", head(), chunk("x"), chunk(finish="abort"), DONE, out="x\n", code=6)
    yield one(
        "max_tokens used up", head(), chunk(finish="length"), DONE, code=6, err=("max_tokens",)
    )
    for name, body in (
        ("JSON null", b"null"),
        ("JSON list", b"[]"),
        ("JSON number", b"[7]"),
        ("empty object", b"{}"),
        ("no choices", b'{"choices": []}'),
        ("no message", b'{"choices": [{}]}'),
        ("half JSON", b'{"a": '),
        ("deep JSON", b"[" * 100_000),
        ("binary", b"{\xff\xfe\0"),
    ):
        yield Scenario(f"200 with {name}", (json_response(body),), code=6, lines=1)
    yield one("plain text", head(type="text/plain"), b"Internal error\n", CLOSE, code=6, lines=1)
    yield one(
        "brotli",
        head(headers={"Content-Encoding": "br"}),
        b"\x0b\x02\x80hi\x03",
        CLOSE,
        code=6,
        err=("br",),
        lines=1,
    )


def in_band_errors() -> Iterator[Scenario]:
    """Errors in responses with status 200."""
    shapes: dict[str, object] = {
        "an object": {"error": {"message": "engine died", "type": "x", "code": 500}},
        "a string": {"error": "engine died"},
        "a list": [{"error": {"message": "engine died"}}],
        "vLLM's old one": {"object": "error", "message": "engine died", "code": 500},
        "a detail": {"detail": "engine died"},
        "nested": {"error": {"error": {"message": "engine died"}}},
    }
    for name, shape in shapes.items():
        yield one(
            f"in-band error, {name}, before text",
            head(),
            event(shape),
            DONE,
            code=6,
            err=("engine died",),
            lines=1,
        )
        yield one(
            f"in-band error, {name}, after text",
            head(),
            chunk("par"),
            event(shape),
            CLOSE,
            out="par\n",
            code=6,
            err=("engine died",),
            lines=1,
        )
        yield Scenario(
            f"200 and JSON error, {name}",
            (json_response(shape),),
            code=6,
            err=("engine died",),
            lines=1,
        )
    yield one(
        "error event",
        head(),
        chunk("par"),
        b"event: error\ndata: engine died\n\n",
        HOLD,
        out="par\n",
        code=6,
        err=("engine died",),
        lines=1,
    )
    yield one(
        "text behind an error", head(), event({"error": "engine died"}), chunk("more"), DONE, code=6
    )


def statuses() -> Iterator[Scenario]:
    """Every error status, once and permanently."""
    refused = {
        400: 5,
        401: 4,
        402: 5,
        403: 4,
        404: 5,
        405: 5,
        410: 5,
        413: 5,
        415: 5,
        418: 5,
        422: 5,
    }
    for status, code in refused.items():
        yield Scenario(
            f"{status}",
            (error(status, "no way"),),
            code=code,
            lines=1,
            err=(f"returned {status}: no way",),
        )
    for status, code in {408: 5, 429: 7, 500: 6, 502: 6, 503: 6, 504: 6}.items():
        no_wait = {"Retry-After": "0"}
        yield Scenario(
            f"{status} once",
            (error(status, "no", no_wait), answer("ok")),
            "ok\n",
            attempts=2,
            lines=1,
        )
        yield Scenario(
            f"{status} twice",
            (error(status, "no", no_wait), error(status, "no", no_wait), answer("ok")),
            "ok\n",
            attempts=3,
            lines=2,
        )
        yield Scenario(
            f"{status} permanently", (error(status, "no", no_wait),), code=code, attempts=4, lines=4
        )
    yield Scenario("501 is not tried again", (error(501, "no"),), code=6, lines=1)
    yield Scenario("530 is not tried again", (error(530, "no"),), code=6, lines=1)


def bodies() -> Iterator[Scenario]:
    """Error bodies of every shape, each reported in one line."""
    litellm = (
        "litellm.BadRequestError: Hosted_vllmException - wrong\\n\\nLiteLLM: model group 'x' "
        "failed with the error above"
    )
    shapes: dict[str, tuple[bytes, str]] = {
        "OpenAI's": (b'{"error": {"message": "wrong", "type": "t", "code": "c"}}', "wrong"),
        "vLLM's string": (b'{"error": "wrong"}', "wrong"),
        "FastAPI's detail": (b'{"detail": "wrong"}', "wrong"),
        "FastAPI's list": (
            b'{"detail": [{"loc": ["body", "model"], "msg": "wrong"}]}',
            "body.model: wrong",
        ),
        "a message": (b'{"message": "wrong"}', "wrong"),
        "a string": (b'"wrong"', "wrong"),
        "LiteLLM's": (b'{"error": {"message": "%s"}}' % litellm.encode(), ": wrong\n"),
        "HTML": (b"<html><head><title>wrong</title></head></html>", "wrong"),
        "plain text": (b"wrong\nand more", "wrong and more"),
        "half JSON": (b'{"error": wrong', "wrong"),
        "nothing": (b"", "Bad Request"),
        "null": (b"null", "Bad Request"),
        "empty object": (b"{}", "Bad Request"),
        "a number": (b"7", "Bad Request"),
        "deep": (b"[" * 60_000, "400"),
        "invalid UTF-8": (b"wr\xffong", "wr\ufffdong"),
        "escapes": (b'{"error": "wrong \\u001b[31m"}', "wrong \\x1b[31m"),
    }
    for name, (body, message) in shapes.items():
        yield Scenario(
            f"body: {name}", (json_response(body, 400),), code=5, err=(message,), lines=1
        )
    for status, code in {401: 4, 404: 5, 422: 5}.items():
        for name in ("vLLM's string", "FastAPI's list", "HTML", "nothing"):
            yield Scenario(
                f"body: {name} with {status}",
                (json_response(shapes[name][0], status),),
                code=code,
                lines=1,
            )
    yield one(
        "an endless error body",
        head(401),
        *([b"x" * 65536] * 2000),
        HOLD,
        code=4,
        lines=1,
    )
    yield one(
        "a trickling error body",
        head(401),
        *([b"x", Pause(0.3)] * 400),
        HOLD,
        code=4,
        lines=1,
    )
    yield one("a silent error body", head(401), HOLD, code=4, lines=1, args=TIMEOUT_3S)
    bomb = gzip.compress(gzip.compress(b"\0" * 30_000_000))
    yield one(
        "a gzip bomb",
        head(400, {"Content-Encoding": "gzip"}),
        gzip.compress(b" " * 100_000_000),
        CLOSE,
        code=5,
        lines=1,
    )
    yield one(
        "gzip in gzip", head(400, {"Content-Encoding": "gzip, gzip"}), bomb, CLOSE, code=5, lines=1
    )


def retries() -> Iterator[Scenario]:
    """Requests that are retried, and others that are not."""
    busy = error(503, "busy", {"Retry-After": "0"})
    yield Scenario("--retries 0", (busy, answer("ok")), code=6, args=NO_RETRIES, lines=1)
    yield Scenario(
        "--retries 1", (busy, busy, answer("ok")), code=6, attempts=2, args=("--retries", "1")
    )
    yield Scenario("quiet retries", (busy, answer("ok")), "ok\n", attempts=2, args=("-q",), lines=0)
    options = error(400, "unknown field stream_options")
    yield Scenario("stream_options named", (options, answer("ok")), "ok\n", attempts=2, lines=0)
    yield Scenario("stream_options named again", (options, options), code=5, attempts=2, lines=1)
    yield Scenario(
        "a fallback",
        (
            answer(
                "ok",
                headers={
                    "x-litellm-attempted-fallbacks": "2",
                    "x-litellm-model-group": "vllm-primary",
                },
            ),
        ),
        "ok\n",
        args=("-m", "big"),
        err=("vllm-primary answered instead",),
        lines=1,
    )
    yield Scenario(
        "no fallback",
        (answer("ok", headers={"x-litellm-attempted-fallbacks": "0"}),),
        "ok\n",
        lines=0,
    )
    yield one(
        "another model",
        head(),
        chunk("ok", "stop", model="claude-3-haiku"),
        DONE,
        out="ok\n",
        err=("claude-3-haiku answered instead",),
        lines=1,
    )
    yield one(
        "an alias is no fallback",
        head(),
        chunk("ok", "stop", model="qwen3-4b"),
        DONE,
        out="ok\n",
        lines=0,
    )
    yield Scenario(
        "deprecated",
        (answer("ok", headers={"X-API-Deprecated": "2027-01-01"}),),
        "ok\n",
        err=("2027-01-01",),
        lines=1,
    )


def waits() -> Iterator[Scenario]:
    """Rate limit headers of every form. With `--max-wait 0.1`, the error names the wait."""
    too_long = ("--max-wait", "0.1")
    named = {
        "Retry-After: 7": "7 s",
        "Retry-After: 7.2": "8 s",
        "Retry-After:  7 ": "7 s",
        "retry-after-ms: 7000": "7 s",
        "llm_provider-retry-after: 7": "7 s",
        "X-RateLimit-Reset: 7": "7 s",
        "x-ratelimit-reset-requests: 7s": "7 s",
        "x-ratelimit-reset-requests: 6m0s": "360 s",
        "x-ratelimit-reset-tokens: 1h": "3600 s",
        "x-ratelimit-reset-requests: 5250ms": "6 s",
        "Retry-After: 86400": "86400 s",
    }
    for header, wait in named.items():
        name, _, value = header.partition(":")
        yield Scenario(
            f"429 with {header}",
            (error(429, "slow", {name: value}),),
            code=7,
            args=too_long,
            err=(f"asks to wait {wait}",),
            lines=1,
        )
    absurd = (
        "-1",
        "nan",
        "inf",
        "soon",
        "",
        "1e3",
        "0x10",
        "Thu, 01 Jan 1970 00:00:00 GMT",
        "9" * 30,
        "\xb3",  # a superscript 3: str.isdigit() is true, but int() fails
    )
    for value in absurd:
        yield Scenario(
            f"429 with an absurd Retry-After {value!r}",
            (error(429, "slow", {"Retry-After": value}), answer("ok")),
            "ok\n",
            attempts=2,
            err=("retrying in",),
        )
    future = {"Retry-After": "Fri, 31 Dec 2100 23:59:59 GMT"}
    yield Scenario(
        "429 with a date far away", (error(429, "slow", future), answer("ok")), "ok\n", attempts=2
    )
    yield Scenario(
        "503 without a limit",
        (error(503, "busy", {"X-RateLimit-Reset": "7"}), answer("ok")),
        "ok\n",
        attempts=2,
        args=too_long,
    )


def redirects() -> Iterator[Scenario]:
    """Redirects are not followed."""
    for status in (301, 302, 303, 307, 308):
        for target in (
            "https://evil.example/v1",
            "//other.example/",
            "http://127.0.0.1:1/",
            "/v1/chat/completions",
        ):
            if status != 307 and target != "https://evil.example/v1":
                continue
            yield Scenario(
                f"{status} to {target}",
                (json_response(b"", status, {"Location": target}),),
                code=5,
                err=("redirects to", target),
                lines=1,
            )
    yield Scenario(
        "redirect without a place", (json_response(b"", 302),), code=5, err=("redirects",), lines=1
    )
    yield Scenario(
        "redirect to an invalid URL",
        (json_response(b"", 302, {"Location": "//foo:abc/x"}),),
        code=5,
        err=("redirects to an invalid URL",),
        lines=1,
    )
    yield Scenario("304", (json_response(b"", 304),), code=5, lines=1)


def odd_chunks() -> Iterator[Scenario]:
    """Invalid chunks, which do not affect the chunks around them."""
    end = (chunk("b", "stop"), DONE, CLOSE)
    odd: dict[str, tuple[bytes, bool]] = {
        "null": (b"data: null\n\n", True),
        "a list": (b"data: [1]\n\n", True),
        "a number": (b"data: 7\n\n", True),
        "not JSON": (b"data: {oops\n\n", True),
        "deep": (b"data: " + b"[" * 100_000 + b"\n\n", True),
        "a huge number": (b'data: {"a": ' + b"1" * 10_000 + b"}\n\n", True),
        "empty data": (b"data:\n\n", False),
        "no choices": (b'data: {"choices": []}\n\n', False),
        "choices missing": (b"data: {}\n\n", False),
        "choices null": (b'data: {"choices": null}\n\n', False),
        "choices of numbers": (b'data: {"choices": [1]}\n\n', False),
        "delta null": (b'data: {"choices": [{"delta": null}]}\n\n', False),
        "content null": (chunk(role="assistant", content_null=None), False),
        "content a number": (event({"choices": [{"delta": {"content": 5}}]}), True),
        "content false": (event({"choices": [{"delta": {"content": False}}]}), False),
        "choice 1": (event({"choices": [{"index": 1, "delta": {"content": "X"}}]}), False),
        "usage a string": (event({"choices": [], "usage": "many"}), False),
        "model a list": (event({"choices": [], "model": ["m"]}), False),
        "another event": (b"event: ping\ndata: {}\n\n", False),
    }
    for name, (odd_chunk, is_reported) in odd.items():
        yield one(
            f"chunk: {name}",
            head(),
            chunk("a"),
            odd_chunk,
            *end,
            out="ab\n",
            err=("could not be parsed",) if is_reported else (),
            lines=int(is_reported),
        )


def odd_text() -> Iterator[Scenario]:
    """Text with characters that parsers often mishandle."""
    for name, text in {
        "U+2028": "a\u2028b",
        "NEL": "a\x85b",
        "form feed": "a\x0cb",
        "file separator": "a\x1cb",
        "NUL": "a\0b",
        "escapes": "\x1b]0;t\x07",
        "CR LF": "a\r\nb",
        "emoji": "\U0001f468\u200d\U0001f469",
        "bidi": "\u202eabc",
    }.items():
        raw = json.dumps(delta(text, "stop"), ensure_ascii=False).encode()
        if name != "CR LF":
            yield one(
                f"text: {name}, unescaped",
                head(),
                b"data: " + raw.replace(b"\0", b"\\u0000") + b"\n\n",
                DONE,
                out=text + "\n",
            )
        yield Scenario(f"text: {name}", (answer(text),), text + "\n")
    yield Scenario("surrogates in two chunks", (answer("\ud83d", "\ude00"),), "\U0001f600\n")
    yield Scenario("a lone surrogate", (answer("a\udc00b"),), "a\ufffdb\n")
    bad = chunk("a~b", "stop").replace(b"~", b"\xff")
    yield one("invalid UTF-8", head(), bad, DONE, out="a\ufffdb\n")


def sizes() -> Iterator[Scenario]:
    """Large answers, in limited memory."""
    big = "x" * 8_000_000
    raw = chunk(big, "stop")
    yield one(
        "a line of 8 MB in small pieces",
        head(),
        *(raw[i : i + 4096] for i in range(0, len(raw), 4096)),
        DONE,
        out=big + "\n",
        memory=200,
    )
    yield one(
        "50 MB",
        head(),
        *([chunk("x" * 1_000_000)] * 50),
        chunk(finish="stop"),
        DONE,
        out="x" * 50_000_000 + "\n",
    )
    yield one(
        "50 MB, not ASCII",
        head(),
        *([chunk("é" * 500_000)] * 50),
        chunk(finish="stop"),
        DONE,
        out="é" * 25_000_000 + "\n",
    )
    yield one(
        "50 MB, saved repeatedly while it streams",
        head(),
        *([chunk("x" * 1_000_000), Pause(0.1)] * 50),
        chunk(finish="stop"),
        DONE,
        out="x" * 50_000_000 + "\n",
    )
    yield one(
        "20,000 chunks",
        head(),
        b"".join([chunk("t ")] * 20_000),
        chunk(finish="stop"),
        DONE,
        out="t " * 20_000 + "\n",
    )
    yield one(
        "a line over 64 MiB",
        head(),
        b"data: ",
        *([b"x" * 1_000_000] * 70),
        CLOSE,
        code=6,
        memory=300,
        lines=1,
    )
