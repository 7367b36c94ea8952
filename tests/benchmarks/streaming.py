"""What a chunk costs through a pipe, and what a long answer holds in memory."""

from tests.benchmarks.measure import Row, paired, peak_memory, srchat, streaming_server

CHUNKS = 20_000


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
    a_chunk = (piped - start) / CHUNKS * 1e6
    return [
        Row(f"curl, {CHUNKS:,} chunks", f"{curl * 1000:.0f} ms", "1", ""),
        Row(f"`srchat ask`, {CHUNKS:,} chunks, piped", f"{piped * 1000:.0f} ms",
            f"{piped / curl:.0f} x curl", ""),
        Row("a chunk, over start-up", f"{a_chunk:.1f} µs", "", "40 µs"),
        Row("memory, two tokens", f"{two:.0f} MiB", "1", ""),
        Row(f"memory, {CHUNKS:,} chunks", f"{many:.0f} MiB", f"{many / two:.2f} x two tokens",
            "flat"),
        Row("memory, an answer of 50 MB", f"{kept:.0f} MiB",
            f"{passed_on:.0f} MiB with `--no-save`", "300 MiB"),
    ]  # fmt: skip
