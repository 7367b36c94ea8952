"""`srchat ask`: one question, one answer."""

import json
import os
from collections.abc import Sequence
from typing import Annotated, Any

import typer

from srchat.attachments import Attachment
from srchat.cli import options
from srchat.cli.process import Process
from srchat.cli.settings import load_chosen, open_library, open_session, read_settings
from srchat.errors import (
    APIError,
    APIStatusError,
    ConfigError,
    IncompleteAnswerError,
    SrchatError,
    UsageError,
)
from srchat.session.reply_stream import Reply
from srchat.session.session import Session
from srchat.session.turn import Events
from srchat.session.usage import usage_line
from srchat.terminal.code_blocks import CodeWriter
from srchat.terminal.plain import PlainWriter
from srchat.terminal.sanitize import sanitized
from srchat.terminal.streams import is_terminal
from srchat.terminal.tty_modes import unechoed
from srchat.text_input import argument_text, edited, has_data, read_file, read_stdin
from srchat.turn_view import AnswerWriter, open_answer_writer, show_turn

Words = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[PROMPT]...",
        help="Prompt; words are joined with spaces. `-` reads it from stdin.",
        show_default=False,
    ),
]


@options.with_request_options
def ask(
    ctx: typer.Context,
    prompt: Words = None,
    *,
    file: options.Files = None,
    no_stdin: Annotated[bool, typer.Option("--no-stdin", help="Do not read stdin.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
    raw: Annotated[
        bool, typer.Option("--raw", help="Do not render Markdown on a terminal.")
    ] = False,
    code: Annotated[
        bool, typer.Option("-x", "--code", help="Print only the first code block.")
    ] = False,
    code_all: Annotated[
        bool, typer.Option("--code-all", help="Print only the code blocks, all of them.")
    ] = False,
    editor: Annotated[
        bool, typer.Option("-e", "--editor", help="Write the prompt in $VISUAL or $EDITOR.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print the request body without sending it.")
    ] = False,
    profile: options.Profile = None,
    continue_: options.Continue = False,
    conversation: options.ConversationId = None,
    no_save: options.NoSave = False,
    usage: options.ShowUsage = False,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
    **_settings: object,
) -> None:
    """Ask one question and print the answer.

    Piped standard input and files go with the question:

    git diff | srchat ask "write a commit message"
    """
    _check_only_one({"--json": as_json, "--raw": raw, "--code": code, "--code-all": code_all})
    process: Process = ctx.obj
    settings = read_settings(process, ctx.params)
    library = open_library(process)
    session = open_session(process, settings, library, keep=not no_save)
    session.reads_think = not raw
    warn = process.messages.warning
    load_chosen(session, library, conversation, last=continue_, answered=True, warn=warn)
    text = _read(process, session, prompt or [], file or [], no_stdin=no_stdin, editor=editor)
    if dry_run:
        process.stdout.write(json.dumps(session.request(text).to_json(), indent=2) + "\n")
        return
    document = _JSONWriter(process, session) if as_json else None
    try:
        session.check_key()  # before anything is opened or waited for
        if code or code_all:
            _print_code(process, session, session.send(text), only_first=code)
        else:
            writer = document or (PlainWriter(process.stdout) if raw else None)
            _show(process, session, session.send(text), writer)
    except (APIError, ConfigError) as exc:
        if document:
            document.fail(exc)
        raise
    finally:
        if usage and session.reply and session.reply.has_begun:
            process.messages.print(usage_line(session.reply))


def _check_only_one(modes: dict[str, bool]) -> None:
    """Raise UsageError where more than one way of printing is asked for."""
    first, *others = [name for name, is_given in modes.items() if is_given] or [""]
    if others:
        raise UsageError(f"{first} cannot be combined with {others[0]}")


def _show(process: Process, session: Session, events: Events, writer: AnswerWriter | None) -> None:
    """Show the answer through `writer`, else as standard output can."""
    theme = session.config.code_theme
    with unechoed(process.stdout.fd):
        show_turn(
            session,
            events,
            process.messages,
            lambda: (
                writer
                or open_answer_writer(process.stdout, theme, lambda: session.signum is not None)
            ),
        )


def _read(
    process: Process,
    session: Session,
    words: Sequence[str],
    files: Sequence[str],
    *,
    no_stdin: bool,
    editor: bool,
) -> str:
    """Return the prompt, and attach files and standard input to the session."""
    attachments = [read_file(path) for path in files]
    if files and words and os.path.isfile(words[0]):  # noqa: PTH113 - Path's own fails for a long prompt
        # A shell makes many words of -f *.py, and the option takes the first.
        process.messages.warning(
            f"{words[0]} was read as prompt text", hint="repeat -f for each file"
        )
    text = argument_text(" ".join(words))
    if text == "-":
        text = _stdin(process, patient=True).text
    elif not no_stdin and _has_input(process, session):
        is_needed = session.template.takes_input if session.template else not text
        piped = _stdin(process, patient=is_needed and not files)
        if piped.text:
            attachments.append(piped)
    if editor:
        text = edited(text, process.environ)
    is_empty = not text.strip() and not any(each.text.strip() for each in attachments)
    if is_empty and not session.template:
        raise UsageError(
            "no prompt",
            hint='give one: srchat ask "why is the sky blue?", or pipe one in',
        )
    session.attachments = attachments
    return text


def _has_input(process: Process, session: Session) -> bool:
    """Tell whether standard input is to be read: a template that does not need it never waits."""
    if is_terminal(process.stdin_fd):
        return False
    template = session.template
    return template is None or template.takes_input or has_data(process.stdin_fd)


def _stdin(process: Process, *, patient: bool) -> Attachment:
    def waiting() -> None:
        process.messages.info("waiting for standard input (close it, or use --no-stdin)")

    return read_stdin(process.stdin_fd, None if patient else waiting)


class _JSONWriter:
    """Prints one document when the answer has ended, or when the request has failed."""

    def __init__(self, process: Process, session: Session) -> None:
        self._process = process
        self._session = session
        self._is_printed = False

    def write(self, text: str) -> None:
        """Ignore a piece; the session keeps it."""

    def redraw(self) -> None:
        """Do nothing."""

    def show_status(self, text: str) -> bool:  # noqa: ARG002 - of the protocol
        """Show nothing: only the answer is written."""
        return False

    def close(self) -> None:
        """Print the document of an answer, complete or not."""
        session = self._session
        if session.reply and (session.reply.text or not session.error):
            self._print({"message": session.error} if session.error else None)

    def fail(self, exc: SrchatError) -> None:
        """Print the document of a failure, unless that of an answer has been printed."""
        status = exc.status if isinstance(exc, APIStatusError) else None
        kind = exc.type or exc.code if isinstance(exc, APIStatusError) else ""
        message = self._process.messages.redact(exc.message)
        self._print({"message": message, "type": kind or None, "status": status})

    def _print(self, error: dict[str, Any] | None) -> None:
        if self._is_printed:
            return
        self._is_printed = True
        session = self._session
        reply = session.reply or Reply(session.config.model)
        document = {
            "conversation": session.stored_id,
            "model": reply.model,
            "content": reply.content,
            "reasoning": str(reply.reasoning) or None,
            "finish_reason": reply.finish_reason or None,
            "usage": reply.usage.to_json() if reply.usage else None,
            "seconds": round(reply.ended_at - reply.asked_at, 3) if reply.ended_at else None,
            "complete": reply.complete,
            "error": error and {"message": "", "type": None, "status": None} | error,
        }
        # Escaped to ASCII: exact for every text, and inert on a terminal.
        self._process.stdout.write(json.dumps(document, indent=2) + "\n")


def _print_code(process: Process, session: Session, events: Events, *, only_first: bool) -> None:
    writer = CodeWriter(PlainWriter(process.stdout), only_first=only_first)
    try:
        _show(process, session, events, writer)
    finally:
        if session.reply and session.reply.text and not writer.count:
            # Not on standard output, where code is expected; and not lost either.
            process.messages.write_raw(sanitized(session.reply.content).rstrip("\n") + "\n")
    if writer.count > 1 and only_first:
        process.messages.warning(
            f"printed the first of {writer.count} code blocks", hint="--code-all prints all of them"
        )
    if not writer.count:
        raise IncompleteAnswerError("the answer has no code block; its text is above")
