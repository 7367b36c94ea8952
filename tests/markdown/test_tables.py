"""Tables: widths, wrapped cells, and lists instead of tables that are too wide."""

from tests.support.layouts import lines


def test_a_table() -> None:
    assert lines("| a | b | c |\n|:--|--:|:-:|\n| one | 2 | *x* |\n| 1 | 22 |\n") == [
        "a     b  c",
        "───  ──  ─",
        "one   2  x",
        "1    22",
    ]


def test_a_break_in_a_cell_starts_a_new_line_of_the_cell() -> None:
    assert lines("| a | b |\n|--|--|\n| one | 2<br>three |\n") == [
        "a    b",
        "───  ─────",
        "one  2",
        "     three",
    ]


def test_the_cells_of_a_wide_table_are_wrapped_without_loss() -> None:
    cell = "many words in a cell that does not fit"
    rows = lines(f"| a | b |\n|---|---|\n| short | {cell} |\n", 30)
    assert all(len(row) <= 30 for row in rows)
    assert "".join(rows[2:]).split() == ["short", *cell.split()]


def test_words_in_a_table_are_not_split_and_wrapped_rows_are_set_apart() -> None:
    head = "| name | what it does |\n|---|---|\n"
    rows = "| a | short |\n| configuration | two words and more |\n| b | short |\n| c | short |\n"
    assert lines(head + rows, 26) == [
        "name           what it",
        "               does",
        "─────────────  ───────────",
        "a              short",
        "",
        "configuration  two words",
        "               and more",
        "",
        "b              short",
        "c              short",
    ]


def test_a_table_with_a_word_too_long_for_its_column_becomes_lists() -> None:
    rows = lines("| a | b |\n|---|---|\n| configuration | internationalization |\n", 30)
    assert rows == ["─" * 30, "a: configuration", "b: internationalization"]


def test_a_table_too_wide_for_the_screen_becomes_lists() -> None:
    rows = lines("| a | b | c |\n|---|---|---|\n| one | two | three |\n", 10)
    assert rows == ["─" * 10, "a: one", "b: two", "c: three"]


def test_a_long_table_keeps_the_widths_of_its_first_rows() -> None:
    first = "".join(f"| {n} | text |\n" for n in range(30))
    head = "| n | b |\n|---|---|\n"
    short, long = lines(head + first), lines(head + first + "| 1 | a much wider cell |\n")
    assert long[: len(short)] == short
    assert "".join(long[len(short) :]).split() == ["1", "a", "much", "wider", "cell"]
