"""Only the code of an answer, however it is cut."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from srchat.terminal.code_blocks import CodeExtractor, code_blocks

LINES = st.lists(
    st.sampled_from(
        [
            *("```", "```py", "~~~", "````", "  ```sh", "text", "", "    x", "``", "``` a`b"),
            *("\tcode", "<think>", "</think>", "> ```", "> x", ">", "> > ```"),
        ]
    ),
    max_size=12,
)


def extracted(text: str, size: int | None = None) -> str:
    extractor = CodeExtractor()
    size = size or max(len(text), 1)
    pieces = [text[i : i + size] for i in range(0, len(text), size)]
    assert extractor.feed("") == ""
    return "".join(extractor.feed(piece) for piece in pieces) + extractor.flush()


@given(LINES, st.integers(1, 7), st.sampled_from(["", "\n"]))
def test_the_code_does_not_depend_on_how_the_answer_is_split(
    lines: list[str], size: int, end: str
) -> None:
    text = "\n".join(lines) + end
    assert extracted(text, size) == extracted(text)


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ("```\na\n```\n", "a\n"),
        ("```py title=x\na\n```", "a\n"),
        ("no code", ""),
        ("`inline` only", ""),
        ("```\na\n```\ntext\n```\nb\n```", "a\n\nb\n"),
        ("~~~\n```\n~~~\n", "```\n"),
        ("````\n```\n````\n", "```\n"),
        ("1. do\n\n   ```\n   a\n     b\n   ```\n", "a\n  b\n"),
        ("- ```\n  a\n    b\n  ```\ntext\n", "a\n  b\n"),
        ("10. - ~~~ py\n      a\n      ~~~\ntext\n", "a\n"),
        ("1.```\ntext\n", ""),
        ("```\nnever closed", "never closed"),
        ("``` a`b\nnot code\n", ""),
        ("```\n\n\n```\n", "\n\n"),
        ("> ```\n> a\n>   b\n> ```\n", "a\n  b\n"),
        ("> ```\n> a\ntext\n", "a\n"),
        ("> > ~~~ py\n> > a\n> > ~~~\n", "a\n"),
        ("> - ```\n>   a\n>   ```\n", "a\n"),
        (">```\n>a\n>```\n", "a\n"),
        ("> ```\n> a\n```\nb\n```\n", "a\n\nb\n"),
        ("<think>\n```\nno\n```\n</think>\n\n```\na\n```\n", "a\n"),
        ("\n<think></think>\n```\na\n```\n", "a\n"),
        ("<think>\n```\nno\n```\n", ""),
        ("text\n<think>\n```\na\n```\n</think>\n", "a\n"),
    ],
)
def test_the_text_in_fences_is_the_code(answer: str, code: str) -> None:
    assert extracted(answer) == code


@given(LINES, st.integers(1, 7))
def test_only_first_returns_the_first_of_all_blocks(lines: list[str], size: int) -> None:
    text = "\n".join(lines)
    extractor = CodeExtractor(only_first=True)
    pieces = [text[i : i + size] for i in range(0, len(text), size)]
    first = "".join(extractor.feed(piece) for piece in pieces) + extractor.flush()
    blocks = code_blocks(text)
    assert first == (blocks[0] if blocks else "")
    assert extractor.count == len(blocks)


@pytest.mark.parametrize(
    ("answer", "blocks"),
    [
        ("none", []),
        (
            "```py\n1\n\n2\n```\n\n- item\n  ```sh\n  ls\n  ```\n\n~~~\nlast",
            ["1\n\n2\n", "ls\n", "last"],
        ),
        ("```\n```\n```x\ny\u2028z\n```", ["", "y\u2028z\n"]),
    ],
)
def test_each_block_is_exact(answer: str, blocks: list[str]) -> None:
    assert code_blocks(answer) == blocks
