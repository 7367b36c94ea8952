"""Realistic model answers, for tests and benchmarks."""

import random
from typing import Final

_WORDS: Final = """
    the a of to and in that it is for with as this you can be are on when not use value list
    function returns input because which each first then while sorting index memory compare
    element algorithm performance usually however between without number result
""".split()  # noqa: SIM905  # easier to read than quoted strings

_CODE: Final = '''```python
def merge_sort(items: list[int]) -> list[int]:
    """Sort a list by splitting it in halves.

    The halves are merged again in order.
    """
    if len(items) <= 1:
        return items  # nothing to do
    middle = len(items) // 2
    left, right = merge_sort(items[:middle]), merge_sort(items[middle:])
    merged: list[int] = []
    while left and right:
        merged.append(left.pop(0) if left[0] <= right[0] else right.pop(0))
    return merged + left + right
```
'''

_TABLE: Final = """| Algorithm | Best | Worst | Stable | Note |
|:----------|-----:|------:|:------:|------|
| Merge sort | n log n | n log n | yes | needs **extra** memory |
| Quick sort | n log n | n² | no | fast in practice |
| Heap sort | n log n | n log n | no | in place |
| `sorted` | n | n log n | yes | Timsort |
"""

_STEPS: Final = """1. **Install it** from the package index:

   ```bash
   python -m pip install example
   ```

2. Create a file `settings.toml` and write the options that you want to change
   into it.
3. Run it:
   - with `--check` first, to see what *would* happen;
   - then without.

> **Note:** the first run takes longer, because the index has to be built.
> Later runs only look at what has changed.
"""

ANSWER: Final = f"""# Sorting in Python

Python has `sorted()` and `list.sort()`; both take a *key* function, see the
[documentation](https://docs.python.org/3/howto/sorting.html). For a `Vec<T>` there is none.

## Writing it yourself

{_CODE}
This is **stable**, which means that equal elements keep their order. It's ~~never~~ rarely \
faster than what is built in.

### Comparison

{_TABLE}
---

{_STEPS}
- A list item
- Another one, which is long enough to be wrapped at the end of the line, and then goes on
  with **bold text that is
  broken** in the source

  and a second paragraph.
* A new list

Thus: 漢字 and emoji ✅ work, `[/]` and :smile: are <think>literal</think>.
"""


def paragraph(rng: random.Random, words: int) -> str:
    """Return one line of prose with some emphasis, code and links in it."""
    parts = []
    for _ in range(words):
        word = rng.choice(_WORDS)
        mark = rng.random()
        if mark < 0.03:
            word = f"**{word} {rng.choice(_WORDS)}**"
        elif mark < 0.06:
            word = f"`{word}()`"
        elif mark < 0.065:
            word = f"[{word}](https://example.org/{word})"
        parts.append(word + rng.choice(["", "", "", "", "", "", ",", "."]))
    return " ".join(parts).capitalize()


def items(rng: random.Random, count: int) -> str:
    """Return a list of `count` items."""
    return "".join(f"- **{rng.choice(_WORDS)}**: {paragraph(rng, 14)}\n" for _ in range(count))


def long_answer(characters: int, seed: int = 1) -> str:
    """Return prose, lists, code and tables of at least this many characters."""
    rng = random.Random(seed)
    parts: list[str] = []
    size = 0
    while size < characters:
        section = "\n".join(
            [
                f"## {paragraph(rng, 4)}\n",
                paragraph(rng, 60) + "\n",
                paragraph(rng, 90) + "\n",
                items(rng, 6),
                _CODE,
                paragraph(rng, 50) + "\n",
                rng.choice([_TABLE, _STEPS, items(rng, 4)]),
            ]
        )
        parts.append(section)
        size += len(section)
    return "\n".join(parts)


def tokens(text: str, seed: int = 1) -> list[str]:
    """Split `text` into pieces of about four characters, like the tokens of a server."""
    rng = random.Random(seed)
    pieces = []
    start = 0
    while start < len(text):
        end = start + rng.choice([1, 2, 3, 4, 4, 5, 5, 6, 6])
        pieces.append(text[start:end])
        start = end
    return pieces
