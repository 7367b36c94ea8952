"""What a srchat process took, as it says itself when it ends.

The kernel's ru_maxrss of a child would count the process that forked it.
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
def tell():
    modules = len(sys.modules)
    import json
    with open("/proc/self/status") as status, open("/proc/self/io") as io:
        memory = next(int(line.split()[1]) for line in status if line.startswith("VmHWM:"))
        writes = next(int(line.split()[1]) for line in io if line.startswith("syscw:"))
    wakeups = resource.getrusage(resource.RUSAGE_SELF).ru_nvcsw
    with open(path, "w") as file:
        json.dump([memory / 1024, modules, wakeups, writes], file)
atexit.register(tell)
main()
"""


class Costs(NamedTuple):
    """`memory`: the most MiB held. `wakeups`: how often a thread had waited. `writes`: calls."""

    memory: float = 0.0
    modules: int = 0
    wakeups: int = 0
    writes: int = 0


def measured(path: Path, *args: str) -> list[str]:
    """Return the command that runs srchat and leaves its costs in the file `path`."""
    return [sys.executable, "-c", _SCRIPT, str(path), *args]


def read_costs(path: Path) -> Costs:
    """Return what a process that has ended has left; zeros if it was killed."""
    return Costs(*json.loads(path.read_text() or "[]"))


def start_measured(
    args: Sequence[str], **options: Any
) -> tuple["subprocess.Popen[bytes]", Callable[[], Costs]]:
    """Start srchat; the function waits for its end and returns the costs."""
    file = tempfile.NamedTemporaryFile(prefix="costs-")  # noqa: SIM115 - the function closes it
    process = subprocess.Popen(measured(Path(file.name), *args), **options)

    def costs() -> Costs:
        process.wait()
        with file:
            return read_costs(Path(file.name))

    return process, costs
