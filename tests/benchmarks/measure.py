"""CPU time and memory of whole processes, measured in pairs.

Times are CPU seconds (user and system) of the process and its children: a busy machine
changes them less than it changes the clock. A figure is the median of runs that alternate
with those of its floor, and the ratio is that of the medians.
"""

import atexit
import functools
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from statistics import median
from typing import NamedTuple

from tests.server import DONE, ScriptedServer, chunk, chunked, head

RUNS = int(os.environ.get("SRCHAT_BENCHMARK_RUNS", "9"))


class Cost(NamedTuple):
    """What one process cost: CPU seconds, and the most memory it held in MiB."""

    cpu: float
    memory: float


class Row(NamedTuple):
    """One line of the table."""

    what: str
    cost: str
    ratio: str
    goal: str


@functools.cache
def _data_folder() -> str:
    """Return a folder for what is kept meanwhile; it goes with the process."""
    folder = tempfile.mkdtemp(prefix="srchat-benchmark-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def run(command: Sequence[str], env: Mapping[str, str] | None = None) -> Cost:
    """Run a command, its output thrown away."""
    process = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        env=dict(os.environ) | {"SRCHAT_DATA": _data_folder()} | dict(env or {}),
    )  # fmt: skip
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{command} ended with {process.returncode}")
    return Cost(usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def paired(*commands: Sequence[str], runs: int = RUNS) -> list[Cost]:
    """Return the median cost of each command, run in turns."""
    run(commands[0])  # the first one pays for cold files
    costs = [[run(command) for command in commands] for _ in range(runs)]
    return [
        Cost(median(c.cpu for c in column), max(c.memory for c in column))
        for column in zip(*costs, strict=True)
    ]


def srchat(*args: str) -> list[str]:
    """Return the command that runs srchat as its console script does."""
    script = "from srchat.__main__ import main; main()"
    return [sys.executable, "-c", script, *args]


def streaming_server(chunks: int, text: str = "token ") -> ScriptedServer:
    """Return a server that streams an answer of so many chunks as fast as it is taken."""
    parts = [chunk(text)] * chunks
    body = chunked(*parts, chunk(finish="stop"), DONE)
    return ScriptedServer([[head(headers={"Transfer-Encoding": "chunked"}), body]])


def table(rows: Sequence[Row]) -> str:
    """Return rows as a Markdown table."""
    lines = [("what", "cost", "beside its floor", "goal"), ("---",) * 4, *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
