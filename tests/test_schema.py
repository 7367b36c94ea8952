"""Schemas for answers: the short form, invalid schemas, and validation."""

import json
from pathlib import Path
from typing import Any

import fastjsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from srchat.errors import UsageError
from srchat.schema import json_text, problems, read_schema, response_format

PERSON = read_schema("name, age int, tags [str]")


def test_the_short_form_is_a_schema_of_required_properties() -> None:
    assert PERSON == {
        "type": "object",
        "properties": {
            "name": {"type": "string"},
            "age": {"type": "integer"},
            "tags": {"type": "array", "items": {"type": "string"}},
        },
        "required": ["name", "age", "tags"],
        "additionalProperties": False,
    }
    described = read_schema("name: first, then last\nok bool\nsize float: in cm")
    assert described["properties"] == {
        "name": {"type": "string", "description": "first, then last"},
        "ok": {"type": "boolean"},
        "size": {"type": "number", "description": "in cm"},
    }


def test_a_schema_is_read_from_json_and_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "person.json"
    path.write_text(json.dumps(PERSON))
    assert read_schema(str(path)) == read_schema(json.dumps(PERSON)) == PERSON


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "the schema is empty"),
        ("name text", "'name text' is not a field"),
        ("tags [str", r"'tags \[str' is not a field"),
        ("2nd int", "'2nd int' is not a field"),
        ("{", "not a JSON schema: Expecting"),
        ('{"type": "strng"}', r"not a JSON schema: \$.type: 'strng' is not valid"),
        ('{"$ref": "http://example.com/a"}', "cannot resolve \\$ref 'http://example.com/a'"),
        ('{"$ref": "#/$defs/missing"}', "cannot resolve \\$ref '#/\\$defs/missing'"),
        ('{"pattern": "("}', "not a JSON schema: \\$.pattern"),
        ('{"anyOf": [{"$ref": "other.json"}]}', "cannot resolve"),
        ("no/such.json", "cannot read no/such.json"),
    ],
)
def test_an_invalid_schema_is_rejected(text: str, why: str) -> None:
    with pytest.raises(UsageError, match=why):
        read_schema(text)


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ('{"name": "a", "age": 1, "tags": []}', []),
        ("{", ["not JSON"]),
        ('{"name": NaN}', ["not JSON: NaN"]),
        ("[" * 100_000, ["not JSON"]),
        ('{"name": 1, "age": 1, "tags": [2]}', ["$.name: 1 is not", "$.tags[0]: 2 is not"]),
        ('{"name": "a", "age": 1}', ["$: 'tags' is a required property"]),
    ],
)
def test_problems_have_paths(answer: str, why: list[str]) -> None:
    found = problems(PERSON, answer)
    assert len(found) == len(why)
    assert all(each.startswith(start) for each, start in zip(found, why, strict=True))


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "name": st.text() | st.integers(),
            "age": st.integers() | st.floats(allow_nan=False) | st.none(),
            "tags": st.lists(st.text() | st.booleans()),
            "more": st.text(),
        },
    )
)
def test_fastjsonschema_agrees(value: dict[str, Any]) -> None:
    text = json.dumps(value)
    if not problems(PERSON, text):
        fastjsonschema.compile(dict(PERSON))(json.loads(text))


@pytest.mark.parametrize(
    "answer", ['{"a": 1}', '```json\n{"a": 1}\n```', '\n~~~\n{"a": 1}\n~~~\n', ' {"a": 1}\n']
)
def test_a_code_fence_around_the_json_is_removed(answer: str) -> None:
    assert json_text(answer) == '{"a": 1}'


def test_references_within_the_schema_are_followed() -> None:
    schema = read_schema('{"$ref": "#/$defs/a", "$defs": {"a": {"type": "integer"}}}')
    assert problems(schema, "1") == []
    assert problems(schema, '"1"') == ["$: '1' is not of type 'integer'"]
    endless = read_schema('{"$ref": "#"}')
    assert problems(endless, "1") == ["the schema refers to itself without end"]


def test_strict_mode_is_requested_only_if_the_schema_allows_it() -> None:
    def is_strict(schema: object) -> object:
        return response_format(read_schema(json.dumps(schema)))["json_schema"]["strict"]

    assert is_strict(dict(PERSON))
    assert not is_strict({**PERSON, "required": ["name"]})
    assert not is_strict({"type": "array", "items": {"properties": {"a": {}}}})


@pytest.mark.parametrize("text", ["[]", "7", "true", '"name"'])
def test_a_schema_file_has_an_object(tmp_path: Path, text: str) -> None:
    path = tmp_path / "schema.json"
    path.write_text(text)
    with pytest.raises(UsageError, match="not a JSON schema: not an object"):
        read_schema(str(path))
