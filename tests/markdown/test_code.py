"""Code that arrives in pieces is highlighted as if it had arrived at once."""

import inspect
import random
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.style import Style
from rich.text import Span, Text

from srchat.markdown import splitter
from srchat.markdown.code import CodeLines, background_of

_PYTHON = inspect.getsource(splitter)
_C = "/* a comment\n" + " * that goes on\n" * 12 + " */\nint main(void) {\n  return 0;\n}\n"


Line = tuple[str, list[Span]]


def highlighted(code: str, info: str = "python", theme: str = "terminal") -> list[Line]:
    """Return the lines, highlighted at once."""
    lines = CodeLines(info, theme)
    return seen(lines.feed(code.splitlines()) + lines.finish())


def seen(texts: list[Text]) -> list[Line]:
    return [(text.plain, text.spans) for text in texts]


def style(span: Span) -> Style:
    assert isinstance(span.style, Style)
    return span.style


def color(span: Span) -> str:
    named = style(span).color
    return named.name if named else "default"


@pytest.mark.slow
@settings(max_examples=50)
@given(st.integers(0, 2**32))
def test_the_result_does_not_depend_on_when_lines_arrive(seed: int) -> None:
    random_ = random.Random(seed)
    lines = CodeLines("python", "terminal")
    source = _PYTHON.splitlines()[:120]
    texts = []
    while source:
        count = random_.randint(1, 9)
        texts += lines.feed(source[:count])
        lines.preview().feed(["x = "])
        del source[:count]
    assert seen(texts + lines.finish()) == highlighted("\n".join(_PYTHON.splitlines()[:120]))


def test_no_line_is_lost_or_held_back_long() -> None:
    lines = CodeLines("python", "terminal")
    source = [line.rstrip() for line in _PYTHON.splitlines()]
    given_out: list[str] = []
    for number, line in enumerate(source, 1):
        given_out += [text.plain for text in lines.feed([line])]
        assert number - len(given_out) <= 16
        assert given_out == source[: len(given_out)]
    assert given_out + [text.plain for text in lines.finish()] == source


def test_a_file_is_highlighted_as_by_one_pass_of_the_lexer() -> None:
    from pygments.lexers import PythonLexer  # noqa: PLC0415  # slow, and needed here only

    tokens = PythonLexer(stripnl=False).get_tokens(_PYTHON)
    expected = "".join(value for kind, value in tokens if "String" in str(kind))
    green = "".join(
        plain[span.start : span.end] + "\n"
        for plain, spans in highlighted(_PYTHON)
        for span in spans
        if color(span) == "green"
    )
    assert "".join(green.split()) == "".join(expected.split())


def test_a_long_comment_is_highlighted_to_its_end() -> None:
    comment = [spans for plain, spans in highlighted(_C, "c") if plain.startswith((" *", "/*"))]
    assert len(comment) == 14
    assert all(style(span).italic for spans in comment for span in spans)


@pytest.mark.parametrize("info", ["", "no-such-language", "python title=x", "PYTHON", "{.py}"])
def test_any_info_string_is_accepted(info: str) -> None:
    assert [plain for plain, _ in highlighted("def f(): pass", info)] == ["def f(): pass"]


@pytest.mark.parametrize("language", ["json", "yaml", "html", "console", "diff", "make", "php"])
def test_lexers_lose_no_text(language: str) -> None:
    code = textwrap.dedent(Path(__file__).read_text())[:3000]
    expected = [line.rstrip() for line in code.splitlines()]
    assert [plain for plain, _ in highlighted(code, language)] == expected


def test_trailing_blank_lines_are_dropped() -> None:
    assert [plain for plain, _ in highlighted("x\n\ny\n\n\n")] == ["x", "", "y"]


@pytest.mark.parametrize("theme", ["terminal", "ansi_dark", "ansi_light", "monokai", "no-such"])
def test_themes(theme: str) -> None:
    assert highlighted("x = 1", theme=theme)[0][0] == "x = 1"


def test_the_default_theme_is_readable_on_dark_and_light() -> None:
    assert background_of("terminal") is None
    colors = {color(span) for _, spans in highlighted(_PYTHON) for span in spans}
    assert colors <= {"default", "red", "green", "magenta", "cyan"}


def test_lines_after_a_long_one_are_plain() -> None:
    lines = ["x = 1", "y = 'é'", "z = " + "a " * 150, "x = 1", "def f(): pass"]
    whole = CodeLines("python", "terminal")
    texts = whole.feed(lines) + whole.finish()
    assert [text.plain for text in texts] == [line.rstrip() for line in lines]
    assert [bool(text.spans) for text in texts] == [True, True, False, False, False]


def test_the_rest_of_a_slow_block_is_plain() -> None:
    code = CodeLines("python", "terminal")
    code._seconds = 1000.0
    texts = code.feed(["x = 1"] * 40) + code.finish()
    assert [text.plain for text in texts] == ["x = 1"] * 40
    assert not any(text.spans for text in texts)


def test_a_lexer_that_is_not_vetted_is_not_used() -> None:
    code = CodeLines("mcschema", "terminal")
    texts = code.feed(["<!--" * 15] * 20) + code.finish()  # else this never ends
    assert not any(text.spans for text in texts)


HOSTILE = """
import resource, sys
resource.setrlimit(resource.RLIMIT_CPU, (240, 240))
from srchat.markdown.code import VETTED, CodeLines
ATOMS = ("<!--", "a ", "((((", "a<", "?:", "\'\'\'", "{{{{", "1e", "$(", "/*", "\\\\", '\"')
for name in sorted(VETTED):
    for atom in ATOMS:
        code = CodeLines(name, "terminal")
        code.feed([(atom * 200)[:200]] * 18)
        code.finish()
print("done")
"""


@pytest.mark.slow
def test_no_vetted_lexer_hangs_on_hostile_code() -> None:
    done = subprocess.run([sys.executable, "-c", HOSTILE], capture_output=True, check=False)
    assert (done.returncode, done.stdout) == (0, b"done\n"), done.stderr
