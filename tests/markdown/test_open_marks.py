"""Open marks at the end of a growing text are closed, and nothing else is."""

import re
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyte.screens import Char

from srchat.markdown.inline import InlineText
from srchat.markdown.open_marks import closed, is_complete
from srchat.markdown.splitter import markdown_parser
from srchat.markdown.writer import MarkdownWriter
from tests.support.terminal import TerminalOutput


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("**bold wo", "**bold wo**"),
        ("**bold*", "**bold**"),
        ("a *it", "a *it*"),
        ("_it", "_it_"),
        ("***x", "***x***"),
        ("**a *b", "**a *b***"),
        ("**a *b* c", "**a *b* c**"),
        ("**a _b** c", "**a _b** c"),
        ("*a **b*", "*a **b**"),
        ("*a and *b", "*a and *b*"),
        ("~~stri", "~~stri~~"),
        ("~~stri~", "~~stri~~"),
        ("这是**重点", "这是**重点**"),
        ("`co", "`co`"),
        ("``a`b`", "``a`b``"),
        ("`a` `b", "`a` `b`"),
        ("**`x", "**`x`**"),
        ("[text](http", "[text](http)"),
        ("[text](", "[text]()"),
        ('[a](b "ti', '[a](b "ti")'),
        ("[a](b(c", "[a](b(c))"),
        ("![a](b", "![a](b)"),
        ("**[a *b](c", "**[a *b](c)**"),
        ("[a *b](c) d", "[a *b](c) d"),
        ("[a](u) **b", "[a](u) **b**"),
        ("see <https://a.te", "see <https://a.te>"),
        ("a <kbd>Ct", "a <kbd>Ct</kbd>"),
        ("a <kbd>Ct</k", "a <kbd>Ct</kbd>"),
        ("**x <B>y", "**x <B>y</b>**"),
        ("<b>a *b</b> c", "<b>a *b</b> c"),
        ("<details>\n<summary>S", "<details>\n<summary>S</summary>"),
        ("<details open>\n<summary>S", "<details open>\n<summary>S</summary>"),
        ("$x^", "$x^$"),
        ("$x_{1", "$x_{1$"),
        ("$$x$", "$$x$$"),
        ("$$\nx", "$$\nx$$"),
        (r"\(x", r"\(x\)"),
        ("\\(x\\", r"\(x\)"),
        ("\\[\nx", "\\[\nx\\]"),
        ("**a $x^", "**a $x^$**"),
    ],
)
def test_open_marks_are_closed(text: str, expected: str) -> None:
    assert closed(text) == expected
    assert not is_complete(text) or text == expected


@pytest.mark.parametrize(
    "text",
    [
        "words",
        "costs $5, $10 and x^2",
        "$5^2",
        "set $HOME or $MY_VAR now",
        "the PID $$ is",
        "$ x^2",
        "$a^2$ and",
        "$x^2\nand",
        "2 * 3 and 4 * 5",
        "2*3 and 2**3",
        "snake_case_name and __init__",
        "**bold** and *it* and `code` and ~~gone~~",
        r"\*a \`b \_c",
        "a ~b",
        "[a] and [b",
        "*x* a](b",
        "[a](b c",
        "[a](b) c",
        "<summary>a",
        "a <details> b",
        "a <b> b",
        "</b> a",
        "<think>a",
        "a < b",
        "<https://a.test> b",
        "**a\nb",
        "`a\nb",
        "<b>a\nb",
        "\\(a\nb",
        "\\( ",
        "$$" + "x" * 4001,
        "\\(a\\) b",
    ],
)
def test_other_text_is_unchanged(text: str) -> None:
    assert closed(text) == text.rstrip(" ")


@pytest.mark.parametrize(
    "end",
    [
        "*",
        "**",
        "_",
        "`",
        "``",
        "~",
        "~~",
        "$",
        "$$",
        "\\",
        "\\(",
        "<",
        "</",
        "<k",
        "<kbd>",
        "*`",
        "<details op",
    ],
)
def test_an_ambiguous_mark_at_the_end_is_removed(end: str) -> None:
    assert closed(f"word {end}") == "word"
    assert closed(end) == ""
    assert not is_complete(f"word {end}")


def test_an_unknown_tag_is_not_removed() -> None:
    assert closed("Vec<T") == "Vec<T"


@pytest.mark.parametrize("text", ["a", "*a* `b` [c](d) <b>e</b> $f$", "[c] \\* 2 * 3"])
def test_text_without_open_marks_is_complete(text: str) -> None:
    assert is_complete(text)


words = st.sampled_from(
    [
        *(" *a", " **b", " _c", " ~~d", "e* ", "f** ", "g_ ", "h~~ ", "[i](/j) ", "[k] ", " ", "l"),
        *(
            "1",
            "\n",
            " (m",
            ") ",
            ".",
            " http://n ",
            "<http://o> ",
            " > ",
            "q * ",
            "2*3",
            " [",
            "$5",
        ),
    ]
)


@given(st.lists(words, max_size=14).map("".join), st.sampled_from(["", "[i](j", "[i](j(k"]))
def test_closing_shows_no_additional_marks(text: str, end: str) -> None:
    inline_text = InlineText(markdown_parser())

    def marks(text: str) -> Counter[str]:
        return Counter(re.findall(r"[*_~]", inline_text(text, {}).plain))

    text = f"{text} {end}".strip()
    assert not marks(closed(text)) - marks(text)


def grown(text: str) -> list[list[list[Char]]]:
    """Return the screen after each character, and the last one."""
    output = TerminalOutput(60, 24)
    now = 0.0
    writer = MarkdownWriter(output, clock=lambda: now)
    screens = []
    for character in text:
        writer.write(character)
        now += 60
        screens.append([row for row in output.emulator.cells if row])
    writer.close()
    return [*screens, [row for row in output.emulator.cells if row]]


@pytest.mark.parametrize(
    "text",
    [
        "a **bold word** and *another* one",
        "**bold** is _it_ with ~~all of it~~ gone ***both***, **a *b* c**.",
        "run `ls -l` or ``a`b`` now",
        "press <kbd>Ctrl</kbd>+<kbd>C</kbd>, <b>bold *it*</b> end",
        "# A **bold** heading `x`\n\ntext",
        "- an *item* here\n- **two** `words`",
        "> quoted **bold words** and more",
        "1. one\n\n   *two* three",
        "line **one**\n**two** three",
        "| a | b |\n|---|---|\n| **x y** | `z w` |\n| 1 | *it* |\n",
        "water H<sub>2</sub>O and 10<sup>-6</sup> end",
        "<details>\n<summary>Sum</summary>\n\ntext\n\n</details>\n\nend",
        "<details open>\n<summary><b>Sum</b> up</summary>\n\ntext\n\n</details>\n\nend",
        "costs $5 or 2 * 3 or snake_case",
    ],
)
def test_shown_text_does_not_change_while_it_grows(text: str) -> None:
    *screens, final = grown(text)
    cells = [[cell for row in screen for cell in row if cell.data != " "] for screen in screens]
    final_cells = [cell for row in final for cell in row if cell.data != " "]
    if "|---" in text:  # rules and widths change with new rows; the last row does not
        cells = [each[-3:] for each, screen in zip(cells, screens, strict=True) if len(screen) > 3]
        final_triples = {tuple(final_cells[i : i + 3]) for i in range(len(final_cells))}
        assert final_triples.issuperset(map(tuple, cells))
    elif "<sup>" in text:  # 10⁻ may still be 10^(-n)
        assert [cell.data for cell in cells[-1]] == [cell.data for cell in final_cells]
    else:
        for each in cells:
            assert each == final_cells[: len(each)]


def test_a_table_is_recognized_by_its_header() -> None:
    for screen in grown("text\n\n| Name | **What** |\n|:--|--:|\n| a | `b` |\n| c | d |"):
        assert "|" not in "".join(cell.data for row in screen for cell in row)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("[text](http", "text (http)"),
        ("x $a^", "x $a^$"),
        ("| a |\n|---|\n| **b |\n", "**b"),
        ("**a\n\n---", "**a"),
        ("**a\n\n```\n**a", "**a"),
        ("- **a\n\n", " • **a"),
        ("- x\n\n      **x", "**x"),
        ("", ""),
    ],
)
def test_only_the_last_text_is_closed(text: str, shown: str) -> None:
    output = TerminalOutput(60, 24)
    writer = MarkdownWriter(output)
    writer.write(text)
    assert shown in [line.strip() for line in output.emulator.lines] or shown in (
        "\n".join(output.emulator.lines)
    )


def test_a_long_paragraph_keeps_its_details_open() -> None:
    output = TerminalOutput(60, 24)
    writer = MarkdownWriter(output)
    writer.write(f"<details>\n<summary>S</summary>\n{'word ' * 60}\n</details>")
    assert output.emulator.lines[0] == "S"
    assert output.emulator.lines[-1].endswith("word")


@pytest.mark.parametrize(
    "text",
    [
        *("*", "[", "](", "`", "<b>", "$", "$ ^", "\\(", "<http://", "*a ", "_a*", "[a](", "a` ``"),
        *("$$", "<details><summary>", "~~a *b "),
    ],
)
def test_hostile_text_does_not_hang(text: str) -> None:
    assert len(closed(text * 100_000)) <= len(text) * 300_000
