"""CPU time, imports and memory of whole processes, CPU measured in pairs.

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
from collections.abc import Sequence
from statistics import median
from typing import Any, NamedTuple

from tests.support.costs import start_measured
from tests.support.server import DONE, Script, ScriptedServer, chunk, chunked, head

RUNS = int(os.environ.get("SRCHAT_BENCHMARK_RUNS", "9"))


class Row(NamedTuple):
    """One line of the table."""

    what: str
    cost: str
    ratio: str
    goal: str


@functools.cache
def data_folder() -> str:
    """Return a folder for what is kept meanwhile; it goes with the process."""
    folder = tempfile.mkdtemp(prefix="srchat-benchmark-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def cpu_seconds(command: Sequence[str]) -> float:
    """Run a command, its output thrown away."""
    process = subprocess.Popen(command, **_quietly())
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    _expect_success(process)
    return usage.ru_utime + usage.ru_stime


def paired(*commands: Sequence[str]) -> list[float]:
    """Return the median CPU seconds of each command, run in turns."""
    cpu_seconds(commands[0])  # the first one pays for cold files
    costs = [[cpu_seconds(command) for command in commands] for _ in range(RUNS)]
    return [median(column) for column in zip(*costs, strict=True)]


def imports(command: Sequence[str]) -> int:
    """Return how many modules a Python command imports."""
    python, *arguments = command
    options = _quietly() | {"stderr": subprocess.PIPE}
    process = subprocess.Popen([python, "-X", "importtime", *arguments], **options)
    said: bytes = process.communicate()[1]
    _expect_success(process)
    return said.count(b"import time:") - 1  # the first line is the columns' names


def peak_memory(*args: str) -> float:
    """Return the most MiB that srchat held."""
    process, costs = start_measured(args, **_quietly())
    mebibytes = costs().memory
    process.wait()
    _expect_success(process)
    return mebibytes


def _quietly() -> dict[str, Any]:
    return {
        "stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL,
        "env": dict(os.environ) | {"SRCHAT_DATA": data_folder()},
    }  # fmt: skip


def _expect_success(process: "subprocess.Popen[bytes]") -> None:
    if process.returncode:
        raise RuntimeError(f"{process.args!r} ended with {process.returncode}")


def srchat(*args: str) -> list[str]:
    """Return the command that runs srchat as its console script does."""
    script = "from srchat.__main__ import main; main()"
    return [sys.executable, "-c", script, *args]


def streaming_server(chunks: int, text: str = "token ") -> ScriptedServer:
    """Return a server that streams an answer of so many chunks as fast as it is taken."""
    return ScriptedServer([streaming_script(chunks, text)])


def streaming_script(chunks: int, text: str = "token ") -> Script:
    """Return an answer of so many chunks."""
    body = chunked(*[chunk(text)] * chunks, chunk(finish="stop"), DONE)
    return [head(headers={"Transfer-Encoding": "chunked"}), body]


def table(rows: Sequence[Row]) -> str:
    """Return rows as a Markdown table."""
    lines = [("what", "cost", "beside its floor", "goal"), ("---",) * 4, *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
