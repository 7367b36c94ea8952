"""`python -m tests.benchmarks [NAME]...`: what srchat costs, beside the floor."""

import sys

from tests.benchmarks import history, rendering, repl, startup, streaming
from tests.benchmarks.measure import table

BENCHMARKS = {
    "startup": startup.rows,
    "streaming": streaming.rows,
    "rendering": rendering.rows,
    "history": history.rows,
    "repl": repl.rows,
}

if __name__ == "__main__":
    names = sys.argv[1:] or list(BENCHMARKS)
    print(table([row for name in names for row in BENCHMARKS[name]()]))
