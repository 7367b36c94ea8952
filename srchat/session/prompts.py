"""The prompts that retry, continue, edit and undo refer to. Pure.

`failed` is a prompt without an answer, which is in no turn of the branch; None if there is none.
"""

from typing import NamedTuple

from srchat.attachments import UserMessage
from srchat.conversation import CONTINUE_PROMPT, Conversation, TurnRecord
from srchat.errors import UsageError
from srchat.plural import counted


class Prompt(NamedTuple):
    """A prompt as it is sent.

    `title`: the title of a conversation that starts with it. `parent`: the id of the turn that
    it follows.
    """

    message: UserMessage
    title: str
    parent: str | None


def last_prompt(conversation: Conversation, failed: Prompt | None) -> Prompt:
    """Return the last prompt sent. Raises UsageError if there is none."""
    return failed or _prompt_of(conversation.last_turn, conversation)


def last_typed(conversation: Conversation, failed: Prompt | None) -> Prompt:
    """Return the last prompt that the user wrote. Raises UsageError if there is none."""
    if failed and failed.message.text != CONTINUE_PROMPT:
        return failed
    return _prompt_of(conversation.last_typed, conversation)


def continuation(conversation: Conversation, failed: Prompt | None) -> Prompt:
    """Return the prompt that continues the last answer, or the last prompt if it has no answer.

    Raises UsageError if the answer is complete or there is no prompt.
    """
    last = conversation.last_turn
    if failed or last is None or not last.messages():
        return last_prompt(conversation, failed)
    if last.is_whole:
        raise UsageError("the last answer is complete", hint="ask for more in your own words")
    return Prompt(UserMessage(CONTINUE_PROMPT), CONTINUE_PROMPT, conversation.head)


def undone(
    conversation: Conversation, failed: Prompt | None, count: int
) -> tuple[list[UserMessage], str | None]:
    """Return the last `count` prompts, newest first, and the head without them.

    A failed prompt counts. Raises UsageError if there are fewer.
    """
    branch = conversation.branch
    unanswered = [failed.message] if failed else []
    steps = count - len(unanswered)
    if not 0 <= steps <= len(branch):
        raise UsageError(_too_few(len(branch) + len(unanswered)))
    if not steps:
        return unanswered, conversation.head
    turns = branch[-steps:]
    return unanswered + [turn.message for turn in reversed(turns)], turns[0].parent


def _prompt_of(turn: TurnRecord | None, conversation: Conversation) -> Prompt:
    if turn is None:
        raise UsageError("no prompt to retry")
    return Prompt(turn.message, conversation.title, turn.parent)


def _too_few(count: int) -> str:
    if not count:
        return "nothing to undo"
    return f"only {counted(count, 'prompt')} to undo"
