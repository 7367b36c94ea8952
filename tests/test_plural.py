"""Numbers with their nouns."""

from srchat.plural import counted


def test_one_thing_is_singular() -> None:
    assert [counted(count, "turn") for count in (0, 1, 2, 2000)] == [
        "0 turns",
        "1 turn",
        "2 turns",
        "2,000 turns",
    ]
