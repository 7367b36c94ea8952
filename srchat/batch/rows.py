"""The rows that a batch is made of: lines of text, JSON objects, or records of a CSV file. Pure."""

import csv
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple


class Row(NamedTuple):
    """One row: what its placeholders stand for, and its text where none is used.

    `number`: the line of a text file or of JSON lines, or the record of a CSV file, from 1.
    `name`: of the text, as the model is shown it.
    """

    number: int
    values: Mapping[str, str]
    text: str
    name: str = "stdin"


class RowError(ValueError):
    """A row that cannot be read; `line` counts from 1."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(reason)
        self.line = line
        self.reason = reason


def text_rows(lines: Iterable[str]) -> Iterator[Row]:
    """Yield a row for each line that is not blank; its placeholder is `line`."""
    for number, line in enumerate(lines, 1):
        text = line.removesuffix("\n").removesuffix("\r")
        if text.strip():
            yield Row(number, {"line": text}, text)


def json_rows(lines: Iterable[str]) -> Iterator[Row]:
    """Yield a row for each line of JSON; its placeholders are the keys of the object.

    Raises RowError.
    """
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            value = json.loads(line)
        except (ValueError, RecursionError) as exc:
            raise RowError(number, f"not JSON: {exc}") from exc
        if not isinstance(value, dict):
            raise RowError(number, "not a JSON object")
        values = {key: _text(each) for key, each in value.items()}
        yield Row(number, values, line.strip())


def csv_rows(lines: Iterable[str]) -> Iterator[Row]:
    """Yield a row for each record of a CSV file (RFC 4180); its first names the columns.

    Raises RowError.
    """
    csv.field_size_limit(2**31 - 1)
    reader = csv.reader(lines, strict=True)
    try:
        columns = next(reader, [])
        for number, record in enumerate(filter(None, reader), 1):
            if len(record) != len(columns):
                raise RowError(
                    reader.line_num, f"{len(record)} fields where the header has {len(columns)}"
                )
            values = dict(zip(columns, record, strict=True))
            yield Row(number, values, json.dumps(values, ensure_ascii=False))
    except csv.Error as exc:
        raise RowError(reader.line_num, str(exc)) from exc


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
