r"""Formulas are shown as written and not parsed as Markdown."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pylatexenc.latexencode import get_builtin_uni2latex_dict

from srchat.markdown.splitter import block_tokens, markdown_parser
from srchat.markdown.writer import console_for, layout_for
from tests.support.terminal import TerminalOutput

SYMBOLS = [
    symbol.removeprefix("\\ensuremath{").removesuffix("}")
    for symbol in get_builtin_uni2latex_dict().values()
    if symbol.startswith("\\ensuremath") and symbol.isascii() and "$" not in symbol
]
DELIMITERS = [("\\(", "\\)"), ("\\[", "\\]"), ("$$", "$$"), ("$", "$")]


def shown(text: str, columns: int = 400) -> str:
    """Return the printed answer."""
    output = TerminalOutput(columns)
    rows = layout_for(output, console_for(output)).feed(block_tokens(markdown_parser(), text))
    return "\n".join("".join(segment.text for segment in row) for row in rows)


def formulas() -> list[str]:
    """Return 200 formulas with marks and escapes that have a meaning in Markdown."""
    found = []
    for number in range(200):
        a, b, c = (SYMBOLS[(number * step) % len(SYMBOLS)] for step in (7, 31, 101))
        left, right = DELIMITERS[number % 4]
        body = rf"{a}_i*b*{b}^2 \, \{{ x_1 \}} \\ **{c}** ~~y~~ `z` [q](r) <br> &amp;"
        found.append(f"{left}{body}{right}")
    return found


@pytest.mark.parametrize("formula", formulas())
def test_every_character_of_a_formula_is_shown(formula: str) -> None:
    assert formula in shown(f"So {formula} it is.")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("$5 and $10", "$5 and $10"),
        ("It is *$5*, not **$10**.", "It is $5, not $10."),
        ("from $5 to *$7* each", "from $5 to $7 each"),
        ("$ *a* $", "$ a $"),
        ("$5-$10 *x*", "$5-$10 x"),
        (r"\$x*y*z$", "$xyz$"),
        (r"\( *never closed*", "( never closed"),
        ("`$a*b*c$`", "$a*b*c$"),
        (r"\\(*x*\\)", r"\(x\)"),
        (r"$x*y*\$ and", r"$xy$ and"),
        (r"$x*y*\\\$ and", r"$xy\$ and"),
    ],
)
def test_other_dollars_and_backslashes_are_markdown(text: str, expected: str) -> None:
    assert shown(text) == expected


@pytest.mark.parametrize("formula", [r"$x\\$", r"$\\$", r"$a*b*c\\\\$", r"$\{x\}$", r"$5\$+\\$"])
def test_an_even_number_of_backslashes_does_not_escape_the_closing_dollar(formula: str) -> None:
    assert shown(f"So {formula} it *is*.") == f"So {formula} it is."


@given(st.text(alphabet="$\\()[]a1 *\n", max_size=30))
def test_any_text_can_be_rendered(text: str) -> None:
    shown(text, 80)
