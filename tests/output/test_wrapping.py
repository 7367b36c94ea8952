"""Lines that fit, whatever characters the text is made of, and nothing lost."""

import io

from hypothesis import example, given
from hypothesis import strategies as st
from rich.console import Console
from rich.text import Text

from srchat.output.wrapping import cells, wrapped

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
def test_every_line_fits_and_nothing_but_blanks_is_lost(text: str, width: int) -> None:
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
