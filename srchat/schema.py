"""JSON schemas for answers: read from the command line, sent to the server, and validated.

A schema is JSON, a file, or the short form `name, age int, tags [str]`.
"""

import json
import os
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from srchat.errors import UsageError
from srchat.text_input import read_file

Schema = Mapping[str, Any]

_TYPES: Final = {"str": "string", "int": "integer", "float": "number", "bool": "boolean"}
_FIELD: Final = re.compile(r"([^\W\d]\w*)(?:\s+(\[?)(str|int|float|bool)(\]?))?(?:\s*:\s*(.+))?")
_FENCE: Final = re.compile(r"\s*(`{3,}|~{3,})[^\n]*\n(.*?)\n?\1\s*", re.DOTALL)
_MAX_SIZE: Final = 1 << 20  # bytes
_MAX_PROBLEMS: Final = 5
_MAX_PROBLEM: Final = 200  # characters
_EXAMPLE: Final = "for example --schema 'name, age int, tags [str]'"


def read_schema(text: str) -> Schema:
    """Return the schema in an option --schema. Raises UsageError with the reason."""
    if text.lstrip().startswith("{"):
        return _checked(_parsed(text, "--schema"), "--schema")
    if os.path.isfile(text) or text.endswith(".json"):  # noqa: PTH113 - Path.is_file raises for a long text
        return _checked(_parsed(read_file(text, _MAX_SIZE).text, text), text)
    return _short(text)


def response_format(schema: Schema) -> dict[str, Any]:
    """Return the request parameter that makes a server enforce the schema."""
    described = {"name": "answer", "schema": dict(schema), "strict": _is_strict(schema)}
    return {"type": "json_schema", "json_schema": described}


def json_text(answer: str) -> str:
    """Return the JSON of an answer, without a code fence around it."""
    fenced = _FENCE.fullmatch(answer)
    return (fenced[2] if fenced else answer).strip()


def problems(schema: Schema, text: str) -> list[str]:
    """Return why a JSON text does not fit a schema, with paths; [] if it does.

    Nothing fits a schema that refers to itself endlessly.
    """
    try:
        value = json.loads(text, parse_constant=_refuse)
    except (ValueError, RecursionError) as exc:
        return [f"not JSON: {exc}"]
    try:
        errors = sorted(_validator(schema).iter_errors(value), key=lambda each: each.json_path)
    except RecursionError:
        return ["the schema refers to itself without end"]
    return [f"{e.json_path}: {e.message}"[:_MAX_PROBLEM] for e in errors[:_MAX_PROBLEMS]]


def _validator(schema: Schema) -> Any:  # noqa: ANN401 - a class created by jsonschema
    from jsonschema.validators import validator_for  # noqa: PLC0415 - 60 ms
    from referencing.jsonschema import EMPTY_REGISTRY  # noqa: PLC0415 - as above

    return validator_for(schema)(schema, registry=EMPTY_REGISTRY)  # without network access


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")


def _parsed(text: str, where: str) -> Any:  # noqa: ANN401 - any JSON
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as exc:
        raise UsageError(f"{where}: not a JSON schema: {exc}", hint=_EXAMPLE) from exc


def _checked(schema: object, where: str) -> Schema:
    from jsonschema.exceptions import SchemaError  # noqa: PLC0415 - 60 ms
    from jsonschema.validators import validator_for  # noqa: PLC0415 - as above
    from referencing import Registry, Resource  # noqa: PLC0415 - as above
    from referencing.exceptions import Unresolvable  # noqa: PLC0415 - as above
    from referencing.jsonschema import DRAFT202012  # noqa: PLC0415 - as above

    if not isinstance(schema, dict):
        raise UsageError(f"{where}: not a JSON schema: not an object", hint=_EXAMPLE)
    try:
        validator_for(schema).check_schema(schema)
    except SchemaError as exc:
        raise UsageError(f"{where}: not a JSON schema: {exc.json_path}: {exc.message}") from exc
    # Invalid schemas are found before the request, which costs money.
    resource = Resource.from_contents(schema, default_specification=DRAFT202012)
    resolver = Registry().with_resource("", resource).resolver()
    for name, text in _strings(schema):
        try:
            if name in ("$ref", "$dynamicRef"):
                resolver.lookup(text)
        except Unresolvable as exc:
            hint = "what it names must be in the schema, for example in $defs"
            raise UsageError(f"{where}: cannot resolve {name} {text!r}", hint=hint) from exc
    return schema


def _strings(value: object) -> Iterator[tuple[str, str]]:
    """Yield the strings in a schema with the names of their keys."""
    for name, inner in value.items() if isinstance(value, dict) else ():
        if isinstance(inner, str):
            yield name, inner
        else:
            yield from _strings(inner)
    for inner in value if isinstance(value, list) else ():
        yield from _strings(inner)


def _short(text: str) -> Schema:
    separator = "\n" if "\n" in text.strip() else ","
    fields = [field.strip() for field in text.split(separator) if field.strip()]
    if not fields:
        raise UsageError("--schema: the schema is empty", hint=_EXAMPLE)
    properties = dict(map(_property, fields))
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _property(field: str) -> tuple[str, dict[str, Any]]:
    match = _FIELD.fullmatch(field.rstrip(","))
    if not match or bool(match[2]) != bool(match[4]):
        raise UsageError(
            f"--schema: {field!r} is not a field; types are str, int, float, bool, [str], ...",
            hint=_EXAMPLE,
        )
    name, is_list, kind, _, description = match.groups()
    value: dict[str, Any] = {"type": _TYPES[kind or "str"]}
    if is_list:
        value = {"type": "array", "items": value}
    return name, value | ({"description": description} if description else {})


def _is_strict(schema: object) -> bool:
    """Tell whether it fits OpenAI's strict mode: all properties required, no others allowed."""
    if isinstance(schema, list):
        return all(map(_is_strict, schema))
    if not isinstance(schema, dict):
        return True
    properties = schema.get("properties")
    if isinstance(properties, dict) and (
        schema.get("additionalProperties") is not False
        or set(schema.get("required") or ()) != set(properties)
    ):
        return False
    return all(map(_is_strict, schema.values()))
