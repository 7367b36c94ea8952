"""The cost of live rendering, compared with printing the complete answer once.

Answers are streamed into a terminal of 80x40 at 100 tokens per second of a virtual clock, which
skips the waits. The result is the CPU time of this process per 1,000 tokens.
SRCHAT_BENCHMARK_FULL=1 includes answers of up to 100,000 tokens.
"""

import os
import random
import time
from collections.abc import Callable

from srchat.markdown.writer import MarkdownWriter
from tests.benchmarks.measure import Row
from tests.support.answers import long_answer, paragraph, tokens
from tests.support.printed import printed
from tests.support.terminal import TerminalOutput

_PER_SECOND = 100


class VirtualClock:
    """A clock that skips waits."""

    def __init__(self) -> None:
        self._skipped = 0.0

    def __call__(self) -> float:
        """Return the current time in seconds."""
        return time.perf_counter() + self._skipped

    def wait_until(self, moment: float) -> None:
        """Skip to `moment`, unless it is in the past."""
        self._skipped += max(0.0, moment - self())


def streamed(pieces: list[str], per_second: float) -> tuple[float, TerminalOutput, float]:
    """Return the CPU seconds, the terminal, and the time of the first output."""
    output = _output()
    clock = VirtualClock()
    writer = MarkdownWriter(output, clock=clock)
    start, first = clock(), 0.0
    cpu = time.process_time()
    for number, piece in enumerate(pieces, 1):
        clock.wait_until(start + number / per_second)
        writer.write(piece)
        if output.writes and not first:
            first = clock() - start
    writer.close()
    return time.process_time() - cpu, output, first


def _output() -> TerminalOutput:
    output = TerminalOutput(80, 40)
    output.feeds_emulator = False
    return output


def once(text: str) -> tuple[float, int]:
    """Return the CPU seconds and bytes of printing `text` at once."""
    cpu = time.process_time()
    result = printed(text, _output())
    return time.process_time() - cpu, len(result.encode())


def measure(name: str, text: str, goal: str, per_second: float = _PER_SECOND) -> Row:
    """Measure streaming of `text`."""
    pieces = tokens(text)
    cpu, output, first = streamed(pieces, per_second)
    once_cpu, once_bytes = once(text)
    written = len(output.text.encode()) / once_bytes
    return Row(
        f"live Markdown per 1,000 tokens: {name}",
        f"{cpu / len(pieces) * 1e6:.0f} ms",
        f"{cpu / once_cpu:.1f} x, bytes {written:.2f} x printing once; first after {first:.2f} s",
        goal,
    )


def _table(rows: int) -> str:
    rng = random.Random(1)
    lines = [f"| {n} | {paragraph(rng, 3)} | {paragraph(rng, 5)} |" for n in range(rows)]
    return "\n".join(["| n | name | what it is |", "|--:|------|------------|", *lines, ""])


def _worst_cases() -> dict[str, Callable[[], str]]:
    rng = random.Random(1)
    prose = paragraph(rng, 4000)[:20_000]
    quote = "".join(f"> {prose[i : i + 78]}\n" for i in range(0, len(prose), 78))
    nested = "".join(f"  - {paragraph(rng, 8)}\n" for _ in range(400))
    code = "".join(f"    value_{n} = compute(value_{n - 1}, {n})  # step\n" for n in range(2000))
    return {
        "table of 300 rows": lambda: _table(300),
        "400 items in one item": lambda: "- one\n" + nested,
        "400 items in '1. - '": lambda: "- - zero\n" + nested,
        "paragraph of 20 kB": lambda: prose + "\n",
        "quote of 20 kB": lambda: quote,
        "quote of 20 kB, one line": lambda: f"> {prose}\n",
        "fence of 2,000 lines": lambda: f"```python\ndef f():\n{code}```\n",
        "fence in an item's line": lambda: f"- ```python\n{code}  ```\n",
        "indented code": lambda: code,
        "list of 500 items": lambda: "".join(f"- {paragraph(rng, 8)}\n" for _ in range(500)),
    }


def rows() -> list[Row]:
    """Run the benchmarks."""
    os.environ["TERM"] = "xterm-256color"
    once(long_answer(2000))  # does the imports and fills caches
    sizes = [1_000, 5_000, 20_000]
    if os.environ.get("SRCHAT_BENCHMARK_FULL"):
        sizes += [50_000, 100_000]
    return [
        *(measure(f"{size:,} in all", long_answer(4 * size), "120 ms, flat") for size in sizes),
        measure("as fast as it comes", long_answer(80_000), "", per_second=1e9),
        *(measure(name, text(), "4 x prose") for name, text in _worst_cases().items()),
    ]
