"""The cost of a history of 100,000 messages in 10,000 conversations, compared with an empty one.

`python -m tests.benchmarks.history` creates it in a temporary directory, which takes half a minute.
`SRCHAT_BENCHMARK_MESSAGES` sets another number. Times are wall-clock times, to include waiting for
the disk.
"""

import itertools
import os
import random
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from srchat.api.models import Usage
from srchat.conversation import Conversation, TurnRecord, title_of
from srchat.history.search import index_new_turns
from srchat.history.store import ConversationStore
from tests.benchmarks.measure import RUNS, Row, srchat, streaming_server, table

MESSAGES = int(os.environ.get("SRCHAT_BENCHMARK_MESSAGES", "100000"))
TURNS = 5  # per conversation
_VOCABULARY = 20_000
_NOW = 1_760_000_000.0


class Prose:
    """Random text with word frequencies as in natural language (Zipf), the same in every run."""

    def __init__(self) -> None:
        self._random = random.Random(1)
        letters = "etaoinshrdlucmfwypvbgkjqxz"
        self.words = [
            "".join(self._random.choices(letters, range(26, 0, -1), k=self._random.randint(2, 11)))
            for _ in range(_VOCABULARY)
        ]
        self._weights = list(itertools.accumulate(1 / (n + 1) for n in range(_VOCABULARY)))

    def text(self, words: int) -> str:
        return " ".join(self._random.choices(self.words, cum_weights=self._weights, k=words))


def fill(store: ConversationStore, messages: int = MESSAGES) -> int:
    """Store conversations, and return the size of their texts."""
    prose = Prose()
    size = 0
    for number in range(messages // 2 // TURNS):
        turns: list[TurnRecord] = []
        for index in range(TURNS):
            prompt, reply = prose.text(25), prose.text(110)
            size += len(prompt) + len(reply)
            turns.append(
                TurnRecord(
                    id=f"{number * TURNS + index:012x}",
                    prompt=prompt,
                    parent=turns[-1].id if turns else None,
                    reply=reply,
                    complete=True,
                    finish_reason="stop",
                    base_url="https://api.example.com/v1",
                    model="vllm-primary",
                    served_model="vllm-primary",
                    usage=Usage(100, 100, 200),
                    asked_at=_NOW + number,
                )
            )
        store.add_conversation(
            Conversation(
                id=f"{number * 7919 % 2**47:012x}", title=title_of(turns[0].prompt),
                created_at=_NOW + number, used_at=_NOW + number, head=turns[-1].id,
                turns=tuple(turns),
            )
        )  # fmt: skip
    index_new_turns(store.database)
    return size


def rows() -> list[Row]:
    """Run the benchmarks."""
    with tempfile.TemporaryDirectory() as full, tempfile.TemporaryDirectory() as empty:
        store = ConversationStore(Path(full) / "history.db")
        begin = time.perf_counter()
        text = fill(store)
        seconds = time.perf_counter() - begin
        print(f"{MESSAGES} messages, {text / 1e6:.0f} MB, created in {seconds:.0f} s")
        store.close()
        size = sum(path.stat().st_size for path in Path(full).iterdir())
        words = Prose()
        rare, common = words.words[5000], words.words[0]
        return [
            Row(
                "size of the history",
                f"{size / 1e6:.0f} MB",
                f"{size / text:.2f} x its text",
                "3 x",
            ),
            *_commands(full, empty, rare, common),
            *_continue(full, empty),
            *_storing(),
        ]


def _commands(full: str, empty: str, rare: str, common: str) -> list[Row]:
    rows = []
    baseline = srchat("history", "list", "--json")
    for what, arguments, goal in (
        ("history list -n 50", ["list", "-n", "50"], 50),
        ("history list, first line", ["list"], 50),
        ("history search, a rare word", ["search", rare], 100),
        ("history search, the commonest word", ["search", common], 100),
        ("history search, three words", ["search", common, rare[:3] + "*", "the"], 100),
        ("history search, nothing found", ["search", "notaword"], 100),
        ("history show", ["show"], 50),
    ):
        command = srchat("history", *arguments)
        base, cost = _wall_times((baseline, empty), (command, full))
        over = (cost - base) * 1000
        rows.append(Row(what, f"{cost * 1000:.0f} ms", f"+{over:.0f} ms", f"+{goal} ms"))
    return rows


def _continue(full: str, empty: str) -> list[Row]:
    command = srchat("ask", "--dry-run", "--no-stdin", "hi", "--base-url", "http://127.0.0.1:9/v1")
    base, cost = _wall_times((command, empty), ([*command, "--continue"], full))
    over = f"+{(cost - base) * 1000:.0f} ms"
    return [Row("ask --continue, until it could be sent", f"{cost * 1000:.0f} ms", over, "+30 ms")]


def _storing() -> list[Row]:
    with streaming_server(200) as server, tempfile.TemporaryDirectory() as data:
        command = srchat("ask", "--no-stdin", "hi", "--base-url", server.url)
        base, cost = _exit_delays((*command, "--no-save"), command, data=data)
    over = f"+{(cost - base) * 1000:.1f} ms"
    return [Row("from the last token to the prompt", f"{cost * 1000:.1f} ms", over, "+5 ms")]


def _wall_times(*commands: tuple[Sequence[str], str]) -> list[float]:
    """Return the median seconds until the first output of each command. Runs alternate."""
    columns: list[list[float]] = [[] for _ in commands]
    for _ in range(RUNS):
        for column, (command, data) in zip(columns, commands, strict=True):
            begin = time.perf_counter()
            process = _start(command, data)
            assert process.stdout
            process.stdout.read(1)
            column.append(time.perf_counter() - begin)
            process.stdout.read()
            process.wait()
    return [median(column) for column in columns]


def _exit_delays(*commands: Sequence[str], data: str) -> list[float]:
    """Return the median seconds from the last output of each command to its exit."""
    columns: list[list[float]] = [[] for _ in commands]
    for _ in range(RUNS * 3):
        for column, command in zip(columns, commands, strict=True):
            process = _start(command, data)
            assert process.stdout
            last = time.perf_counter()
            while part := os.read(process.stdout.fileno(), 65536):
                if part.strip():
                    last = time.perf_counter()
            process.wait()
            column.append(time.perf_counter() - last)
    return [median(column) for column in columns]


def _start(command: Sequence[str], data: str) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        env=dict(os.environ) | {"SRCHAT_DATA": data, "SRCHAT_CONFIG": f"{data}/config.toml"},
    )  # fmt: skip


if __name__ == "__main__":
    print(table(rows()))
