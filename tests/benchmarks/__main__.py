"""`python -m tests.benchmarks [NAME]...`: what srchat costs, beside the floor."""

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
        "names", nargs="*", help=f"what to measure, all by default: {[*BENCHMARKS]}"
    )
    names = parser.parse_args().names
    if unknown := set(names) - BENCHMARKS.keys():
        parser.error(f"there is no {', '.join(sorted(unknown))}; there are {', '.join(BENCHMARKS)}")
    print(table([row for name in names or BENCHMARKS for row in BENCHMARKS[name]()]))
