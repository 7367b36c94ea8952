"""A conversation: its turns, and the messages array fitted to a context window. Pure.

Turns form a tree: each has a parent, so that a turn that was retried, edited or undone is kept. The
current branch leads from the first turn to `head`.
"""

from collections.abc import Mapping
from typing import Final, NamedTuple

from srchat.api.models import Message, Usage
from srchat.attachments import UserMessage
from srchat.tokens import (
    SAFETY_FACTOR,
    TEMPLATE_TOKENS,
    TurnSize,
    answer_room,
    calibrated,
    estimate,
    fitting,
    must_report,
    tokens_per_estimate,
    turns_sent,
)

CONTINUE_PROMPT: Final = (
    "Go on with your last answer exactly where it broke off. Repeat nothing of it, "
    "and say nothing about the interruption."
)


class TurnRecord(NamedTuple):
    """A prompt and its reply. Times are Unix seconds, None for not yet.

    `reason`: why the reply is incomplete, "" if it is complete.
    `model`: the requested model. `served_model`: the model that answered.
    `estimated_tokens`: `estimate` of the messages that were sent.
    `attachments`, `words_at`: see UserMessage.
    `reasoning`: what the model sent in addition to the reply.
    `parameters`: of the request, without model, messages and stream.
    """

    id: str
    prompt: str
    parent: str | None = None
    reply: str = ""
    complete: bool = False
    reason: str = ""
    finish_reason: str = ""
    base_url: str = ""
    model: str = ""
    served_model: str = ""
    usage: Usage | None = None
    estimated_tokens: int = 0
    asked_at: float = 0.0
    first_at: float | None = None
    ended_at: float | None = None
    attachments: tuple[str, ...] = ()
    words_at: int = 0
    reasoning: str = ""
    parameters: Mapping[str, object] = {}

    @property
    def message(self) -> UserMessage:
        """The prompt with the names of its attachments."""
        return UserMessage(self.prompt, self.attachments, self.words_at)

    @property
    def is_whole(self) -> bool:
        """Tell whether the model ended the answer itself, rather than at `max_tokens`."""
        return self.complete and self.finish_reason != "length"

    def messages(self) -> list[Message]:
        """Return the messages of this turn in later requests, none without a reply.

        A blank reply counts as none: servers reject messages without content.
        """
        if not self.reply.strip():
            return []
        return [Message("user", self.prompt), Message("assistant", self.reply)]


class Fitted(NamedTuple):
    """The messages array to send, the number of oldest turns left out, and its `estimate`."""

    messages: tuple[Message, ...]
    left_out: int
    estimated_tokens: int


class Conversation(NamedTuple):
    """The turns of all branches in chronological order.

    `head`: ID of the last turn of the current branch, None before the first.
    `system`: the system prompt.
    `created_at`, `used_at`: Unix seconds, 0 for not yet.
    `title`: the first line of the first prompt, "" before that.
    """

    id: str
    title: str = ""
    system: str | None = None
    created_at: float = 0.0
    used_at: float = 0.0
    head: str | None = None
    turns: tuple[TurnRecord, ...] = ()

    @property
    def branch(self) -> list[TurnRecord]:
        """The turns from the first to `head`."""
        by_id = {turn.id: turn for turn in self.turns}
        path: list[TurnRecord] = []
        turn = by_id.get(self.head) if self.head else None
        while turn and len(path) < len(self.turns):  # a file edited by hand may contain a cycle
            path.append(turn)
            turn = by_id.get(turn.parent) if turn.parent else None
        return path[::-1]

    @property
    def last_turn(self) -> TurnRecord | None:
        """The last turn of the current branch, None if it is empty."""
        return next((turn for turn in reversed(self.turns) if turn.id == self.head), None)

    @property
    def last_typed(self) -> TurnRecord | None:
        """The last turn of the current branch with a prompt that the user wrote."""
        typed = (turn for turn in reversed(self.branch) if turn.prompt != CONTINUE_PROMPT)
        return next(typed, None)

    @property
    def answer(self) -> str:
        """The newest answer with all its continuations, "" if there is none."""
        parts: list[str] = []
        for turn in reversed(self.branch):
            parts.append(turn.reply)
            if turn.prompt != CONTINUE_PROMPT:
                break
        return "".join(reversed(parts))

    def answering_model(self, base_url: str) -> str | None:
        """Return the model of the last answer, None if another server gave it.

        A model that never answered may be a typo.
        """
        last = next((turn for turn in reversed(self.branch) if turn.reply), None)
        return last.model if last and last.base_url == base_url else None

    @property
    def tokens(self) -> int:
        """The tokens of the current branch, counted by the server or estimated."""
        branch = self.branch
        if branch and branch[-1].usage:
            return branch[-1].usage.total_tokens
        system = [Message("system", self.system)] if self.system else []
        messages = [message for turn in branch for message in turn.messages()]
        return int(estimate([*system, *messages]) * self.factor)

    def with_turn(self, turn: TurnRecord) -> "Conversation":
        """Return the conversation with `turn` as its head, added or replaced by its newer state."""
        known = any(other.id == turn.id for other in self.turns)
        turns = (
            tuple(turn if other.id == turn.id else other for other in self.turns)
            if known
            else (*self.turns, turn)
        )
        title = self.title or title_of(turn.prompt)
        return self._replace(turns=turns, head=turn.id, title=title)

    def fit(
        self,
        prompt: str,
        window: int | None = None,
        max_tokens: int | None = None,
        factor: float = 0.0,
        least_left_out: int = 0,
    ) -> Fitted:
        """Return the messages array for a prompt, fitted to a context window.

        Whole turns are left out, the oldest first, but never the system prompt or `prompt`: the
        array may still be too long.

        `window`: in tokens, None for no limit.
        `max_tokens`: tokens to reserve for the answer.
        `factor`: ratio of counted to estimated tokens, if greater than that of the conversation.
        `least_left_out`: minimum number of turns to leave out.
        """
        first = self._system_messages
        last = [Message("user", prompt)]
        turns = [messages for turn in self.branch if (messages := turn.messages())]
        kept = len(turns)
        if window is not None:
            counted = max(factor, self.factor)
            # Estimates get a safety margin, counts of the server do not.
            per_token = counted if counted == 1.0 else counted / SAFETY_FACTOR
            sizes = self._turn_sizes(per_token)
            rest = estimate(first) * per_token
            rest += estimate(last) * tokens_per_estimate(sizes, per_token)
            room = window - answer_room(window, max_tokens) - rest
            kept = fitting([size.prompt + size.reply for size in sizes], room)
        kept = min(kept, max(0, len(turns) - least_left_out))
        middle = [message for messages in turns[len(turns) - kept :] for message in messages]
        array = (*first, *middle, *last)
        return Fitted(array, len(turns) - kept, estimate(array))

    @property
    def reported_left_out(self) -> int:
        """The number of turns left out when that was last reported, 0 if it never was.

        Follows from the stored size of each request, so that it holds across processes.
        """
        turns = [turn for turn in self.branch if turn.messages()]
        sizes = self._turn_sizes(1.0)
        system = estimate(self._system_messages)
        reported = 0
        for place, turn in enumerate(turns):
            rest = turn.estimated_tokens - system - sizes[place].estimated_prompt
            sent = turns_sent(sizes[:place], rest)
            if sent is not None and must_report(place - len(sent), reported):
                reported = place - len(sent)
        return reported

    def _turn_sizes(self, per_token: float) -> list[TurnSize]:
        """Return the tokens of each answered turn of the branch, counted or estimated.

        A server counts whole requests. The size of a prompt is the count without the system prompt
        and the older turns in the request. `per_token`: ratio of counted to estimated tokens.
        """
        system = estimate(self._system_messages)
        sizes: list[TurnSize] = []
        for turn in self.branch:
            if not (messages := turn.messages()):
                continue
            user, reply = (estimate([message]) for message in messages)
            counted = None
            older = turns_sent(sizes, turn.estimated_tokens - system - user)
            if turn.usage and older is not None:
                rest = sum(size.prompt + size.reply for size in older) + system * per_token
                counted = max(turn.usage.prompt_tokens - rest, 0) or None
            answered = reply * per_token
            if turn.usage and not turn.reasoning:  # else the count includes the reasoning
                answered = turn.usage.completion_tokens + TEMPLATE_TOKENS
            sizes.append(
                TurnSize(
                    prompt=counted or user * per_token,
                    reply=answered,
                    estimated_prompt=user,
                    estimated=user + reply,
                    is_counted=counted is not None,
                )
            )
        return sizes

    @property
    def _system_messages(self) -> list[Message]:
        return [Message("system", self.system)] if self.system and self.system.strip() else []

    @property
    def factor(self) -> float:
        """The ratio of counted to estimated tokens, from the server's last count."""
        for turn in reversed(self.branch):
            if turn.usage and turn.usage.prompt_tokens and turn.estimated_tokens:
                return calibrated(turn.usage.prompt_tokens, turn.estimated_tokens)
        return 1.0


def title_of(prompt: str) -> str:
    """Return the first line of a prompt that is not blank."""
    return next((line.strip()[:200] for line in prompt.splitlines() if line.strip()), "")
