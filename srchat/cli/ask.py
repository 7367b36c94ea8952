"""`srchat ask`: one question, one answer."""

import json
import os
import signal
from collections.abc import Callable, Sequence
from typing import Annotated, Any

import typer

from srchat.cli import options
from srchat.cli.conversations import chosen_conversation, conversation_turn
from srchat.cli.runtime import Runtime
from srchat.conversation_turn import ConversationTurn
from srchat.errors import (
    IncompleteAnswerError,
    Interrupted,
    OutputError,
    SrchatError,
    UsageError,
)
from srchat.interrupts import delivered_to
from srchat.output.code import CodeWriter
from srchat.output.sanitize import sanitized
from srchat.output.streams import is_terminal
from srchat.output.typed_ahead import unechoed
from srchat.prompt import (
    Attachment,
    argument_text,
    edited,
    read_file,
    read_stdin,
    user_message,
)
from srchat.turn import Reply
from srchat.usage_line import usage_line

Words = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[PROMPT]...",
        help="The question; words are joined with blanks. `-` reads it from standard input.",
        show_default=False,
    ),
]


def ask(
    ctx: typer.Context,
    prompt: Words = None,
    *,
    model: options.Model = None,
    system: options.System = None,
    temperature: options.Temperature = None,
    top_p: options.TopP = None,
    max_tokens: options.MaxTokens = None,
    stop: options.Stop = None,
    stream: options.Stream = None,
    file: options.Files = None,
    no_stdin: Annotated[
        bool, typer.Option("--no-stdin", help="Leave standard input alone.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON document in place of the text.")
    ] = False,
    raw: Annotated[
        bool, typer.Option("--raw", help="The text as it is, also on a terminal.")
    ] = False,
    code: Annotated[
        bool, typer.Option("-x", "--code", help="Only the code blocks of the answer.")
    ] = False,
    editor: Annotated[
        bool, typer.Option("-e", "--editor", help="Write the prompt in $VISUAL or $EDITOR.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print the request body and send nothing.")
    ] = False,
    profile: options.Profile = None,
    base_url: options.BaseUrl = None,
    timeout: options.Timeout = None,
    retries: options.Retries = None,
    max_wait: options.MaxWait = None,
    continue_: options.Continue = False,
    conversation: options.ConversationId = None,
    no_save: options.NoSave = False,
    usage: options.ShowUsage = False,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
) -> None:
    """Ask one question and print the answer.

    Piped standard input and files go with the question:

    git diff | srchat ask "write a commit message"
    """
    if as_json and code:
        raise UsageError("--json and --code exclude each other")
    runtime: Runtime = ctx.obj
    runtime.read_options(ctx.params)
    chosen = chosen_conversation(runtime, conversation, last=continue_, answered=True)
    words = prompt or []
    message = _message(runtime, words, file or [], no_stdin=no_stdin, editor=editor)
    turn = conversation_turn(runtime, chosen, message, title=_title(words), save=not no_save)
    if dry_run:
        runtime.stdout.write(json.dumps(turn.request.to_json(), indent=2) + "\n")
        return
    _ = runtime.client  # a key that is missing is said before anything begins
    with delivered_to(_once(turn)):
        try:
            _print(runtime, turn, as_json=as_json, code=code, raw=raw)
        except OutputError as exc:
            if turn.signum == signal.SIGHUP:  # the terminal was closed, and that is why
                raise Interrupted(turn.signum) from exc
            raise
        finally:
            if usage and turn.reply.has_begun:
                runtime.messages.tell(usage_line(turn.reply))
            _close(runtime, turn)


def _once(turn: ConversationTurn) -> Callable[[int], None]:
    """Return what ends a turn at the first signal, and lets a second not disturb what is stored.

    A terminal and a parent process may both hand on the same Ctrl-C.
    """

    def end(signum: int) -> None:
        if turn.signum is None:
            turn.interrupt(signum)
            raise Interrupted(signum)

    return end


def _print(
    runtime: Runtime, turn: ConversationTurn, *, as_json: bool, code: bool, raw: bool
) -> None:
    if as_json:
        _print_json(runtime, turn)
    elif code:
        _print_code(runtime, turn)
    else:
        with unechoed(runtime.stdout.fd):
            runtime.paint(turn, runtime.plain_writer() if raw else None)


def _close(runtime: Runtime, turn: ConversationTurn) -> None:
    try:
        notices = turn.close()
    except Interrupted:
        runtime.messages.notice(turn.given_up)
        raise
    for notice in notices:
        runtime.messages.notice(notice)


def _title(words: Sequence[str]) -> str:
    return "" if list(words) == ["-"] else " ".join(words)


def _message(
    runtime: Runtime, words: Sequence[str], files: Sequence[str], *, no_stdin: bool, editor: bool
) -> str:
    attachments = [read_file(path) for path in files]
    if files and words and os.path.isfile(words[0]):  # noqa: PTH113 - Path's own fails for a long prompt
        # A shell makes many words of -f *.py, and the option takes the first.
        runtime.messages.notice(f"{words[0]} is a word of the prompt (each file needs its own -f)")
    text = argument_text(" ".join(words))
    if text == "-":
        text = _stdin(runtime, patient=True).text
    elif not no_stdin and not is_terminal(runtime.stdin_fd):
        piped = _stdin(runtime, patient=not (text or files))
        if piped.text:
            attachments.append(piped)
    if editor:
        text = edited(text, runtime.environ)
    message = user_message(text, attachments)
    if not message.strip():
        raise UsageError(
            "nothing to ask",
            hint='give a prompt: srchat ask "why is the sky blue?", or pipe one in',
        )
    return message


def _stdin(runtime: Runtime, *, patient: bool) -> Attachment:
    def waiting() -> None:
        runtime.messages.notice("waiting for standard input (close it or use --no-stdin)")

    return read_stdin(runtime.stdin_fd, None if patient else waiting)


class _Unseen:
    """Takes an answer that is printed when it is over."""

    def write(self, text: str) -> None:
        """Take a piece of the answer; the turn keeps it."""

    def redraw(self) -> None:
        """Do nothing: what has been written does not change."""

    def close(self) -> None:
        """End the answer."""


def _print_json(runtime: Runtime, turn: ConversationTurn) -> None:
    failure = ""
    try:
        runtime.paint(turn, _Unseen())
    except (SrchatError, Interrupted) as exc:
        failure = exc.message
        raise
    finally:
        if turn.reply.text or not failure:  # pragma: no branch - else it is raised on
            document = _document(turn.reply, turn.stored_id, failure)
            # Escaped to ASCII: exact for every text, and inert on a terminal.
            runtime.stdout.write(json.dumps(document, indent=2) + "\n")


def _document(reply: Reply, conversation: str | None, failure: str) -> dict[str, Any]:
    return {
        "conversation": conversation,
        "model": reply.model,
        "content": reply.content,
        "finish_reason": reply.finish_reason or None,
        "usage": reply.usage.to_json() if reply.usage else None,
        "complete": reply.complete,
        "error": failure or None,
    }


def _print_code(runtime: Runtime, turn: ConversationTurn) -> None:
    writer = CodeWriter(runtime.plain_writer())
    try:
        runtime.paint(turn, writer)
    finally:
        if turn.reply.text and not writer.found:
            # Not on standard output, where somebody expects code; and not lost either.
            runtime.messages.draw(sanitized(turn.reply.content).rstrip("\n") + "\n")
    if not writer.found:
        raise IncompleteAnswerError("the answer has no code block; its text stands above")
