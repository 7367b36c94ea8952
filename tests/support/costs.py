"""Resource usage of a srchat process, reported by the process itself when it exits.

ru_maxrss of a child is no alternative: it includes the process that forked it.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

_SCRIPT = """
import atexit, resource, sys
path = sys.argv.pop(1)
from srchat.__main__ import main
def report():
    modules = len(sys.modules)
    import json
    with open("/proc/self/status") as status, open("/proc/self/io") as io:
        memory = next(int(line.split()[1]) for line in status if line.startswith("VmHWM:"))
        writes = next(int(line.split()[1]) for line in io if line.startswith("syscw:"))
    wakeups = resource.getrusage(resource.RUSAGE_SELF).ru_nvcsw
    with open(path, "w") as file:
        json.dump([memory / 1024, modules, wakeups, writes], file)
atexit.register(report)
main()
"""


class Costs(NamedTuple):
    """Resource usage of a process.

    `memory`: peak, in MiB. `modules`: imported. `wakeups`: voluntary context switches. `writes`:
    number of write system calls.
    """

    memory: float = 0.0
    modules: int = 0
    wakeups: int = 0
    writes: int = 0


def measured_command(path: Path, *args: str) -> list[str]:
    """Return the command that runs srchat and writes its costs to the file `path`."""
    return [sys.executable, "-c", _SCRIPT, str(path), *args]


def read_costs(path: Path) -> Costs:
    """Return the costs written by a finished process; zeros if it was killed."""
    return Costs(*json.loads(path.read_text() or "[]"))


def start_measured(
    args: Sequence[str], **options: Any
) -> tuple["subprocess.Popen[bytes]", Callable[[], Costs]]:
    """Start srchat. The returned function waits for it to exit and returns the costs."""
    file = tempfile.NamedTemporaryFile(prefix="costs-")  # noqa: SIM115 - closed by costs()
    process = subprocess.Popen(measured_command(Path(file.name), *args), **options)

    def costs() -> Costs:
        process.wait()
        with file:
            return read_costs(Path(file.name))

    return process, costs
