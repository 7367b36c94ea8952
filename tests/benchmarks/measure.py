"""Measures CPU time, imports and memory of processes.

Times are CPU seconds (user and system) of a process and its children, which depend less on the load
of the machine than wall-clock time. Runs of a command alternate with runs of its baseline, the
floor. Results are medians, and the ratio is that of the medians.
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
    """A row of the table."""

    what: str
    cost: str
    ratio: str
    goal: str


@functools.cache
def data_folder() -> str:
    """Return a temporary directory, which is removed when the process exits."""
    folder = tempfile.mkdtemp(prefix="srchat-benchmark-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def cpu_seconds(command: Sequence[str]) -> float:
    """Run a command without output, and return its CPU time."""
    process = subprocess.Popen(command, **_popen_options())
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    _expect_success(process)
    return usage.ru_utime + usage.ru_stime


def paired(*commands: Sequence[str]) -> list[float]:
    """Return the median CPU seconds of each command. Runs alternate."""
    cpu_seconds(commands[0])  # fills the file cache
    costs = [[cpu_seconds(command) for command in commands] for _ in range(RUNS)]
    return [median(column) for column in zip(*costs, strict=True)]


def imports(command: Sequence[str]) -> int:
    """Return the number of modules that a Python command imports."""
    python, *arguments = command
    options = _popen_options() | {"stderr": subprocess.PIPE}
    process = subprocess.Popen([python, "-X", "importtime", *arguments], **options)
    stderr: bytes = process.communicate()[1]
    _expect_success(process)
    return stderr.count(b"import time:") - 1  # without the header


def peak_memory(*args: str) -> float:
    """Return the peak memory of srchat in MiB."""
    process, costs = start_measured(args, **_popen_options())
    mebibytes = costs().memory
    process.wait()
    _expect_success(process)
    return mebibytes


def _popen_options() -> dict[str, Any]:
    return {
        "stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL,
        "env": dict(os.environ) | {"SRCHAT_DATA": data_folder()},
    }  # fmt: skip


def _expect_success(process: "subprocess.Popen[bytes]") -> None:
    if process.returncode:
        raise RuntimeError(f"{process.args!r} exited with {process.returncode}")


def srchat(*args: str) -> list[str]:
    """Return the command that runs srchat like its console script."""
    script = "from srchat.__main__ import main; main()"
    return [sys.executable, "-c", script, *args]


def streaming_server(chunks: int, text: str = "token ") -> ScriptedServer:
    """Return a server that streams an answer of `chunks` chunks without pauses."""
    return ScriptedServer([streaming_script(chunks, text)])


def streaming_script(chunks: int, text: str = "token ") -> Script:
    """Return the script of an answer of `chunks` chunks."""
    body = chunked(*[chunk(text)] * chunks, chunk(finish="stop"), DONE)
    return [head(headers={"Transfer-Encoding": "chunked"}), body]


def table(rows: Sequence[Row]) -> str:
    """Format rows as a Markdown table."""
    lines = [("what", "cost", "beside its floor", "goal"), ("---",) * 4, *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
