"""`srchat ask`: one question, one answer."""

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from srchat.attachments import Attachment
from srchat.cli import options
from srchat.cli.ask_output import AskOutput, Failure, open_output
from srchat.cli.process import Process
from srchat.cli.settings import continue_chosen, open_library, open_session, read_settings
from srchat.errors import ClosedPipeError, Interrupted, OutputError, SrchatError, UsageError
from srchat.session.session import Session
from srchat.session.turn import Events
from srchat.terminal.streams import is_terminal
from srchat.terminal.tty_modes import unechoed
from srchat.text_input import argument_text, edited, has_data, read_file, read_stdin
from srchat.turn_view import show_turn

if TYPE_CHECKING:
    from srchat.schema import Schema

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
    events: Annotated[
        bool, typer.Option("--events", help="Print a line of JSON for each event.")
    ] = False,
    raw: Annotated[
        bool, typer.Option("--raw", help="Do not render Markdown on a terminal.")
    ] = False,
    code: Annotated[
        bool, typer.Option("-x", "--code", help="Print only the first code block.")
    ] = False,
    code_all: Annotated[
        bool, typer.Option("--code-all", help="Print only the code blocks, all of them.")
    ] = False,
    output_file: Annotated[
        str | None,
        typer.Option("-o", "--output", metavar="FILE", help="Write the answer to FILE as well."),
    ] = None,
    schema: Annotated[
        str | None,
        typer.Option(
            "--schema",
            metavar="SCHEMA",
            help="Print JSON that fits a schema: FILE, JSON or fields like 'name, age int'.",
        ),
    ] = None,
    command: Annotated[
        bool, typer.Option("--command", help="Print one command for your shell; it is not run.")
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
    name: options.ConversationName = None,
    no_save: options.NoSave = False,
    usage: options.ShowUsage = False,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
    **_settings: object,
) -> None:
    """Ask one question and print the answer.

    Piped stdin and files are sent with the question:

    git diff | srchat ask "write a commit message"
    """
    mode = _only_one(
        {
            "--json": as_json,
            "--events": events,
            "--raw": raw,
            "-x": code,
            "--code-all": code_all,
            "--schema": schema is not None,
            "--command": command,
        }
    )
    process: Process = ctx.obj
    settings = read_settings(process, ctx.params)
    library = open_library(process)
    session = open_session(process, settings, library, keep=not (no_save or command))
    session.reads_think = not raw
    asked = _ask_for_json(session, schema) if schema is not None else None
    continue_chosen(process, session, library, ctx.params, answered=True)
    text = _read(process, session, prompt or [], file or [], no_stdin=no_stdin, editor=editor)
    if dry_run:
        process.print_json(session.request(text).to_json())
        return
    output = open_output(process, session, mode, output_file, asked)
    try:
        _show(process, session, session.send(text), output)
        if output.follow_up:
            _show(process, session, session.send(output.follow_up), output)
    finally:
        if usage and session.reply and session.reply.has_begun:
            from srchat.session.usage import usage_line  # noqa: PLC0415 - only for --usage

            process.messages.print(usage_line(session.reply))


def _only_one(modes: dict[str, bool]) -> str:
    """Return the option that selects the output, "" if none. Raises UsageError for several."""
    first, *others = [name for name, is_given in modes.items() if is_given] or [""]
    if others:
        raise UsageError(f"{first} cannot be combined with {others[0]}")
    return first


def _ask_for_json(session: Session, text: str) -> "Schema":
    """Request JSON that fits the schema of `--schema`, and return the schema."""
    from srchat.schema import read_schema, response_format  # noqa: PLC0415 - few answers are JSON

    schema = read_schema(text)
    params = session.config.params or {}
    session.change(params={**params, "response_format": response_format(schema)})
    return schema


def _show(process: Process, session: Session, events: Events, output: AskOutput) -> None:
    """Display the turn, and end the output however the turn ends."""
    failure: Failure | None = None
    try:
        session.check_key()  # before anything is opened or read
        with unechoed(process.stdout.fd):
            show_turn(session, events, process.messages, output.open_writer, output.take)
    except (OutputError, ClosedPipeError):
        raise
    except (SrchatError, Interrupted) as exc:
        failure = exc
    try:
        output.end(failure)
    except OutputError:
        if not isinstance(failure, Interrupted):  # the terminal may have been closed
            raise
    if failure:
        raise failure


def _read(
    process: Process,
    session: Session,
    words: Sequence[str],
    files: Sequence[str],
    *,
    no_stdin: bool,
    editor: bool,
) -> str:
    """Return the prompt, and attach files and stdin to the session."""
    attachments = [read_file(path) for path in files]
    if files and words and os.path.isfile(words[0]):  # noqa: PTH113 - Path.is_file raises for a long prompt
        # A shell expands -f *.py to several words, of which the option takes one.
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
    """Tell whether to read stdin. A template without `{input}` does not wait for it."""
    if is_terminal(process.stdin_fd):
        return False
    template = session.template
    return template is None or template.takes_input or has_data(process.stdin_fd)


def _stdin(process: Process, *, patient: bool) -> Attachment:
    def waiting() -> None:
        process.messages.info("waiting for standard input (close it, or use --no-stdin)")

    return read_stdin(process.stdin_fd, None if patient else waiting)
