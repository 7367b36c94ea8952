"""Tokens, time and speed of answers. Pure."""

from typing import Final

from srchat.plural import counted
from srchat.session.reply import Reply

_MIN_STREAMING: Final = 0.1  # seconds; the speed of less depends on when it was read


class Totals:
    """The number of turns in a session, and the tokens that the server counted for them."""

    def __init__(self) -> None:
        self.turns = 0
        self.prompt_tokens = 0
        self.completion_tokens = 0

    def add(self, reply: Reply) -> None:
        """Add a turn."""
        self.turns += 1
        if reply.usage:
            self.prompt_tokens += reply.usage.prompt_tokens
            self.completion_tokens += reply.usage.completion_tokens

    def __str__(self) -> str:
        """Return the totals in words."""
        turns = counted(self.turns, "turn")
        return f"{turns}, {self.prompt_tokens} tokens in, {self.completion_tokens} out"


def usage_line(reply: Reply) -> str:
    """Return model, tokens, time and speed of an answer, as far as they are known."""
    seconds = reply.ended_at - reply.asked_at
    parts = [reply.model]
    if reply.usage:
        parts.append(f"{reply.usage.prompt_tokens} tokens in, {reply.usage.completion_tokens} out")
    else:
        parts.append("no token counts from the server")
    parts.append(f"{seconds:.1f} s")
    if reply.first_at:
        parts.append(f"first token after {reply.first_at - reply.asked_at:.1f} s")
    streaming = reply.ended_at - reply.first_at
    is_measured = bool(reply.first_at) and streaming >= _MIN_STREAMING
    if reply.usage and is_measured and reply.usage.completion_tokens > 1:
        parts.append(f"{reply.usage.completion_tokens / streaming:.0f} tokens/s")
    if reply.cost is not None:
        parts.append(f"${reply.cost:.6f}")
    if reply.rate_limit:
        parts.append(str(reply.rate_limit))
    return ", ".join(parts)
