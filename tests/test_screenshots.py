"""The pictures in docs/ show what srchat does today."""

import pytest

from tests.screenshots import DOCS, SCENES, picture


@pytest.mark.parametrize("name", SCENES)
def test_a_picture_is_that_of_a_fresh_run(name: str) -> None:
    drawn = (DOCS / f"{name}.svg").read_text(encoding="utf-8")
    assert drawn == picture(SCENES[name]), "`python -m tests.screenshots` draws them anew"


def test_no_picture_is_left_over() -> None:
    assert {path.stem for path in DOCS.glob("*.svg")} == set(SCENES)
