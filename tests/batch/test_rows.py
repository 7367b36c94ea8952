"""Rows of text, JSON and CSV."""

import pytest

from srchat.batch.rows import RowError, csv_rows, json_rows, text_rows


def test_lines_are_rows_numbered_as_in_their_file() -> None:
    rows = list(text_rows(["a\n", "\n", " b \r\n", "c"], "f"))
    assert [(row.number, row.where, row.text) for row in rows] == [
        (1, "f:1", "a"),
        (3, "f:3", " b "),
        (4, "f:4", "c"),
    ]
    assert rows[0].values == {"line": "a"}


def test_json_values_are_text_or_stay_json() -> None:
    (row,) = json_rows(['{"a": "x", "b": [1, "é"], "c": null}\n'], "f")
    assert row.values == {"a": "x", "b": '[1, "é"]', "c": "null"}
    assert row.text == '{"a": "x", "b": [1, "é"], "c": null}'


def test_csv_records_have_the_names_of_the_header() -> None:
    rows = list(csv_rows(["id,text\n", '1,"two\n', 'lines, ""quoted"""\n', "\n", "2,x\n"], "f"))
    assert [row.values for row in rows] == [
        {"id": "1", "text": 'two\nlines, "quoted"'},
        {"id": "2", "text": "x"},
    ]
    assert [(row.number, row.where) for row in rows] == [(1, "f:3"), (2, "f:5")]


@pytest.mark.parametrize(
    ("read", "lines", "line"),
    [
        (json_rows, ["{}\n", "{\n"], 2),
        (json_rows, ["\n", "[]\n"], 2),
        (csv_rows, ["a,b\n", "1,2\n", "1\n"], 3),
        (csv_rows, ["a,b\n", '1,"2'], 2),
    ],
)
def test_a_bad_row_is_named_with_its_line(read: object, lines: list[str], line: int) -> None:
    assert callable(read)
    with pytest.raises(RowError, match=f"^f:{line}: "):
        list(read(lines, "f"))
