"""How long the fuzzers run: seconds in CI, hours by hand.

`SRCHAT_FUZZ=500 pytest tests/fuzz` runs 500 times as many rounds, from new seeds. A failure names
its seed; `SRCHAT_FUZZ_SEED=N` runs that one alone.
"""

import os
import random
from collections.abc import Iterator


def seeds(rounds: int) -> Iterator[int]:
    """Yield `rounds` seeds: the same ones in CI, others where SRCHAT_FUZZ asks for more."""
    if only := os.environ.get("SRCHAT_FUZZ_SEED"):
        yield int(only)
        return
    factor = int(os.environ.get("SRCHAT_FUZZ", "1"))
    first = 0 if factor == 1 else random.randrange(2**32)
    yield from range(first, first + rounds * factor)
