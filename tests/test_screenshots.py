"""The screenshots in docs/ show what srchat prints today."""

import html
import re

import pytest

from tests.screenshots import DOCS, SCENES, THEMES, pictures


def text_of(svg: str) -> str:
    """Return the text that a screenshot shows; how it is drawn may change with the tools.

    Of a moving one, the last screen: when a piece comes is another matter each time.
    """
    if last := re.findall('<g class="last"[^>]*>(.*?)</g>', svg):
        svg = "".join(last)
    body = re.sub("<style>.*?</style>", "", svg)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", body)).split())


@pytest.mark.slow
@pytest.mark.parametrize("name", SCENES)
def test_a_screenshot_matches_a_new_run(name: str) -> None:
    for theme, fresh in pictures(SCENES[name]).items():
        drawn = (DOCS / f"{name}-{theme}.svg").read_text(encoding="utf-8")
        assert text_of(drawn), name
        assert text_of(drawn) == text_of(fresh), "run `python -m tests.screenshots`"


@pytest.mark.parametrize("theme", THEMES)
def test_an_animation_is_small(theme: str) -> None:
    text = (DOCS / f"ask-{theme}.svg").read_text(encoding="utf-8")
    assert "@keyframes" in text
    assert len(text) < 300_000


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("name", SCENES)
def test_each_color_can_be_read_on_its_background(name: str, theme: str) -> None:
    text = (DOCS / f"{name}-{theme}.svg").read_text(encoding="utf-8")
    colors = THEMES[theme]
    used = set(re.findall(r'<text[^>]* class="(\w+)"', text)) - {"background"}
    assert used
    for color in used:
        assert contrast(colors[color], colors["background"]) >= 4.5, color


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colors (WCAG 2.2: at least 4.5 for text)."""
    darker, lighter = sorted(map(luminance, (one, other)))
    return (lighter + 0.05) / (darker + 0.05)


def luminance(color: str) -> float:
    parts = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return sum(p * share for p, share in zip(linear, (0.2126, 0.7152, 0.0722), strict=True))


def test_the_readme_shows_each_in_both_themes() -> None:
    readme = (DOCS.parent / "README.md").read_text(encoding="utf-8")
    dark = "(prefers-color-scheme: dark)"
    for name in SCENES:
        assert f'<source media="{dark}" srcset="docs/{name}-dark.svg">' in readme
        assert f'src="docs/{name}-light.svg"' in readme


def test_no_screenshot_is_left_over() -> None:
    names = {f"{name}-{theme}" for name in SCENES for theme in THEMES}
    assert {path.stem for path in DOCS.glob("*.svg")} == names
