"""The input rows of a batch: lines of text, JSON objects, or CSV records. Pure."""

import csv
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple


class Row(NamedTuple):
    """One row: the values of its placeholders, and the text to append if no placeholder is used.

    `number`: from 1, the line of a text or JSON Lines file or the record of a CSV file.
    `where`: the location, for messages.
    `name`: the name of the text in the message.
    """

    number: int
    values: Mapping[str, str]
    text: str
    where: str
    name: str = "stdin"


class RowError(ValueError):
    """A row that cannot be read. `where`: its location."""

    def __init__(self, where: str, reason: str) -> None:
        super().__init__(f"{where}: {reason}")


def text_rows(lines: Iterable[str], source: str) -> Iterator[Row]:
    """Yield a row for each line that is not blank. Its placeholder is `line`.

    `source`: the file name for messages.
    """
    for number, line in enumerate(lines, 1):
        text = line.removesuffix("\n").removesuffix("\r")
        if text.strip():
            yield Row(number, {"line": text}, text, f"{source}:{number}")


def json_rows(lines: Iterable[str], source: str) -> Iterator[Row]:
    """Yield a row for each line of JSON. Its placeholders are the keys of the object.

    Raises RowError.
    """
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        where = f"{source}:{number}"
        try:
            value = json.loads(line)
        except (ValueError, RecursionError) as exc:
            raise RowError(where, f"not JSON: {exc}") from exc
        if not isinstance(value, dict):
            raise RowError(where, "not a JSON object")
        values = {key: _text(each) for key, each in value.items()}
        yield Row(number, values, line.strip(), where)


def csv_rows(lines: Iterable[str], source: str) -> Iterator[Row]:
    """Yield a row for each record of a CSV file (RFC 4180). The first record has the column names.

    Raises RowError.
    """
    csv.field_size_limit(2**31 - 1)
    reader = csv.reader(lines, strict=True)
    try:
        columns = next(reader, [])
        for number, record in enumerate(filter(None, reader), 1):
            where = f"{source}:{reader.line_num}"
            if len(record) != len(columns):
                raise RowError(where, f"{len(record)} fields where the header has {len(columns)}")
            values = dict(zip(columns, record, strict=True))
            yield Row(number, values, json.dumps(values, ensure_ascii=False), where)
    except csv.Error as exc:
        raise RowError(f"{source}:{reader.line_num}", str(exc)) from exc


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
