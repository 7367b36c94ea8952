"""The layout of blocks."""

import pytest

from srchat.markdown.splitter import block_tokens, markdown_parser
from tests.support.layouts import layout, lines
from tests.support.terminal import TerminalOutput


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("one\ntwo", ["one", "two"]),
        ("one\\\ntwo", ["one", "two"]),
        ("# One\ntwo", ["One", "", "two"]),
        ("one\n\n\n\ntwo", ["one", "", "two"]),
        ("- one\n- two", [" • one", " • two"]),
        ("- [ ] one\n- [x] two\n- [X] 3", [" • ☐ one", " • ☑ two", " • ☑ 3"]),
        ("1. [ ] one\n\n   [ ] two", [" 1. ☐ one", "", "    [ ] two"]),
        ("- > [x] one\n- # [ ] two\n\n[ ] three", [" • ▌ [x] one", " • [ ] two", "", "[ ] three"]),
        ("- [ ]\n- [ ]x\n- [y] z", [" • [ ]", " • [ ]x", " • [y] z"]),
        ("- one\n\n- two", [" • one", "", " • two"]),
        ("- one\n\n  two\n- three", [" • one", "", "   two", " • three"]),
        ("- one\n  - two", [" • one", "    • two"]),
        ("- - one", [" •  • one"]),
        ("-\n- two", [" •", " • two"]),
        ("9. nine\n10. ten", [" 9. nine", "10. ten"]),
        ("2019. a\n2017. b", ["2019. a", "2017. b"]),
        ("1) one\n\ntext", [" 1) one", "", "text"]),
        ("```WORD", ["WORD"]),
        ("```py a.py\nx\n```", ["py a.py", "  x"]),
        ('[a](/u "title")', ['a (/u "title")']),
        ('![a](/p "title")', ['a (/p "title")']),
        ("| a | b |\n|---|---|\n| 1 | 2 | 3 ||", ["a  b", "─  ─────", "1  2 | 3"]),
        ("> a | b\n> --|--\n> `x || y` | z", ["▌ a   b", "▌ ──  ─────────", "▌ `x   | y` | z"]),
        ("> one\ntwo\n>\n> three", ["▌ one", "▌ two", "▌", "▌ three"]),
        ("> - one\n>\n> - two", ["▌  • one", "▌", "▌  • two"]),
        ("> > one", ["▌ ▌ one"]),
        (">\n> one", ["▌ one"]),
        ("```py\nx\n\ny\n\n```", ["py", "  x", "", "  y"]),
        ("one\n\n```\n```\n\ntwo", ["one", "", "two"]),
        ("    x\n    y", ["  x", "  y"]),
        ("1. one\n   ```\n   x\n   ```\n2. two", [" 1. one", "      x", " 2. two"]),
        ("```\n\tx\n```", ["      x"]),
        ("~~one~~ *two*", ["one two"]),
        ("&lt;b&gt; \\*", ["<b> *"]),
        ("one<br>two <BR />three", ["one", "two", "three"]),
        ("`a<br>b` \\<br> <b>", ["a<br>b <br> <b>"]),
        ("- > a\n  >\n  > ```\n  > ```\n- > b", [" • ▌ a", "", " • ▌ b"]),
        ("one\n\n---\n\ntwo", ["one", "", "─" * 80, "", "two"]),
    ],
)
def test_blocks_are_rendered(text: str, expected: list[str]) -> None:
    assert lines(text) == expected


def test_an_item_number_does_not_depend_on_later_items() -> None:
    many = "".join(f"{n}. item\n" for n in range(1, 120))
    assert lines(many)[:50] == lines("".join(f"{n}. item\n" for n in range(1, 51)))


def test_deep_nesting_leaves_room_for_the_text() -> None:
    text = "".join(f"{'  ' * depth}- item\n" for depth in range(30))
    assert all(len(line) <= 20 for line in lines(text, 20))
    assert sum("item" in line for line in lines(text, 20)) == 30


def test_rows_are_wrapped_at_words_and_long_words_at_the_edge() -> None:
    assert lines("- one two three four", 12) == [" • one two", "   three", "   four"]
    assert lines("a" * 25, 10) == ["a" * 10, "a" * 10, "a" * 5]


def test_long_lines_of_code_lose_nothing() -> None:
    code = "x = " + "'" + "abc " * 30 + "'"
    rows = lines(f"```\n{code}\n```", 40)
    assert all(len(row) <= 40 for row in rows)
    assert "".join("".join(rows).split()) == "".join(code.split())


def test_terminals_without_unicode_get_ascii() -> None:
    text = "- one\n\n> two\n\n---\n\n| a |\n|---|\n| b |\n"
    assert lines(text, 20, encoding="ascii") == [
        " * one", "", "| two", "", "-" * 20, "", "a", "-", "b"
    ]  # fmt: skip


def test_a_preview_does_not_change_the_layout() -> None:
    parser, output = markdown_parser(), TerminalOutput()
    text = "> 1. one\n>    ```py\n>    x = 1\n>    ```\n\n| a |\n|-|\n| b |\n"
    tokens = block_tokens(parser, text)
    plain, previewed = layout(output), layout(output)
    expected = plain.feed(tokens)
    rows = []
    for token in tokens:
        previewed.preview(block_tokens(parser, "- x\n\n| y |\n|---|\n"))
        rows += previewed.feed([token])
    assert rows == expected


def test_a_theme_with_a_background_color_fills_the_rows() -> None:
    output = TerminalOutput(20)
    rows = layout(output, "monokai").feed(block_tokens(markdown_parser(), "```py\nx = 1\n\ny\n```"))
    language, *code = rows
    assert [segment.text for segment in language] == ["py"]
    assert [sum(len(segment.text) for segment in row) for row in code] == [20, 20, 20]
    assert all(segment.style and segment.style.bgcolor for row in code for segment in row)


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("```py\nx\n```", "py"),
        ("- ```py a.py\n  x\n  ```", "py a.py"),
        ("one\n\n---\n", "─" * 80),
        ("| a |\n|---|\n| b |\n", "─"),
        ("[a](/u)", " (/u)"),
    ],
)
def test_labels_rules_and_targets_are_dim(text: str, part: str) -> None:
    rows = layout(TerminalOutput()).feed(block_tokens(markdown_parser(), text))
    found = [segment for row in rows for segment in row if segment.text == part]
    assert [str(segment.style) for segment in found] == ["dim"]
