"""What was asked and answered since a chat began."""

from dataclasses import dataclass

from srchat.turn import Reply


@dataclass
class Totals:
    """Turns, and the tokens of those that the server counted."""

    turns: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0

    def add(self, reply: Reply) -> None:
        """Count a turn."""
        self.turns += 1
        if reply.usage:
            self.prompt_tokens += reply.usage.prompt_tokens
            self.completion_tokens += reply.usage.completion_tokens

    def __str__(self) -> str:
        """Return them in words."""
        turns = "1 turn" if self.turns == 1 else f"{self.turns} turns"
        return f"{turns}, {self.prompt_tokens} tokens in, {self.completion_tokens} out"
