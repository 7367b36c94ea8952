"""`python -m tests.benchmarks`: what srchat costs, beside the floor."""

from tests.benchmarks import history, startup, streaming
from tests.benchmarks.measure import table

if __name__ == "__main__":
    print(table([*startup.rows(), *streaming.rows(), *history.rows()]))
