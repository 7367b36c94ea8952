"""Rendering of the HTML tags that models use."""

import unicodedata

import pytest

from srchat.markdown.splitter import block_tokens, markdown_parser
from srchat.markdown.tags import NAMES, SCRIPTS
from srchat.markdown.writer import console_for, layout_for
from tests.support.layouts import lines
from tests.support.terminal import TerminalOutput


def styles(text: str) -> list[tuple[str, str]]:
    """Return the styled pieces of the lines, each with the name of its style."""
    output = TerminalOutput()
    rows = layout_for(output, console_for(output)).feed(block_tokens(markdown_parser(), text))
    return [(part.text, str(part.style)) for row in rows for part in row if part.style]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("H<sub>2</sub>O, x<sup>2</sup>, 10<sup>-6</sup>", "H₂O, x², 10⁻⁶"),
        ("1<sup>st</sup> n<sup>ab</sup> x<sub>i</sub>", "1ˢᵗ nᵃᵇ xᵢ"),
        ("x<SUP>2</Sup> a<sub>&minus;1</sub>", "x² a₋₁"),
        ("x<sub>b</sub> x<sup>q</sup>", "x_b x^q"),
        ("x<sub>i,j</sub> x<sup>n + 1</sup> x<sup>\\*</sup>", "x_(i,j) x^(n + 1) x^(*)"),
        ("see<sup>[1]</sup> and<sup>(b, c)</sup>", "see^[1] and^(b, c)"),
        ("x<sup>a<sup>2</sup></sup>", "x^(a²)"),
        ("x<sup>*2*</sup> <sup>[1](http://a.test)</sup>", "x^(2) ^(1 (http://a.test))"),
        ("x<sup>1 **2** 3 *4* 5 *6*</sup>", "x^(1 2 3 4 5 6)"),
        ("one <br> two<BR/>three<br />four", "one\ntwo\nthree\nfour"),
        ("# H<sub>2</sub>O <b>x</b>", "H₂O x"),
        ("| a |\n|---|\n| x<sup>2</sup><br>y |", "a\n──\nx²\ny"),
        ("![x<sup>2</sup>](/p)", "x² (/p)"),
        ("[a<br>b <b>c</b>](/u)", "a\nb c (/u)"),
    ],
)
def test_a_pair_is_rendered(text: str, expected: str) -> None:
    assert lines(text) == expected.split("\n")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<b>a</b>", [("a", "bold")]),
        ("<strong>a *b*</strong>", [("a ", "bold"), ("b", "bold italic")]),
        ("<i>a</i> <EM>b</em>", [("a", "italic"), ("b", "italic")]),
        ("*x <b>a</b>*", [("x ", "italic"), ("a", "bold italic")]),
        ("<kbd>Ctrl</kbd>+<kbd>C</kbd>", [("Ctrl", "reverse"), ("C", "reverse")]),
        ("<b>one <i> two</b>", [("one <i> two", "bold")]),
        ("<b>one <i>two</b> three</i>", [("one <i>two", "bold")]),
        ("<i>a</i></i>", [("a", "italic")]),
    ],
)
def test_an_html_pair_has_the_style_of_the_same_markdown(
    text: str, expected: list[tuple[str, str]]
) -> None:
    assert styles(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        *(f"a <{name}>b" for name in NAMES),
        *(f"a b</{name}> c" for name in NAMES),
        *(f'<{name} class="x">b' for name in NAMES),
        *(f"a <{name}></{name}> c" for name in NAMES),
        *(f"between <{name}> and </{name}>." for name in NAMES),
        "<b>a</strong> <b>a </b> <b> <b/> < b>",
        "Vec<T> <think>a</think> <div>b</div> <script>c</script> <u>d</u> <!-- e -->",
        "A <details> element, <summary>b</summary> in it, </details> and so on",
        '<br class="x"> <brr> </br>',
        "<details>\nno summary",
        "<details open>\nno summary",
        '<details class="x">\n<summary>a</summary>',
        "<details open href=http://a.test>\n<summary>a</summary>",
        "<details  open>\n<summary>a</summary>",
        "<summary open>a</summary> <b open>a</b> <details>a</details open>",
        "<summary>a</summary>",
        "<details>\nword <summary>a</summary>",
        "</details>\n<summary>a</summary>",
    ],
)
def test_other_tags_are_shown_as_written(text: str) -> None:
    assert lines(text) == text.split("\n")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("`<b>a</b>` `a<br>b`", "<b>a</b> a<br>b"),
        ("$<b>a</b><br>$", "$<b>a</b><br>$"),
        ("\\<b>a</b> \\<br>", "<b>a</b> <br>"),
        ("[<b>a](/u)</b>", "<b>a (/u)</b>"),
        ("*<b>a*</b>", "<b>a</b>"),
        ("```\n<b>a</b>\n```", "  <b>a</b>"),
        ("<b>a\n\nb</b>", "<b>a\n\nb</b>"),
    ],
)
def test_code_and_other_marks_take_precedence(text: str, expected: str) -> None:
    assert lines(text) == expected.split("\n")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<details>\n<summary>S</summary>\n\ntext\n\n</details>\n\nmore", "S\n\ntext\n\nmore"),
        ("<details><summary>S</summary>text</details>\nmore", "S\ntext\nmore"),
        ("<details open>\n<summary>S</summary>\n\ntext\n\n</details>", "S\n\ntext"),
        ("<Details OPEN><summary>S</summary>text</details>", "S\ntext"),
        ("a\n<details open>\nb\n</details>\nc", "a\nb\nc"),
        ("<details>\n<summary><b>x</b> y</summary>\n\nz\n</details>", "x y\n\nz"),
        ("<details open>\n<summary><b>x</b> y</summary>\n\nz\n</details>", "x y\n\nz"),
        ("<details><summary>S</summary>\ntext\n</details>", "S\ntext"),
        ("<details>\n<summary>S</summary></details>", "S"),
        ("before\n<details>\n<summary>S</summary> `x`", "before\nS\nx"),
        ("a\n<details>\nb\n</details>\nc", "a\nb\nc"),
        ("  <details>\n  <summary>a `b` <i>c</i></summary>", "a b c"),
        ("<details>\n<summary>A</summary>\n\na\n</details>\n<details>\n<summary>B</summary>",
         "A\n\na\nB"),
        ("<details>\n<summary>A</summary>\n\n`</details>`\n\n</details>\n\n</details>",
         "A\n\n</details>\n\n</details>"),
        ("- x\n\n  <details>\n  <summary>S</summary>\n\n  y\n\n  </details>\n\n- z",
         " • x\n\n   S\n\n   y\n\n • z"),
        ("<details>\n\n<summary>S</summary>", "<details>\n\n<summary>S</summary>"),
        ("> <details>\n> <summary>S</summary>\n>\n> x\n> </details>", "▌ S\n▌\n▌ x"),
    ],
)  # fmt: skip
def test_details_tags_are_hidden_and_a_summary_is_a_line(text: str, expected: str) -> None:
    assert lines(text) == expected.split("\n")


def test_a_summary_is_bold() -> None:
    assert styles("<details>\n<summary>S</summary>\ntext\n</details>") == [("S", "bold")]


def test_a_terminal_without_unicode_gets_ascii() -> None:
    text = "H<sub>2</sub>O 10<sup>-6</sup>"
    assert lines(text, encoding="ascii") == ["H_2O 10^(-6)"]


@pytest.mark.parametrize("tag", SCRIPTS)
def test_scripts_are_compatible_with_their_letters(tag: str) -> None:
    for letter, shown in SCRIPTS[tag].items():
        assert unicodedata.normalize("NFKC", shown).replace("−", "-") == letter.replace("−", "-")


@pytest.mark.parametrize("text", ["<b>", "</b>", "<i></b>", "<sup>x", "<details>\n", "*<b>"])
def test_unclosed_tags_are_text(text: str) -> None:
    assert "".join(lines(text * 20_000, 1000)).count("<") == text.count("<") * 20_000
