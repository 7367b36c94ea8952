"""Benchmarks of srchat, compared with a minimal program: `python -m tests.benchmarks [NAME]...`."""

import argparse

from tests.benchmarks import batch, history, rendering, repl, startup, streaming
from tests.benchmarks.measure import table

BENCHMARKS = {
    "startup": startup.rows,
    "streaming": streaming.rows,
    "rendering": rendering.rows,
    "history": history.rows,
    "repl": repl.rows,
    "batch": batch.rows,
}

if __name__ == "__main__":
    parser = argparse.ArgumentParser("python -m tests.benchmarks")
    parser.add_argument(
        "names", nargs="*", help=f"benchmarks to run (default: all): {', '.join(BENCHMARKS)}"
    )
    names = parser.parse_args().names
    if unknown := set(names) - BENCHMARKS.keys():
        parser.error(f"unknown benchmark: {', '.join(sorted(unknown))}")
    print(table([row for name in names or BENCHMARKS for row in BENCHMARKS[name]()]))
