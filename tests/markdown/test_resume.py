"""Where parsing of a growing text can resume, so that the buffer stays small."""

import pytest

from srchat.markdown.resume import last_resume_point
from srchat.markdown.splitter import BlockSplitter, block_tokens, markdown_parser


@pytest.mark.parametrize(
    ("start", "line"),
    [
        ("```python\n", "x = {n}\n"),
        ("- ```python\n", "  x = {n}\n"),
        ("- zero\n", "- item {n}\n"),
        ("- zero\n", "  - item {n}\n"),
        ("1. - zero\n", "   - item {n}\n"),
        ("> zero\n", ">\n> paragraph {n}\n"),
        ("| a | b |\n|---|---|\n", "| {n} | x |\n"),
        ("- zero\n\n  | a | b |\n  |---|---|\n", "  | {n} | x |\n"),
    ],
)
def test_the_buffer_stays_small_however_long_the_block_is(start: str, line: str) -> None:
    splitter = BlockSplitter()
    splitter.feed(start)
    for number in range(500):
        splitter.feed(line.format(n=number))
        assert len(splitter.tail()) < 20


@pytest.mark.parametrize(
    ("text", "line", "openers"),
    [
        ("text\n", 0, ()),
        ("text\n\n", 1, ()),
        ("# Title\n", 1, ()),
        ("- a long story\n  - first\n  - second\n", 2, ("- x", "", "  - x", "")),
        ("1. one\n\n   ```py\n   two\n", 4, ("1. x", "", "   ```")),
        ("> one\n>\n> two\n", 2, (">",)),
        ("> - one\n> - two\n", 1, (">", "> - x", ">")),
        ("| a |\n|---|\n| b |\n", 3, ("| a |", "|---|")),
    ],
)
def test_parsing_resumes_after_the_last_final_block_with_its_containers_reopened(
    text: str, line: int, openers: tuple[str, ...]
) -> None:
    tokens = block_tokens(markdown_parser(), text)
    point = last_resume_point(tokens, text.splitlines(), 0)
    assert (point.line, point.openers) == (line, openers)
    assert point.depth == sum(token.nesting for token in tokens[: point.index])


def test_lines_are_counted_from_the_first_line() -> None:
    text = "text\n\nmore\n"
    tokens = block_tokens(markdown_parser(), text, 10)
    assert last_resume_point(tokens, text.splitlines(), 10).line == 12
