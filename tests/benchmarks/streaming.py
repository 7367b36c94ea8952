"""What a chunk costs, as fast as it can come and at a model's pace, and what an answer holds."""

import os
import resource
from collections.abc import Sequence
from statistics import median

from tests.benchmarks.measure import (
    Row,
    cpu_seconds,
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
# As a model writes: 100 tokens a second, each on its own.
PACED = 400
PACE = 0.01
PACED_RUNS = 3


def rows() -> list[Row]:
    """Measure."""
    with streaming_server(2) as short, streaming_server(CHUNKS) as long:
        start, piped, curl = paired(
            srchat("ask", "--base-url", short.url, "hi"),
            srchat("ask", "--base-url", long.url, "hi"),
            ["curl", "-sN", f"{long.url}/chat/completions", "-d", "{}"],
        )
        two = peak_memory("ask", "--base-url", short.url, "hi")
        many = peak_memory("ask", "--base-url", long.url, "hi")
    with streaming_server(50, "x" * 1_000_000) as huge:
        kept = peak_memory("ask", "--base-url", huge.url, "hi")
        passed_on = peak_memory("ask", "--no-save", "--base-url", huge.url, "hi")
    curl_paced, piped_paced, shown_paced = _paced()
    a_chunk = (piped - start) / CHUNKS * 1e6
    return [
        Row(f"curl, {CHUNKS:,} chunks", f"{curl * 1000:.0f} ms", "1", ""),
        Row(f"`srchat ask`, {CHUNKS:,} chunks, piped", f"{piped * 1000:.0f} ms",
            f"{piped / curl:.0f} x curl", ""),
        Row("a chunk, over start-up", f"{a_chunk:.1f} µs", "", "40 µs"),
        Row("curl, 1,000 tokens at 100 a second", f"{curl_paced * 1000:.0f} ms", "1", ""),
        Row("`srchat ask`, 1,000 tokens at 100 a second, piped", f"{piped_paced * 1000:.0f} ms",
            f"{piped_paced / curl_paced:.1f} x curl", ""),
        Row("the same on a terminal, rendered", f"{shown_paced * 1000:.0f} ms",
            f"{shown_paced / curl_paced:.1f} x curl", ""),
        Row("memory, two tokens", f"{two:.0f} MiB", "1", ""),
        Row(f"memory, {CHUNKS:,} chunks", f"{many:.0f} MiB", f"{many / two:.2f} x two tokens",
            "flat"),
        Row("memory, an answer of 50 MB", f"{kept:.0f} MiB",
            f"{passed_on:.0f} MiB with `--no-save`", "300 MiB"),
    ]  # fmt: skip


def _paced() -> list[float]:
    """Return CPU seconds over start-up for 1,000 tokens at a model's pace: curl, piped, shown."""
    pieces = tokens(long_answer(8 * PACED))[:PACED]
    steps = [step for piece in pieces for step in (_part(piece), Pause(PACE))]
    begin = head(headers={"Transfer-Encoding": "chunked"})
    end = chunked(chunk(finish="stop"), DONE)
    with (
        ScriptedServer([[begin, *steps[:2], end]]) as short,
        ScriptedServer([[begin, *steps, end]]) as long,
    ):
        return [
            median(cost(command(long)) - cost(command(short)) for _ in range(PACED_RUNS))
            / PACED
            * 1000
            for cost, command in ((cpu_seconds, _curl), (cpu_seconds, _ask), (_on_terminal, _ask))
        ]


def _part(piece: str) -> bytes:
    return chunked(chunk(piece)).removesuffix(chunked())


def _curl(server: ScriptedServer) -> list[str]:
    return ["curl", "-sN", f"{server.url}/chat/completions", "-d", "{}"]


def _ask(server: ScriptedServer) -> list[str]:
    return srchat("ask", "--no-stdin", "--base-url", server.url, "hi")


def _on_terminal(command: Sequence[str]) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    env = dict(os.environ) | {"TERM": "xterm-256color", "SRCHAT_DATA": data_folder()}
    with TerminalSession(command, env, 80, 40) as session:
        session.wait()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
