"""Which prompts retry, continue, edit and undo refer to."""

import pytest

from srchat.attachments import UserMessage
from srchat.conversation import CONTINUE_PROMPT, Conversation, TurnRecord
from srchat.errors import UsageError
from srchat.session.prompts import Prompt, continuation, last_prompt, last_typed, undone

ONE = TurnRecord(id="1", prompt="one", parent=None, reply="1", finish_reason="length")
TWO = TurnRecord(id="2", prompt=CONTINUE_PROMPT, parent="1", reply="2", complete=True)
EMPTY = Conversation("c")
CUT = EMPTY.with_turn(ONE)
WHOLE = CUT.with_turn(TWO)
FAILED = Prompt(UserMessage("three"), "three", "2")


def texts(messages: list[UserMessage]) -> list[str]:
    return [message.text for message in messages]


def test_a_failed_prompt_is_the_last() -> None:
    assert last_prompt(WHOLE, FAILED) is last_typed(WHOLE, FAILED) is FAILED
    assert continuation(WHOLE, FAILED) is FAILED


def test_a_continuation_is_not_typed() -> None:
    assert last_prompt(WHOLE, None).message.text == CONTINUE_PROMPT
    assert last_typed(WHOLE, None) == Prompt(UserMessage("one"), "one", None)


def test_only_an_incomplete_answer_can_be_continued() -> None:
    assert continuation(CUT, None) == Prompt(UserMessage(CONTINUE_PROMPT), CONTINUE_PROMPT, "1")
    with pytest.raises(UsageError, match="complete"):
        continuation(WHOLE, None)


@pytest.mark.parametrize(
    ("failed", "count", "prompts", "head"),
    [
        (None, 1, [CONTINUE_PROMPT], "1"),
        (None, 2, [CONTINUE_PROMPT, "one"], None),
        (FAILED, 1, ["three"], "2"),
        (FAILED, 2, ["three", CONTINUE_PROMPT], "1"),
    ],
)
def test_undo_counts_a_failed_prompt(
    failed: Prompt | None, count: int, prompts: list[str], head: str | None
) -> None:
    undone_messages, new_head = undone(WHOLE, failed, count)
    assert (texts(undone_messages), new_head) == (prompts, head)


@pytest.mark.parametrize(
    ("conversation", "message"),
    [(EMPTY, "nothing to undo"), (CUT, "only 1 prompt to undo"), (WHOLE, "only 2 prompts to undo")],
)
def test_undo_of_too_many(conversation: Conversation, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        undone(conversation, None, 3)
    with pytest.raises(UsageError, match="no prompt"):
        last_prompt(EMPTY, None)
