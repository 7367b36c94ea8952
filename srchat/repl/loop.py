"""The loop: a line is a prompt or a slash command; nothing that fails ends it."""

import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Final, Protocol

from srchat.chat import slash_commands
from srchat.chat.chat import Chat
from srchat.chat.slash_line import line_of, message_of
from srchat.conversation import Conversation
from srchat.errors import (
    APIError,
    ClosedPipeError,
    ExitCode,
    Interrupted,
    OutputError,
    SrchatError,
    UsageError,
    with_hint,
)
from srchat.hints import joined
from srchat.interrupts import ctrl_c_only_if
from srchat.output.sanitize import sanitized
from srchat.output.streams import Messages, Output
from srchat.repl.lines import Lines

_LEAVING: Final = ("exit", "quit")  # as in a shell; no question to a model
_ROOMY: Final = 10  # rows of a screen on which blank lines may be spent
_INDENT: Final = "    "  # of a line of help that goes on


class Shelf(Protocol):
    """What slash commands need that the chat itself does not."""

    def models(self) -> list[str]:
        """Ask the server for its models. Raises APIError and its kin."""

    def find(self, words: str) -> list[tuple[str, str]]:
        """Return ids and rows of the stored conversations that words are about."""

    def load(self, id: str) -> Conversation:
        """Return a stored conversation; its model answers from now on."""

    def show_history(self, words: str) -> None:
        """Show stored conversations, or what is found in them."""

    def show_last(self, conversation: Conversation) -> None:
        """Show what a conversation is, and its last prompt and answer."""

    def copy(self, text: str) -> str:
        """Put a text on the clipboard; return how, "" where there is no way."""

    def save(self, path: Path, conversation: Conversation, confirm: Callable[[str], bool]) -> None:
        """Write a conversation into a file; `confirm` is asked before another one is lost."""

    def hint(self, exc: SrchatError) -> str:
        """Return the way out of a failure, "" where none is known."""


class Repl:
    """Runs a chat until its end. `screen`: where everything but answers is shown."""

    def __init__(
        self,
        chat: Chat,
        lines: Lines,
        shelf: Shelf,
        screen: Output,
        messages: Messages,
        *,
        debug: bool = False,
    ) -> None:
        self.chat = chat
        self._lines = lines
        self._shelf = shelf
        self._screen = screen
        self._messages = messages
        self._debug = debug
        self._code = ExitCode.DONE
        self._next: str | None = None
        self._is_over = False
        self._can_be_stopped = False

    def run(self) -> ExitCode:
        """Read and run lines; return the exit code of the last failure of a script.

        Raises Interrupted, and OutputError where nothing can be shown any more.
        """
        is_script = not self._lines.interactive
        with ctrl_c_only_if(lambda: self._can_be_stopped or is_script):
            while not self._is_over:
                try:
                    self._round()
                except EOFError:
                    break
                except KeyboardInterrupt:
                    continue
                except Interrupted as exc:
                    # One Ctrl-C too many, while the one before was being told.
                    if not self._is_ctrl_c(exc):
                        raise
            return self._code if is_script else ExitCode.DONE

    # For slash commands: see srchat.chat.host

    def tell(self, text: str) -> None:
        """Show lines of text, which may come from outside."""
        self._screen.write(self._screen.between_words(sanitized(text).rstrip("\n") + "\n"))

    def show_help(self, lines: list[str]) -> None:
        """Show lines of our own."""
        text = "".join(f"{line}\n" for line in lines)
        self._screen.write(self._screen.between_words(text, _INDENT))

    def confirm(self, question: str) -> bool:
        """Ask; nobody can be asked where lines come from a script."""
        if not self._lines.interactive:
            return False
        try:
            return self._lines.ask(f"{question} [y/N]").strip().lower() in ("y", "yes")
        except (EOFError, KeyboardInterrupt):
            return False

    def edit_next(self, text: str) -> None:
        """Let the next line begin as a text that takes the place of the last prompt."""
        if not self._lines.interactive:
            raise UsageError("/edit needs a terminal")
        self._next = text

    def leave(self) -> None:
        """End the chat."""
        self._is_over = True

    def models(self) -> list[str]:
        """Ask the server for its models."""
        return self._shelf.models()

    def show_history(self, words: str) -> None:
        """Show stored conversations, or what is found in them."""
        self._shelf.show_history(words)

    def load(self, which: str) -> None:
        """Go on with a stored conversation, and show its last turn."""
        found = self._shelf.find(which)
        if not found:
            what = f"about {which!r}" if which else "yet"
            raise UsageError(f"no conversation {what}", hint="/history lists them")
        if len(found) == 1 and which:
            chosen: int | None = 0
        elif self._lines.interactive:
            chosen = self._lines.choose([row for _, row in found])
        else:
            raise UsageError("usage: /load ID")
        if chosen is not None:
            conversation = self._shelf.load(found[chosen][0])
            self.chat.take_up(conversation)
            self._shelf.show_last(conversation)

    def copy(self, text: str) -> str:
        """Put a text on the clipboard."""
        return self._shelf.copy(text)

    def write_file(self, path: Path) -> None:
        """Write the conversation into a file, over an old one only when that is wanted."""
        self._shelf.save(path, self.chat.conversation, self.confirm)
        self.tell(f"written to {path}")

    # Inside

    def _round(self) -> None:
        # Only in here may Ctrl-C raise: between two rounds nobody would catch it.
        try:
            self._can_be_stopped = True
            self._step()
        finally:
            self._can_be_stopped = False

    def _step(self) -> None:
        editing, self._next = self._next, None
        try:
            line = self._lines.read(line_of(editing or ""))
        except UsageError as exc:
            self._failed(exc)
            return
        if line.strip():
            self._handle(line, is_edited=editing is not None)

    def _is_ctrl_c(self, exc: Interrupted) -> bool:
        return self._lines.interactive and exc.exit_code == ExitCode.INTERRUPT

    def _handle(self, line: str, *, is_edited: bool) -> None:
        before = self.chat.last
        try:
            self._run(line, is_edited=is_edited)
        except (OutputError, ClosedPipeError):
            raise
        except Interrupted as exc:
            if not self._is_ctrl_c(exc):
                raise
            self._failed(exc, was_asked=self.chat.last is not before)
        except (EOFError, KeyboardInterrupt):
            pass  # a question of the command was left; only at the prompt that ends more
        except SrchatError as exc:
            self._failed(exc, was_asked=self.chat.last is not before)
        except Exception as exc:  # noqa: BLE001 - the chat goes on  # pragma: no cover - our mistake
            self._unexpected(exc)
        notices, self.chat.notices = self.chat.notices, []
        for notice in notices:
            self._messages.notice(notice)
        if self._lines.interactive and self._screen.size().lines >= _ROOMY:
            self._screen.write("\n")

    def _run(self, line: str, *, is_edited: bool) -> None:
        message = message_of(line)
        if message is None:
            slash_commands.run(self, line)
        elif self._lines.interactive and message.strip() in _LEAVING:
            self.leave()
        elif is_edited:
            self.chat.send_edited(message)
        else:
            self.chat.send(message)

    def _failed(self, exc: SrchatError | Interrupted, *, was_asked: bool = False) -> None:
        self._code = exc.exit_code
        hint = exc.hint or (self._looked_up(exc) if isinstance(exc, SrchatError) else "")
        if was_asked and isinstance(exc, APIError | Interrupted) and self._lines.interactive:
            hint = joined(hint, self._way_on())
        self._messages.tell(with_hint(exc.message, hint))

    def _looked_up(self, exc: SrchatError) -> str:
        try:
            return self._shelf.hint(exc)
        except Interrupted as stop:  # it may ask the server; the failure is told all the same
            if not self._is_ctrl_c(stop):
                raise
            return ""

    def _way_on(self) -> str:
        last = self.chat.last_turn
        if self.chat.failed or (last and not last.reply):
            return "/retry asks again"
        if last and not last.complete:
            return "/continue goes on, /retry asks again"
        return ""  # pragma: no cover - Ctrl-C in the moment after an answer

    def _unexpected(self, exc: Exception) -> None:  # pragma: no cover - our mistake
        self._code = ExitCode.UNEXPECTED
        way = "please report it" if self._debug else "SRCHAT_DEBUG=1 shows where; please report it"
        self._messages.tell(f"unexpected {type(exc).__name__}: {exc} ({way})")
        for line in traceback.format_exception(exc) if self._debug else ():
            self._messages.tell(line)
