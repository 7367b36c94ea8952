"""The cost of a token, at full speed and at the pace of a model, and the memory of an answer."""

import os
import resource
from collections.abc import Sequence
from statistics import median

from tests.benchmarks import floors
from tests.benchmarks.measure import (
    Row,
    data_folder,
    paired,
    peak_memory,
    srchat,
    streaming_server,
)
from tests.support.answers import long_answer, tokens
from tests.support.pseudo_terminal import TerminalSession
from tests.support.server import DONE, Pause, ScriptedServer, chunk, chunked, head

CHUNKS = 20_000
PACED = 1_000
PACE = 1 / 80  # seconds per token, as with a model
PACED_RUNS = 3


def rows() -> list[Row]:
    """Run the benchmarks."""
    return [*_paced(), *_at_once(), *_memory()]


def _paced() -> list[Row]:
    pieces = tokens(long_answer(8 * PACED))[:PACED]
    steps = [step for piece in pieces for step in (_part(piece), Pause(PACE))]
    begin = head(headers={"Transfer-Encoding": "chunked"})
    end = chunked(chunk(finish="stop"), DONE)
    with (
        ScriptedServer([[begin, *steps[:4], end]]) as short,
        ScriptedServer([[begin, *steps, end]]) as long,
    ):
        commands = [
            (floors.printing(server.url), srchat("ask", "--base-url", server.url, "hi"))
            for server in (short, long)
        ]
        costs = [
            [_on_terminal(more) - _on_terminal(less) for less, more in zip(*commands, strict=True)]
            for _ in range(PACED_RUNS)
        ]
    floor, ask = (median(column) for column in zip(*costs, strict=True))
    what = f"{PACED:,} tokens at {1 / PACE:.0f} a second on a terminal, over two tokens"
    return [
        Row(f"httpx, {what}", f"{floor:.2f} s", "1", ""),
        Row(f"`srchat ask`, {what}", f"{ask:.2f} s", f"{ask / floor:.2f}", "1.4"),
    ]


def _at_once() -> list[Row]:
    with streaming_server(2) as short, streaming_server(CHUNKS) as long:
        floor, piped, start = paired(
            floors.printing(long.url),
            srchat("ask", "--base-url", long.url, "hi"),
            srchat("ask", "--base-url", short.url, "hi"),
        )
        costs = [
            [
                _on_terminal(command)
                for command in (
                    floors.rendering_once(long.url),
                    srchat("ask", "--base-url", long.url, "hi"),
                )
            ]
            for _ in range(PACED_RUNS)
        ]
    once, shown = (median(column) for column in zip(*costs, strict=True))
    what = f"{CHUNKS:,} tokens at once"
    return [
        Row(f"httpx, {what}, piped", f"{floor:.2f} s", "1", ""),
        Row(f"`srchat ask`, {what}, piped", f"{piped:.2f} s", f"{piped / floor:.2f}", "1.10"),
        Row("a token of them, over start-up", f"{(piped - start) / CHUNKS * 1e6:.1f} µs", "", ""),
        Row(f"httpx, and Rich once at the end, {what}, on a terminal", f"{once:.2f} s", "1", ""),
        Row(f"`srchat ask`, {what}, on a terminal", f"{shown:.2f} s", f"{shown / once:.2f}", "1.0"),
    ]


def _memory() -> list[Row]:
    with streaming_server(2) as short, streaming_server(CHUNKS) as long:
        two = peak_memory("ask", "--base-url", short.url, "hi")
        many = peak_memory("ask", "--base-url", long.url, "hi")
    with streaming_server(50, "x" * 1_000_000) as huge:
        kept = peak_memory("ask", "--base-url", huge.url, "hi")
        passed_on = peak_memory("ask", "--no-save", "--base-url", huge.url, "hi")
    return [
        Row("memory, two tokens", f"{two:.0f} MiB", "1", ""),
        Row(f"memory, {CHUNKS:,} tokens", f"{many:.0f} MiB", f"{many / two:.2f}", "flat"),
        Row("memory, an answer of 50 MB, with `--no-save`", f"{passed_on:.0f} MiB", "", ""),
        Row("memory, an answer of 50 MB", f"{kept:.0f} MiB", "", "120 MB"),
    ]


def _part(piece: str) -> bytes:
    return chunked(chunk(piece)).removesuffix(chunked())


def _on_terminal(command: Sequence[str]) -> float:
    """Run a command on a terminal, and return its CPU seconds."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    env = dict(os.environ) | {"TERM": "xterm-256color", "SRCHAT_DATA": data_folder()}
    with TerminalSession(command, env, 80, 40) as session:
        session.wait()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
