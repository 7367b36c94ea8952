"""What was asked last in a conversation, and what came of it. Pure.

An answer that broke off and went on is several turns; to the user it is one prompt and one
answer.
"""

from typing import Final, NamedTuple

from srchat.conversation import Conversation, TurnRecord

GO_ON: Final = (
    "Go on with your last answer exactly where it broke off. Repeat nothing of it, "
    "and say nothing about the interruption."
)


class Asked(NamedTuple):
    """A prompt as it is sent. `parent`: the turn it follows."""

    message: str
    title: str
    parent: str | None


def last_asked(conversation: Conversation) -> Asked | None:
    """Return what was asked last in the branch in use, None where nothing was."""
    last = conversation.last_turn
    return _asked(conversation, last) if last else None


def last_typed(conversation: Conversation) -> Asked | None:
    """Return the last prompt in the branch in use that the user wrote."""
    typed = (turn for turn in reversed(conversation.branch) if turn.prompt != GO_ON)
    return next((_asked(conversation, turn) for turn in typed), None)


def whole_answer(conversation: Conversation) -> str:
    """Return the newest answer with all that it was continued by; "" where nothing came."""
    parts: list[str] = []
    for turn in reversed(conversation.branch):
        parts.append(turn.reply)
        if turn.prompt != GO_ON:
            break
    return "".join(reversed(parts))


def _asked(conversation: Conversation, turn: TurnRecord) -> Asked:
    return Asked(turn.prompt, conversation.title, turn.parent)
