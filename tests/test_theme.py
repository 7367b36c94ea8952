"""The theme: every style is understood by the library that displays it."""

import pytest
from prompt_toolkit.styles import Style as PromptStyle
from pygments.token import STANDARD_TYPES, string_to_tokentype
from rich.style import Style

from srchat import theme
from srchat.repl.prompt_style import STYLE

TEXTS = (
    theme.ERROR,
    theme.WARNING,
    theme.HINT,
    theme.REASONING,
    theme.STATUS,
    theme.HEADING,
    theme.MATCH,
    theme.PROMPT_SIGN,
    theme.TYPED,
)


def test_a_style_is_an_escape_sequence() -> None:
    assert theme.styled("no", "bold red") == "\x1b[1;31mno\x1b[0m"
    with pytest.raises(KeyError):
        theme.sgr("loud")


@pytest.mark.parametrize("style", sorted({*TEXTS, *theme.MARKDOWN.values(), *theme.CODE.values()}))
def test_rich_and_the_escape_sequence_agree(style: str) -> None:
    assert Style.parse(style).render("x") == theme.styled("x", style)


def test_prompt_toolkit_understands_the_prompt() -> None:
    PromptStyle.from_dict({**theme.PROMPT_STYLES, "picked": theme.PICKED})
    assert ("prompt", "bold ansigreen") in STYLE.style_rules


def test_the_tokens_exist() -> None:
    assert {string_to_tokentype(name) for name in theme.CODE} <= set(STANDARD_TYPES)


def test_a_page_has_every_color_of_code() -> None:
    colors = {
        color.name
        for style in theme.CODE.values()
        if (color := Style.parse(style).color) is not None
    }
    assert colors == set(theme.PAGE_CODE_COLORS) <= set(theme.PAGE)
