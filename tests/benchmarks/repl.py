"""The cost of the REPL: its start, a key press, a long session.

`python -m tests.benchmarks.repl` takes about a minute. Start and echo are measured in wall-clock
time, because a user waits for them. Memory is the peak of the process.
"""

import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from srchat.conversation import Conversation, TurnRecord
from srchat.history.store import ConversationStore
from tests.benchmarks.measure import RUNS, Row, table
from tests.conftest import Srchat
from tests.support.chatting import ChatTerminal
from tests.support.costs import start_measured
from tests.support.server import DONE, ScriptedServer, chunk, chunked, head
from tests.support.waiting import WAIT_TIMEOUT

LINES = 10_000
TURNS = 1_000
REPLY = 20_000  # characters
UNREACHABLE = "http://127.0.0.1:9/v1"


def rows() -> list[Row]:
    """Run the benchmarks."""
    return [*_start(), *_keys(), *_memory()]


def _start() -> list[Row]:
    baseline, start_up = [], []
    with tempfile.TemporaryDirectory() as home:
        srchat = Srchat(Path(home))
        for _ in range(RUNS):
            begin = time.perf_counter()
            subprocess.run([sys.executable, "-c", "import typer, prompt_toolkit"], check=True)
            baseline.append(time.perf_counter() - begin)
            begin = time.perf_counter()
            with ChatTerminal(srchat, UNREACHABLE) as chat:
                while not chat.is_at_prompt and time.perf_counter() - begin < WAIT_TIMEOUT:
                    chat.read(0.001)
                start_up.append(time.perf_counter() - begin)
    base, cost = median(baseline), median(start_up)
    return [
        Row("import typer, prompt_toolkit", f"{base * 1000:.0f} ms", "1", ""),
        Row("srchat chat, until its prompt", f"{cost * 1000:.0f} ms",
            f"{cost / base:.2f} x the imports", "1.5 x"),
    ]  # fmt: skip


def _keys() -> list[Row]:
    with tempfile.TemporaryDirectory() as empty, tempfile.TemporaryDirectory() as full:
        _fill(Path(full))
        base = _echo(Srchat(Path(empty)))
        cost = _echo(Srchat(Path(full)), "--continue")
    return [
        Row("key press to echo, nothing typed before", f"{_ms(base)}", "1", ""),
        Row(f"with {LINES:,} typed lines, {TURNS:,} turns", f"{_ms(cost)}",
            f"{median(cost) / median(base):.2f} x", "20 ms"),
    ]  # fmt: skip


def _ms(times: list[float]) -> str:
    return f"{median(times) * 1000:.1f} ms, at most {max(times) * 1000:.1f}"


def _fill(home: Path) -> None:
    lines = (f"+{n} explain the number {n} to me\n" for n in range(LINES))
    (home / "typed_lines").write_text("\n".join(lines) + "\n", encoding="utf-8")
    turns: list[TurnRecord] = []
    for number in range(TURNS):
        turns.append(
            TurnRecord(
                id=f"{number:012x}", prompt="what?" * 20, reply="so " * 300, complete=True,
                parent=turns[-1].id if turns else None, asked_at=1e9, base_url=UNREACHABLE,
                model="m",
            )
        )  # fmt: skip
    store = ConversationStore(home / "history.db")
    store.add_conversation(
        Conversation("c" * 12, "long", None, 1e9, 1e9, turns[-1].id, tuple(turns))
    )
    store.close()


def _echo(srchat: Srchat, *args: str) -> list[float]:
    """Return the seconds from each key press to its echo."""
    times = []
    with ChatTerminal(srchat, UNREACHABLE, *args, SRCHAT_DATA=str(srchat.home)) as chat:
        chat.wait_for_prompt()
        chat.read(1.5)  # wait for imports in the background
        # No typed line begins like this, so the search for suggestions reads all of them.
        for character in "1 explain the number nothing and more":
            before = len(chat.raw)
            begin = time.perf_counter()
            chat.type(character)
            while len(chat.raw) == before:
                chat.read(0.0005)
            times.append(time.perf_counter() - begin)
            chat.read(0.03)
    return times


def _memory() -> list[Row]:
    body = chunked(*([chunk("x" * 100)] * (REPLY // 100)), chunk(finish="stop"), DONE)
    script = [head(headers={"Transfer-Encoding": "chunked"}), body]
    with ScriptedServer([script]) as server, tempfile.TemporaryDirectory() as home:
        short = _peak(Path(home), server.url, 10)
        long = _peak(Path(home), server.url, TURNS)
    text = (TURNS - 10) * REPLY
    grown = (long - short) * 1024 * 1024
    return [
        Row(f"memory of {TURNS:,} turns of {REPLY // 1000} kB", f"{long:.0f} MiB",
            f"+{grown / text:.2f} x the text", "3 x"),
    ]  # fmt: skip


def _peak(home: Path, url: str, turns: int) -> float:
    """Return the peak memory of a session in MiB."""
    env = Srchat(home).env | {"SRCHAT_CONTEXT_WINDOW": "32768", "SRCHAT_DATA": str(home / "d")}
    process, costs = start_measured(
        ["chat", "--base-url", url, "-q"], env=env, stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL, cwd=Path.cwd(),
    )  # fmt: skip
    assert process.stdin
    process.stdin.write(b"".join(b"prompt %d\n" % n for n in range(turns)))
    process.stdin.close()
    mebibytes = costs().memory
    assert process.wait() == 0
    return mebibytes


if __name__ == "__main__":
    print(table(rows()))
