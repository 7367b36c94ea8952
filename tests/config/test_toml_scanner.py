"""Finding the lines of settings; the scanner always terminates."""

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from srchat.config.toml_scanner import Keys, line_of, sections

PROFILE = ("profiles", "p")
MODEL = (*PROFILE, "model")


@pytest.mark.parametrize(
    ("text", "keys", "line"),
    [
        ("model = 'x'", ("model",), 1),
        ("# a\n\nmodel = 'x'\n", ("model",), 3),
        ("# a\r\n\r\nmodel = 'x'\r\n", ("model",), 3),
        ('system = """\nmodel = \'y\'\n"""\nmodel = \'x\'\n', ("model",), 4),
        ("stop = [\n  'a', # model = 1\n  ['b'],\n]\nmodel = 'x'\n", ("model",), 5),
        ("[profiles.q]\nmodel = 'y'\n[profiles.p]\n\nmodel = 'x'\n", MODEL, 5),
        ("[profiles.q]\nmodel = 'y'\n[profiles.p]\n\nmodel = 'x'\n", PROFILE, 3),
        ("[profiles]\np.model = 'x'\n", MODEL, 2),
        ("[profiles]\np.model = 'x'\n", PROFILE, 0),
        ("a = 1\n  [ profiles . 'p' ] # b\n", PROFILE, 2),
        ('profiles = { p = { system = """\n\n""", model = \'x\' } }\n', MODEL, 3),
        ("profiles.p = { retries = 1 }\nmodel = 'x'\n", MODEL, 0),
        ("profiles.p.retries = { model = 'x' }\n", MODEL, 0),
        ("model = 'x'\n", ("system",), 0),
        ("[[profiles]]\nmodel = 'x'\n", ("model",), 0),
        ("[[a]]\nprofiles.p.model = 'y'\n[profiles.p]\nmodel = 'x'\n", MODEL, 4),
        ("[[a]]\n[a.profiles]\n[profiles.p]\nmodel = 'x'\n", MODEL, 4),
        ("", ("model",), 0),
    ],
)
def test_line_of(text: str, keys: Keys, line: int) -> None:
    assert line_of(text, keys) == line


@pytest.mark.parametrize("text", ["model", "model = ", "model = [", "model = {", "= 1"])
def test_truncated_text_raises(text: str) -> None:
    with pytest.raises(ValueError, match=r"does not end|nothing to read"):
        sections(text)


def test_deep_nesting_raises() -> None:
    with pytest.raises(ValueError, match="does not end"):
        sections(f"model = {'[' * 100_000}")


@given(st.text("ab.=[]{}\"'#,\n \\1", max_size=30))
@settings(max_examples=1000)
def test_the_scanner_always_terminates(text: str) -> None:
    with contextlib.suppress(ValueError):
        sections(text)
