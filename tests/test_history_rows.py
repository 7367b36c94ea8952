"""Stored conversations and search hits as lines."""

import contextlib
import itertools

import pytest

from srchat.conversation import Conversation, TurnRecord
from srchat.history.store import ConversationStore
from srchat.history.summaries import Summary
from srchat.history_rows import local_time, summary_rows
from srchat.terminal.word_wrap import width_of
from tests.conftest import Srchat
from tests.support.pseudo_terminal import TerminalSession
from tests.support.stored import on_terminal, store_conversation


def test_a_list_on_a_terminal_keeps_to_its_width(srchat: Srchat) -> None:
    store_conversation(srchat, "aaaa1111", ("日本語" * 50, "r"))
    with on_terminal(srchat, "list") as session:
        assert session.wait() == 0
        assert len(session.lines) == 1


def test_search_marks_its_hits_on_a_terminal(srchat: Srchat) -> None:
    store_conversation(srchat, "aaaa1111", ("about cats", "miaow \x1b[2J"))
    with on_terminal(srchat, "search", "miaow") as session:
        assert session.wait() == 0
        assert b"\x1b[1mmiaow\x1b[0m \\x1b[2J" in session.raw


def test_the_mark_of_a_hit_in_a_word_longer_than_a_row_is_whole(srchat: Srchat) -> None:
    store_conversation(srchat, "aaaa1111", ("q", "a" * 100 + "+" * 14 + "b" * 100))
    with on_terminal(srchat, "search", "+" * 14) as session:
        assert session.wait() == 0
        assert (session.raw.count(b"\x1b[1m"), session.raw.count(b"\x1b[0m")) == (1, 1)


def test_a_text_with_a_hit_mark_does_not_change_the_terminal(srchat: Srchat) -> None:
    store_conversation(srchat, "aaaa1111", ("q", "some \ufdd0 words"))
    with on_terminal(srchat, "search", "words") as session:
        assert session.wait() == 0
        assert session.raw.count(b"\x1b[1m") == session.raw.count(b"\x1b[0m")


@pytest.mark.parametrize("seconds", [1e300, float("inf"), float("nan")])
def test_an_invalid_time_is_shown_as_a_question_mark(seconds: float) -> None:
    assert local_time(seconds) == "?"


@pytest.mark.parametrize(("columns", "shown"), [(40, 25), (50, 24), (60, 24), (80, 32), (100, 40)])
def test_on_a_narrow_terminal_the_title_has_most_of_the_row(
    srchat: Srchat, columns: int, shown: int
) -> None:
    with contextlib.closing(ConversationStore(srchat.history)) as store:
        title = "a title that goes on and on " * 5
        conversation = Conversation("0123456789ab", title=title)
        store.add_turn(conversation, TurnRecord("t1", "hi", reply="x", model="m" * 40))
    with TerminalSession(srchat.command("history", "list"), srchat.env, columns) as session:
        assert session.wait() == 0
    (line,) = session.lines
    assert line.endswith("…")
    assert len(line) < columns
    assert line.count("…") == (2 if columns >= 60 else 1)
    assert title[:shown] in line
    assert line.startswith("012345")


def summary(model: str, title: str, turns: int = 1, *, complete: bool = True) -> Summary:
    return Summary(
        id="0123456789ab", title=title, created_at=0, used_at=0,
        turns=turns, model=model, complete=complete,
    )  # fmt: skip


@pytest.mark.parametrize("columns", [1, 20, 40, 50, 60, 80, 120])
def test_the_titles_of_a_list_stand_in_one_column(columns: int) -> None:
    models = ("", "qwen3-4b", "通义千问模型", "a-model-with-a-very-long-name-indeed")
    items = [summary(model, f"@{model}", turns) for turns, model in enumerate(models, 9)]
    rows = list(summary_rows([*items, summary("m", "@", 120, complete=False)], columns))
    assert all(width_of(row.rstrip("\n")) < max(columns, 2) for row in rows)
    if columns >= 40:
        assert len({width_of(row[: row.index("@")]) for row in rows}) == 1


def test_the_model_has_the_columns_that_the_list_needs() -> None:
    (row,) = summary_rows([summary("m", "t" * 99)], 80)
    assert row == f"01234567  {local_time(0)}  m  1  {'t' * 44}…\n"
    (row,) = summary_rows([summary("", "title")], 80)
    assert row == f"01234567  {local_time(0)}  1  title\n"


def test_a_long_list_begins_before_its_end_is_read() -> None:
    endless = (summary("m", str(number)) for number in itertools.count())
    rows = summary_rows(endless, 80)
    assert [next(rows).split()[-1] for _ in range(300)] == list(map(str, range(300)))
