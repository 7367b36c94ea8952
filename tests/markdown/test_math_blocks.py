r"""Formulas of several lines are blocks that are shown as written."""

from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from srchat.markdown import splitter as splitter_module
from srchat.markdown.html import markdown_html
from srchat.markdown.splitter import BlockSplitter, block_tokens, markdown_parser
from srchat.markdown.writer import console_for, layout_for
from srchat.theme import MARKDOWN
from tests.markdown.test_open_marks import grown
from tests.markdown.test_splitter import at_once, certain, split
from tests.markdown.test_writer import seen, stream
from tests.support.layouts import lines
from tests.support.markdown_documents import cut, sizes
from tests.support.printed import committed, printed
from tests.support.terminal import TerminalOutput

MARKS = [
    ("$$", "$$"),
    (r"\[", r"\]"),
    (r"\begin{align*}", r"\end{align*}"),
    ("$$", " $$."),
    ("$$ a", "b$$ "),
]
ROWS = r"""x = a
+ b_1*c_1*d
- \{c\} \\
* *d*
1. e
2) ~~f~~ `g`
# h
> i

---
===
| j | k |
|---|---|
    [l](m) <br> &amp;
\\[4pt]"""  # fmt: skip


@pytest.mark.parametrize(("left", "right"), MARKS)
@pytest.mark.parametrize(
    ("before", "indent", "shown"),
    [
        ("", "", ""),
        ("so that:\n", "", ""),
        ("- one\n", "  ", "   "),
        ("- one\n\n", "    ", "   "),
        ("10. one\n", "    ", "    "),
        ("> ", "> ", "▌ "),
    ],
    ids=["alone", "after text", "in an item", "indented", "in a numbered item", "in a quote"],
)
def test_every_character_of_every_row_is_shown(
    left: str, right: str, before: str, indent: str, shown: str
) -> None:
    formula = f"{left}\n{ROWS}\n{right}"
    inside = before if before == indent else before + indent
    text = inside + formula.replace("\n", f"\n{indent}") + "\n"
    expected = [f"{shown}{row}".rstrip() for row in formula.split("\n")]
    assert lines(text)[-len(expected) :] == expected
    assert lines(f"{text}\n*after*\n")[-1] == "after"


@pytest.mark.parametrize(
    "formula",
    ["$$ a*b*c $$", r"\[ a*b*c \],", r"\begin{x} a*b*c \end{x}", "$$\na*b*c $$", "$$$$", "$$\n$$",
     "\\begin{a}\n- \\begin{a} b*c* \\end{a}\n\\begin{a}\n\\end{a}\n- d\n\\end{a}"],
)  # fmt: skip
def test_a_formula_has_the_style_of_code(formula: str) -> None:
    output = TerminalOutput()
    rows = layout_for(output, console_for(output)).feed(block_tokens(markdown_parser(), formula))
    assert "\n".join(part.text for row in rows for part in row) == formula
    assert {str(part.style) for row in rows for part in row} == {MARKDOWN["code"]}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a\n$$\n- b\n$$\nc", ["a", "", "$$", "- b", "$$", "", "c"]),
        ("- a\n\n  $$\n  b\n  $$\n- c", [" • a", "", "   $$", "   b", "   $$", " • c"]),
        ("- $$\n  - b\n  $$\n- c", [" • $$", "   - b", "   $$", " • c"]),
        ("> a\n\\[\n- b\n\\]", ["▌ a", "", "\\[", "- b", "\\]"]),
        ("| a |\n|---|\n| b |\n$$ c $$", ["a", "─", "b", "", "$$ c $$"]),
        ("   $$\n   a\n     b\n $$", ["$$", "a", "  b", "$$"]),
    ],
)
def test_a_formula_is_a_block(text: str, expected: list[str]) -> None:
    assert lines(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("$$\n- *never* closed", ["$$", "", " • never closed"]),
        ("\\[\n\n*never* closed\n\n# x", ["[", "", "never closed", "", "x"]),
        ("\\begin{a}\n*b*\n\\end{c}", ["\\begin{a}", "b", "\\end{c}"]),
        (
            "\\begin{a}\n\\begin{a}\n*b*\n\\end{a}",
            ["\\begin{a}", "", "\\begin{a}", "*b*", "\\end{a}"],
        ),
        (
            "a: $$\n- *b*\n$$\n\n*c*\n\n$$\nd\n$$",
            ["a: $$", "", " • b", "   $$", "", "c", "", "$$", "d", "$$"],
        ),
        ("$$ is the *PID*\n\nof it", ["$$ is the PID", "", "of it"]),
        ("$$ a*b*c $$ and *d*\n\n$$", ["$$ a*b*c $$ and d", "", "$$"]),
        ("$$\n*a*\n\n```sh\necho $$\n```", ["$$", "a", "", "sh", "  echo $$"]),
        ("- $$\n  *a*\n\nb\n$$", [" • $$", "   a", "", "b", "$$"]),
        ("> $$\n> *a*\n\n$$", ["▌ $$", "▌ a", "", "$$"]),
        ("    $$\n    *a*\n    $$", ["  $$", "  *a*", "  $$"]),
        ("costs $5\n- or $10\n", ["costs $5", "", " • or $10"]),
        ("\\\\[\n*a*\n\\]", ["\\[", "a", "]"]),
    ],
)
def test_what_is_never_closed_is_ordinary_markdown(text: str, expected: list[str]) -> None:
    assert lines(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "we get: $$\na*b*c\n$$\nand then\n\n$$\nd\n$$",
        "we get: \\[\n\\begin{a}\na*b*c\n\\end{a}\n\\]\nand then",
        "we get: $$\n\\begin{a}\na*b*c\n\\end{a}\n$$\nand then\n\n$$\nd\n$$",
        "$$a$$ and $$\na*b*c\n$$",
        "- we get: $$\n  a*b*c\n  $$\n\n  $$\n  d\n  $$",
    ],
)
def test_a_formula_that_begins_within_a_line_is_part_of_its_paragraph(text: str) -> None:
    shown = "\n".join(row[3:] if row.startswith(" ") else row for row in lines(text))
    assert shown.replace("• ", "") == text.replace("\n  ", "\n").removeprefix("- ")
    assert split(list(text)) == at_once(text)


def test_other_marks_before_a_formula_do_not_matter() -> None:
    for before in ("the PID `$$` is:", "\\\\[ a", "$$a$$ \\[b\\] \\(c\\)", "costs $5"):
        tokens = block_tokens(markdown_parser(), f"{before}\n$$\n- x\n$$")
        assert [token.type for token in tokens][-1] == "math_block", before


@pytest.mark.parametrize("row", ["*a*", "", "> *a*"])
def test_a_formula_has_at_most_50_lines(row: str) -> None:
    def formula(count: int) -> str:
        return "\\[\n" + f"{row}\n" * count + "\\]\n"

    assert [token.type for token in block_tokens(markdown_parser(), formula(48))] == ["math_block"]
    assert "math_block" not in {
        token.type for token in block_tokens(markdown_parser(), formula(49))
    }


def test_a_formula_has_at_most_4000_characters() -> None:
    (token,) = block_tokens(markdown_parser(), f"$$\n{'x' * 3990}\n$$")
    assert token.type == "math_block"
    assert block_tokens(markdown_parser(), f"$$\n{'x' * 3995}\n$$")[0].type == "paragraph_open"


# While it is streamed.

PIECES = (
    *("$$", "$$\n", "\n$$", "\n$$\n", "\\[", "\\]", "\\]\n", "\n\\[\n", "\\begin{a}", "\\end{a}"),
    *("\n\\begin{a}\n", "\n\\end{a}\n", "\n```\n", "x\n" * 49, "> x\n" * 30, "  x\n" * 48, " | "),
    *("- ", "\n- ", "> ", "\n> ", "\n", "\n", "\n\n", "  ", "   ", "    ", "1. ", "x", ".", "*"),
    *("| a | b\n", "|---|---\n", "---", "===", "# ", "a*b*c", "\t"),
)
documents = st.lists(st.sampled_from(PIECES), max_size=25).map("".join)


@settings(max_examples=300)
@given(documents, sizes)
@example("so that:\n$$\n- x\n", [1])  # the paragraph goes on
@example("> so that:\n$$\n- x\n", [1])
@example("| a |\n|---|\n$$\n- x\n", [1])
@example("- x\n- so that:\n$$\n- y\n", [1])
@example("$$ | a\n---|---\n" + "b | c\n" * 49 + "$$\n", [1])  # the header is kept as a stand-in
def test_a_formula_has_the_tokens_of_the_complete_text(text: str, lengths: list[int]) -> None:
    assert split(cut(text, lengths)) == at_once(text)


@settings(max_examples=100)
@given(documents, sizes)
def test_final_rows_are_the_bytes_of_printing_at_once(text: str, lengths: list[int]) -> None:
    output = TerminalOutput()
    assert committed(cut(text, lengths), output) == printed(text, output)


@pytest.mark.parametrize("step", [1, 5])
@pytest.mark.parametrize("end", ["$$\n\nend\n", "- and *never* closed", "\n" * 60 + "*end*"])
def test_the_screen_is_that_of_printing_at_once(step: int, end: str) -> None:
    text = f"so that:\n\\[\n{ROWS}\n\\]\n- a\n  $$\n  - b\n  $$\n\nAnd:\n$$\n{ROWS}\n{end}"
    output = TerminalOutput(60, 12)
    stream(output, cut(text, [step]))
    assert output.emulator.lines == seen(text, 60, 12)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("$$\n- x\n", []),
        ("before\n\n$$\n- x\n", ["before"]),
        ("before\n$$\n- x\n", []),
        ("before\n$$\n- x\n$$\n", ["before", "$$\n- x\n$$"]),
        ("- a\n- b\n  $$\n  - x\n", ["a"]),
        ("- a\n- b\n  $$\n  - x\n  $$\n", ["a", "b", "$$\n- x\n$$"]),
        ("> a\n>\n> $$\n> x\n", ["a"]),
        ("$$\nx\n```\n", ["$$\nx"]),
        ("$$ a $$ b\n\n", ["$$ a $$ b"]),
        ("$$\na\n" + "\nx\n" * 25, ["$$\na", *"x" * 24]),
    ],
)
def test_when_a_formula_is_final(text: str, expected: list[str]) -> None:
    assert certain(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "so that:\n$$\nx = a\n- b*c*d\n\n+ e\n$$\nend",
        "\\[\n- b*c*d\n# e\n\\]\n\nend",
        "1. one\n\n   \\begin{align}\n   - b_1_*c*d\n   > e\n   \\end{align}\n2. two",
        "$$ a*b*c $$\nend",
    ],
)
def test_a_growing_formula_does_not_change(text: str) -> None:
    *screens, final = grown(text)
    whole = [cell for row in final for cell in row if cell.data != " "]
    for screen in screens:
        look = [cell for row in screen for cell in row if cell.data != " "]
        assert look == whole[: len(look)]
    counts = [len(screen) for screen in screens]
    assert all(later >= count for count, later in pairwise(counts))


@pytest.mark.parametrize("partial", ["$", "$$", "\\", "\\[", "\\be", "\\begin{al", "- $$", "> \\["])
def test_the_beginning_of_a_formula_is_not_shown_yet(partial: str) -> None:
    splitter = BlockSplitter()
    splitter.feed(f"text\n\n{partial}")
    assert splitter.tail() == []


@pytest.mark.parametrize(
    "text",
    [
        *(
            "$$\n",
            "$$ x\n",
            "\\[\n",
            "\\[\n\n",
            "> \\[\n",
            "- \\[\n",
            "\\begin{a}\n",
            "text\n\\[\n",
        ),
        *("\\begin{a}\n" * 40 + "\\end{a} x\n", "$$\n\n\\[\n", "\\[ a | b\n---|---\n"),
    ],
)
def test_unclosed_formulas_are_not_parsed_repeatedly(
    text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    parsed = 0
    original = block_tokens

    def counting(*args: object) -> object:
        nonlocal parsed
        parsed += str(args[1]).count("\n")
        return original(*args)  # type: ignore[arg-type] # as they came

    monkeypatch.setattr(splitter_module, "block_tokens", counting)
    many = text * (6000 // len(text))
    splitter = BlockSplitter()
    for piece in cut(many, [40]):
        splitter.feed(piece)
    splitter.flush()
    assert parsed < 60 * many.count("\n")


def test_a_page_has_a_formula_as_written() -> None:
    text = "so that:\n$$\na<b & c\n- d*e*f\n$$\n"
    assert markdown_html(text) == (
        "<p>so that:</p>\n<pre><code>$$\na&lt;b &amp; c\n- d*e*f\n$$</code></pre>\n"
    )
