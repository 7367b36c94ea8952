"""What a chat's slash commands need from whatever shows texts, asks questions and reads lines."""

from pathlib import Path
from typing import Protocol

from srchat.chat.chat import Chat


class Host(Protocol):
    """Where commands are run."""

    chat: Chat

    def tell(self, text: str) -> None:
        """Show lines of text, which may come from outside."""

    def show_help(self, lines: list[str]) -> None:
        """Show lines of our own."""

    def confirm(self, question: str) -> bool:
        """Ask; where nobody can be asked, the answer is no."""

    def edit_next(self, text: str) -> None:
        """Let the next line begin as a text that takes the place of the last prompt."""

    def leave(self) -> None:
        """End the chat."""

    def models(self) -> list[str]:
        """Ask the server for its models. Raises APIError and its kin."""

    def show_history(self, words: str) -> None:
        """Show stored conversations, or what is found in them."""

    def load(self, which: str) -> None:
        """Go on with a stored conversation: by id, by words of its title, or by choice."""

    def copy(self, text: str) -> str:
        """Put a text on the clipboard; return how, "" where there is no way."""

    def write_file(self, path: Path) -> None:
        """Write the conversation into a file. Raises UsageError."""
