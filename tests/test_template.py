"""Prompt templates with {placeholders}."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from srchat.template import UnsetPlaceholderError, filled, is_placeholder_name, placeholders


def test_values_stand_in_place_of_placeholders() -> None:
    assert filled("In {lang}:\n{input}", {"lang": "C", "input": "x"}) == "In C:\nx"


def test_placeholders_in_a_value_are_not_replaced() -> None:
    assert filled("{a} {b}", {"a": "{b}", "b": "{a} {{a}}"}) == "{b} {a} {{a}}"


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("{{name}}", "{name}"),
        ("{{{name}}}", "{{name}}"),
        ("{ name }", "{ name }"),
        ("{}", "{}"),
        ("{0} {a-b} {a.b}", "{0} {a-b} {a.b}"),
        ('{"a": {"b": {}}}', '{"a": {"b": {}}}'),
        ("if (x) {{ y(); }}", "if (x) {{ y(); }}"),
    ],
)
def test_other_braces_are_text(template: str, expected: str) -> None:
    assert filled(template, {}) == expected


@given(
    st.recursive(
        st.none() | st.booleans() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_json_in_a_template_is_text(value: object) -> None:
    text = json.dumps({"value": value})
    if not placeholders(text) and "{{" not in text:
        assert filled(text, {}) == text


def test_a_placeholder_without_a_value_is_named_with_its_line() -> None:
    with pytest.raises(UnsetPlaceholderError, match=r"line 3: no value for \{lang\}") as caught:
        filled("one\n{input}\ntwo {lang}", {"input": "a\nb\nc"})
    assert (caught.value.name, caught.value.line) == ("lang", 3)


def test_placeholders_are_listed() -> None:
    assert placeholders("{a} {{b}} {c} {a} { d }") == {"a", "c"}


def test_names_of_placeholders_are_identifiers() -> None:
    assert is_placeholder_name("größe_2")
    assert not is_placeholder_name("2nd")
    assert not is_placeholder_name("a-b")
    assert not is_placeholder_name("")
