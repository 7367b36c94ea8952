"""Seeds of the fuzz tests.

In CI they take seconds. `SRCHAT_FUZZ=500 pytest tests/fuzz` runs 500 times as many rounds, with new
seeds. A failure reports its seed; `SRCHAT_FUZZ_SEED=N` runs only that one.
"""

import os
import random
from collections.abc import Iterator


def seeds(rounds: int) -> Iterator[int]:
    """Yield `rounds` seeds, always the same ones, or more and random ones if SRCHAT_FUZZ is set."""
    if seed := os.environ.get("SRCHAT_FUZZ_SEED"):
        yield int(seed)
        return
    factor = int(os.environ.get("SRCHAT_FUZZ", "1"))
    first = 0 if factor == 1 else random.randrange(2**32)
    yield from range(first, first + rounds * factor)
