"""Request parameters that srchat passes on."""

import datetime as dt
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from srchat.config.parameters import KNOWN_PARAMETERS, REMOVED, nested
from srchat.config.settings import SETTINGS

PARAMETERS = SETTINGS["params"].value_type
NAMES = st.text("abc_", min_size=1, max_size=3)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(NAMES, inner, max_size=2),
)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("seed=7", {"seed": 7}),
        ("top_k=1", {"top_k": 1}),
        ("a=text", {"a": "text"}),
        ("a=null", {"a": None}),
        ('a="7"', {"a": "7"}),
        ("a=b=c", {"a": "b=c"}),
        ("a.b=false", {"a.b": False}),
        ('response_format={"type": "json_object"}', {"response_format": {"type": "json_object"}}),
        ('{"a": {"b": 1}}', {"a.b": 1}),
        ("a=", {"a": REMOVED}),
    ],
)
def test_a_value_is_json_or_text(text: str, value: dict[str, object]) -> None:
    assert PARAMETERS.parse(text) == value


@pytest.mark.parametrize(
    "text",
    ["seed", "=7", "model=x", "messages=[]", "stream=1", "temperature=1", "top_p=1", "max_tokens=1",
     "stop=x", "stream_options.include_usage=true", "n=2", "tools=[]", "a..b=1", ".a=1",
     "{", "[1]"],
)  # fmt: skip
def test_an_invalid_parameter_is_rejected(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the caller writes the message
        PARAMETERS.parse(text)


def test_a_parameter_with_a_setting_is_rejected() -> None:
    for name in (name for name, entry in SETTINGS.items() if entry.parameter):
        with pytest.raises(ValueError):  # noqa: PT011 - as above
            PARAMETERS.parse(f"{name}=1")
        assert name not in KNOWN_PARAMETERS
        assert f" {name}, " in PARAMETERS.description


@given(st.dictionaries(NAMES, VALUES, max_size=4))
def test_a_table_is_sent_as_it_is(table: dict[str, Any]) -> None:
    flat = PARAMETERS.check(table)
    assert isinstance(flat, dict)
    assert json.dumps(nested(flat), sort_keys=True) == json.dumps(table, sort_keys=True)


@pytest.mark.parametrize(
    "value",
    [7, [1], "seed=7", {"model": "x"}, {"a": {"": 1}}, {"since": dt.date(2026, 1, 1)}],
)
def test_an_invalid_table_is_rejected(value: object) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - as above
        PARAMETERS.check(value)
