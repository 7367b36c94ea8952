"""What a chunk costs through a pipe, and what a long answer holds in memory."""

from tests.benchmarks.measure import Row, paired, srchat, streaming_server

CHUNKS = 20_000


def rows() -> list[Row]:
    """Measure."""
    with streaming_server(2) as short, streaming_server(CHUNKS) as long:
        start, piped, curl = paired(
            srchat("ask", "--base-url", short.url, "hi"),
            srchat("ask", "--base-url", long.url, "hi"),
            ["curl", "-sN", f"{long.url}/chat/completions", "-d", "{}"],
        )
    with streaming_server(50, "x" * 1_000_000) as huge:
        (big,) = paired(srchat("ask", "--base-url", huge.url, "hi"), runs=1)
    a_chunk = (piped.cpu - start.cpu) / CHUNKS * 1e6
    return [
        Row(f"curl, {CHUNKS:,} chunks", f"{curl.cpu * 1000:.0f} ms", "1", ""),
        Row(f"srchat ask, {CHUNKS:,} chunks, piped", f"{piped.cpu * 1000:.0f} ms",
            f"{piped.cpu / curl.cpu:.0f} x curl", ""),
        Row("a chunk, over start-up", f"{a_chunk:.1f} µs", "", "40 µs"),
        Row("memory, two tokens", f"{start.memory:.0f} MiB", "1", ""),
        Row(f"memory, {CHUNKS:,} chunks", f"{piped.memory:.0f} MiB",
            f"{piped.memory / start.memory:.2f} x two tokens", "flat"),
        Row("memory, an answer of 50 MB", f"{big.memory:.0f} MiB", "", "300 MiB"),
    ]  # fmt: skip
