"""The screenshots in docs/ show what srchat prints today."""

import html
import re

import pytest

from tests.screenshots import DOCS, SCENES, picture


def text_of(svg: str) -> str:
    """Return the text that a screenshot shows; how it is drawn may change with the tools.

    Of a moving one, the last screen: when a piece comes is another matter each time.
    """
    if last := re.findall('<g class="last"[^>]*>(.*?)</g>', svg):
        svg = "".join(last)
    body = svg[svg.index("</style>") :] if "</style>" in svg else svg
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", body)).split())


@pytest.mark.slow
@pytest.mark.parametrize("name", SCENES)
def test_a_screenshot_shows_the_text_of_a_fresh_run(name: str) -> None:
    drawn = (DOCS / f"{name}.svg").read_text(encoding="utf-8")
    assert text_of(drawn), name
    assert text_of(drawn) == text_of(picture(SCENES[name])), "run `python -m tests.screenshots`"


def test_a_moving_picture_is_small_enough_to_be_loaded() -> None:
    text = (DOCS / "ask.svg").read_text(encoding="utf-8")
    assert "@keyframes" in text
    assert len(text) < 300_000


def test_no_screenshot_is_left_over() -> None:
    assert {path.stem for path in DOCS.glob("*.svg")} == set(SCENES)
