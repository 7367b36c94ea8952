"""The terminal of a chat: reads lines, and shows messages and turns."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from srchat.conversation import Conversation
from srchat.errors import UsageError
from srchat.history_rows import incomplete_row
from srchat.library import Library
from srchat.repl.lines import Lines, show_prompt
from srchat.session.session import Session
from srchat.session.turn import Events
from srchat.session.usage import usage_line
from srchat.terminal.sanitize import one_line, sanitized
from srchat.terminal.streams import Messages, Output
from srchat.terminal.tty_modes import unechoed
from srchat.turn_view import open_answer_writer, show_turn, write_answer


@dataclass
class Terminal:
    """The input and output of a chat.

    `screen`: where everything except answers is shown.
    `stdout`: where answers are written.
    `holds_input`: the caller holds back keys typed between prompts.
    `next_line`: the initial text of the next line, which replaces the last prompt.
    `turns`: the number of turns shown so far.
    """

    lines: Lines
    screen: Output
    stdout: Output
    stdin_fd: int
    messages: Messages
    environ: Mapping[str, str]
    shows_usage: bool = False
    holds_input: bool = False
    next_line: str | None = None
    is_over: bool = False
    turns: int = 0

    def tell(self, text: str) -> None:
        """Show untrusted text, sanitized."""
        self.screen.write(self.screen.between_words(sanitized(text).rstrip("\n") + "\n"))

    def show_help(self, lines: Sequence[str], indent: str) -> None:
        """Show trusted lines. `indent`: put before the continuation of a wrapped line."""
        text = "".join(f"{line}\n" for line in lines)
        self.screen.write(self.screen.between_words(text, indent))

    def show_prompt(self, text: str) -> None:
        """Show a prompt that was not typed here, in the style of typed ones."""
        show_prompt(self.screen, text)

    def confirm(self, question: str) -> bool:
        """Ask a yes-or-no question. The answer is no if there is no user to ask."""
        if not self.lines.interactive:
            return False
        try:
            return self.lines.ask(f"{question} [y/N]").strip().lower() in ("y", "yes")
        except (EOFError, KeyboardInterrupt):
            return False

    def edit_next(self, text: str) -> None:
        """Make `text` the initial text of the next line, which replaces the last prompt.

        Raises UsageError in a script.
        """
        if not self.lines.interactive:
            raise UsageError("/edit needs a terminal")
        self.next_line = text

    def show_turn(self, session: Session, events: Events) -> None:
        """Show a turn of the session. Raises what its events raise."""
        self.turns += 1
        if self.lines.interactive and self.stdout.is_terminal:
            self.stdout.write("\n")
        try:
            if self.lines.interactive and not self.holds_input:
                with unechoed(self.stdin_fd):  # the terminal driver keeps editing lines
                    self._show_turn(session, events)
            else:
                self._show_turn(session, events)
        finally:
            if self.shows_usage and session.reply and session.reply.has_begun:
                self.messages.print(usage_line(session.reply))

    def _show_turn(self, session: Session, events: Events) -> None:
        theme = session.config.code_theme
        show_turn(
            session,
            events,
            self.messages,
            lambda: open_answer_writer(self.stdout, theme, lambda: session.signum is not None),
        )

    def show_last(self, conversation: Conversation, code_theme: str) -> None:
        """Show the title and size of a conversation, and its last prompt and answer."""
        turns, kept = conversation.branch, len(conversation.turns)
        of_all = f" of {kept}" if kept > len(turns) else ""  # the number shown in lists
        count = f"{len(turns)}{of_all} turn{'s' if kept != 1 else ''}"
        title = one_line(conversation.title, 60) or "(no title)"
        self.screen.write(f"{title} ({one_line(conversation.id)}, {count})\n")
        if not (typed := conversation.last_typed):
            return
        self.screen.write("\n")
        self.show_prompt(typed.message.brief)
        self.screen.write("\n")
        if (answer := conversation.answer) and self.stdout.is_terminal:
            write_answer(self.stdout, answer, code_theme)
        self.screen.write(incomplete_row(turns[-1]))


class Chat(NamedTuple):
    """The context of a slash command."""

    session: Session
    terminal: Terminal
    library: Library
