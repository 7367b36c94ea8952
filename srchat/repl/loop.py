"""The loop of a chat, which sends prompts and runs slash commands. Failures do not end it."""

import traceback
from typing import Final

from srchat.errors import (
    APIError,
    ClosedPipeError,
    ConfigError,
    ExitCode,
    Interrupted,
    OutputError,
    SrchatError,
    UsageError,
)
from srchat.repl import slash_commands
from srchat.repl.file_commands import with_files
from srchat.repl.mentions import with_mentions_escaped
from srchat.repl.slash_syntax import line_of, message_of
from srchat.repl.terminal import Chat
from srchat.session.hints import joined
from srchat.signals import ctrl_c_only_if

_LEAVING: Final = ("exit", "quit")  # as in a shell; not sent to a model
_MIN_ROWS_FOR_BLANKS: Final = 10  # rows; smaller screens get no blank lines


class Repl:
    """Runs a chat until its end. `first`: a prompt to send before reading any."""

    def __init__(self, chat: Chat, *, first: str = "", debug: bool = False) -> None:
        self._chat = chat
        self._session = chat.session
        self._terminal = chat.terminal
        self._lines = chat.terminal.lines
        self._messages = chat.terminal.messages
        self._debug = debug
        self._code = ExitCode.DONE
        self._can_be_stopped = False
        self._first = first
        self._refused_edit = ""

    def run(self) -> ExitCode:
        """Read and run lines. Return the exit code: of a script, that of its last failure.

        Raises Interrupted, and OutputError if the output cannot be written.
        """
        is_script = not self._lines.interactive
        with ctrl_c_only_if(lambda: self._can_be_stopped or is_script):
            while not self._terminal.is_over:
                try:
                    self._round()
                except EOFError:
                    break
                except KeyboardInterrupt:
                    continue
                except Interrupted as exc:
                    # A second Ctrl-C while the first one was being reported.
                    if not self._is_ctrl_c(exc):
                        raise
            # However the chat was left, the next message is set apart.
            self._messages.is_after_answer = self._has_blanks and self._messages.shares_screen
            return self._code if is_script else ExitCode.DONE

    def _round(self) -> None:
        # Ctrl-C may raise only inside this block; elsewhere it would not be caught.
        try:
            self._can_be_stopped = True
            self._step()
        finally:
            self._can_be_stopped = False

    def _step(self) -> None:
        editing, self._terminal.next_line = self._terminal.next_line, None
        refused, self._refused_edit = self._refused_edit, ""
        self._messages.is_after_answer = False
        self._chat.library.close()  # a chat may stay at its prompt for weeks
        if self._first:
            line, self._first = self._line_of(self._first), ""
            if self._lines.interactive:
                self._terminal.show_prompt(line)
            self._handle(line, is_edited=False)
            return
        try:
            line = self._lines.read(refused or (self._line_of(editing) if editing else ""))
        except UsageError as exc:
            self._failed(exc)
            return
        if line.strip():
            self._handle(line, is_edited=editing is not None or bool(refused))

    def _line_of(self, message: str) -> str:
        """Return the line to type to send a message without attaching the files it mentions."""
        line = line_of(message)
        return with_mentions_escaped(line) if self._lines.interactive else line

    @property
    def _has_blanks(self) -> bool:
        rows = self._terminal.screen.size().lines
        return self._lines.interactive and rows >= _MIN_ROWS_FOR_BLANKS

    def _is_ctrl_c(self, exc: Interrupted) -> bool:
        return self._lines.interactive and exc.exit_code == ExitCode.INTERRUPT

    def _handle(self, line: str, *, is_edited: bool) -> None:
        before, refused = self._terminal.turns, False
        try:
            self._run(line, is_edited=is_edited)
        except (OutputError, ClosedPipeError):
            raise
        except Interrupted as exc:
            if not self._is_ctrl_c(exc):
                raise
            self._failed(exc, was_asked=self._terminal.turns > before)
        except (EOFError, KeyboardInterrupt):
            pass  # cancels a question of the command; only at the prompt it ends the chat
        except SrchatError as exc:
            refused = isinstance(exc, UsageError | ConfigError)
            if refused and is_edited and message_of(line) is not None:
                self._refused_edit = line  # shown at the next prompt
            self._failed(exc, was_asked=self._terminal.turns > before)
        except Exception as exc:  # noqa: BLE001 - the chat goes on  # pragma: no cover - a bug
            self._unexpected(exc)
        self._lines.settle(line, refused=refused)
        if self._has_blanks and not self._terminal.is_over:
            self._terminal.screen.write("\n")

    def _run(self, line: str, *, is_edited: bool) -> None:
        message = message_of(line)
        if message is None:
            slash_commands.run(self._chat, line)
        elif self._lines.interactive and message.strip() in _LEAVING:
            self._terminal.is_over = True
        elif is_edited:
            message = with_files(self._chat, message, self._session.last_typed.names)
            self._terminal.show_turn(self._session, self._session.edit(message))
        else:
            message = with_files(self._chat, message)
            self._terminal.show_turn(self._session, self._session.send(message))

    def _failed(self, exc: SrchatError | Interrupted, *, was_asked: bool = False) -> None:
        self._code = exc.exit_code
        hint = exc.hint
        if was_asked and isinstance(exc, APIError | Interrupted) and self._lines.interactive:
            hint = joined(hint, self._way_on())
        if isinstance(exc, Interrupted):
            self._messages.print(exc.message, hint)
        else:
            self._messages.error(exc.message, hint)

    def _way_on(self) -> str:
        last = self._session.conversation.last_turn
        if self._session.failed or (last and not last.reply):
            return "/retry to send it again"
        if last and not last.complete:
            return "/continue to go on, /retry to send it again"
        return ""  # pragma: no cover - Ctrl-C just after the end of an answer

    def _unexpected(self, exc: Exception) -> None:  # pragma: no cover - a bug
        self._code = ExitCode.UNEXPECTED
        for line in traceback.format_exception(exc) if self._debug else ():
            self._messages.print(line)
        self._messages.error(
            f"unexpected {type(exc).__name__}: {exc}",
            "please report it with the traceback, which SRCHAT_DEBUG=1 prints",
        )
