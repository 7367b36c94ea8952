"""Wrapped lines fit, whatever characters they contain, and no text is lost."""

import io

import wcwidth
from hypothesis import example, given
from hypothesis import strategies as st
from rich.console import Console
from rich.text import Text

from srchat.markdown.cells import cells, wrapped
from tests.markdown.record_widths import TABLE

CONSOLE = Console(file=io.StringIO(), width=80)
ODD = st.text(
    st.sampled_from(
        "ab \u200d\ufe0f\u0301日語\U0001f468\U0001f3fb\U0001f3ff\U0001f1e9\U0001f1ea❤é\t\n"
    ),
    max_size=120,
)


@given(ODD, st.integers(2, 40))
@example("\u200d\u200d日本語" + "word " * 22, 80)
@example("日\u200d" * 60, 7)
def test_every_line_fits_and_only_blanks_are_dropped(text: str, width: int) -> None:
    lines = wrapped(CONSOLE, Text(text), width)
    assert "".join("".join(line.plain.split()) for line in lines) == "".join(text.split())
    assert all(cells(line.plain) <= width for line in lines)


def test_styles_stay_on_their_characters() -> None:
    text = Text("plain \u200d日 ").append("bold 日\U0001f3fb bold", "bold").append(" plain")
    lines = wrapped(CONSOLE, text, 8)
    styled = "".join(
        line.plain[span.start : span.end] for line in lines for span in line.spans
    )  # fmt: skip
    assert "".join(styled.split()) == "bold日\U0001f3fbbold"


def test_no_character_is_wider_than_measured() -> None:
    recorded = 0
    for line in TABLE.read_text().splitlines():
        first, last, width = line.split()
        for code in range(int(first, 16), int(last, 16) + 1):
            assert cells(chr(code)) >= int(width), f"U+{code:04X}"
            recorded += 1
    assert recorded > 200_000
    # The newest version of Unicode, from the table of a library.
    for code in range(0x20, 0x30000):
        if not 0xD800 <= code < 0xE000:
            assert cells(chr(code)) >= wcwidth.wcwidth(chr(code)), f"U+{code:04X}"


@given(st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=60))
def test_the_width_of_a_text_is_the_sum_of_its_characters(text: str) -> None:
    assert cells(text) >= max(map(cells, text), default=0)


HINDI = "\u0915\u093f\u0924\u093e\u092c\u0947\u0902 \u0939\u093f\u0928\u094d\u0926\u0940 "


@given(st.integers(4, 60))
def test_lines_of_scripts_with_spacing_marks_fit(width: int) -> None:
    lines = wrapped(CONSOLE, Text(HINDI * 20), width)
    assert all(sum(max(0, wcwidth.wcwidth(c)) for c in line.plain) <= width for line in lines)
    assert "".join("".join(line.plain.split()) for line in lines) == "".join(HINDI.split()) * 20
