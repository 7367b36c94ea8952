"""`srchat chat`: a conversation on the terminal, or one prompt per line from a script."""

import contextlib
import shlex
import threading
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Annotated

import typer

from srchat import __version__, paths
from srchat.cli import options
from srchat.cli.process import Process
from srchat.cli.settings import continue_chosen, open_library, open_session, read_settings
from srchat.config.settings import SETTINGS
from srchat.library import Library
from srchat.session.session import Session
from srchat.terminal.sanitize import one_line
from srchat.terminal.streams import Output
from srchat.terminal.tty_modes import held_for_prompt
from srchat.text_input import argument_text, read_file

if TYPE_CHECKING:
    from srchat.repl.lines import Lines
    from srchat.repl.terminal import Chat


@options.with_request_options
def chat(
    ctx: typer.Context,
    prompt: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[PROMPT]...",
            help="First prompt; words are joined with spaces.",
            show_default=False,
        ),
    ] = None,
    *,
    file: options.Files = None,
    profile: options.Profile = None,
    continue_: options.Continue = False,
    conversation: options.ConversationId = None,
    name: options.ConversationName = None,
    no_save: options.NoSave = False,
    usage: options.ShowUsage = False,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
    **_settings: object,
) -> int:
    """Talk with a model, prompt by prompt.

    Type /help for the commands. Without a terminal, each line of stdin is a prompt, answers go to
    stdout, and the exit code is that of the last failure.
    """
    process: Process = ctx.obj
    settings = read_settings(process, ctx.params)
    library = open_library(process)
    session = open_session(process, settings, library, keep=not no_save)
    session.check_key()  # before any output
    continue_chosen(process, session, library, ctx.params)
    session.attachments = [read_file(path) for path in file or []]
    status = _Status(session, settings.resolved.profile)
    first = argument_text(" ".join(prompt or []))
    code = _run(process, session, library, status, first=first, shows_usage=usage)
    if process.terminal and session.stored_id and session.conversation.turns:
        given = {"-p": profile, "--base-url": ctx.params["base_url"]}
        process.messages.info(f"to continue: {_continue_command(session, given)}")
    return code


def _continue_command(session: Session, given: Mapping[str, str | None]) -> str:
    """Return the command that continues the conversation, with the options that were given."""
    options = [word for name, value in given.items() if value for word in (name, value)]
    return shlex.join(["srchat", "chat", *options, "--conversation", session.conversation.id])


class _Status:
    """The parts of the status line, the most important first."""

    def __init__(self, session: Session, profile: str | None) -> None:
        self._session = session
        self._profile = profile

    def __call__(self) -> list[str]:
        session = self._session
        window = f" of {session.window}" if session.window else ""
        parts = [session.config.model, f"{session.tokens}{window} tokens"]
        if session.attachments:
            count = len(session.attachments)
            parts.append(f"{count} file{'s' * (count > 1)}")
        if session.rate_limit:
            parts.append(str(session.rate_limit))
        if self._profile:
            parts.append(self._profile)
        return parts


def _run(
    process: Process,
    session: Session,
    library: Library,
    status: _Status,
    *,
    first: str,
    shows_usage: bool,
) -> int:
    from srchat.repl.loop import Repl  # noqa: PLC0415 - only a chat needs it
    from srchat.repl.terminal import Chat, Terminal  # noqa: PLC0415 - as above

    screen = process.terminal
    has_editor = bool(screen and screen.can_move)
    terminal = Terminal(
        _lines(process, session, library, status),
        screen or process.stderr,
        process.stdout,
        process.stdin_fd,
        process.messages,
        process.environ,
        shows_usage=shows_usage,
        holds_input=has_editor,
    )
    chat = Chat(session, terminal, library)
    repl = Repl(chat, first=first, debug=process.environ.get("SRCHAT_DEBUG") == "1")
    if screen and not process.messages.quiet:
        _greet(chat)
    if screen and has_editor:
        # Also between prompts, so that input typed there is neither echoed nor split.
        with held_for_prompt(process.stdin_fd, screen):
            return int(repl.run())
    return int(repl.run())


def _greet(chat: "Chat") -> None:
    session, screen = chat.session, chat.terminal.screen
    model = one_line(session.config.model)
    greeting = f"srchat {__version__}, {model}. /help for help, Ctrl-D to quit.\n\n"
    screen.write(screen.between_words(greeting))
    if session.conversation.turns:
        chat.terminal.show_last(session.conversation, session.config.code_theme)
        screen.write("\n")


def _lines(
    process: Process, session: Session, library: Library, status: Callable[[], list[str]]
) -> "Lines":
    screen = process.terminal
    if screen and screen.can_move:
        return _prompt_lines(process, session, library, status, screen)
    from srchat.repl.lines import PlainLines  # noqa: PLC0415 - only a chat needs it

    return PlainLines(process.stdin_fd, screen)


def _prompt_lines(
    process: Process,
    session: Session,
    library: Library,
    status: Callable[[], list[str]],
    screen: Output,
) -> "Lines":
    # prompt_toolkit, 100 ms
    from srchat.repl import library_commands  # noqa: PLC0415 - on first use
    from srchat.repl.completer import ChatCompleter, Values  # noqa: PLC0415 - on first use
    from srchat.repl.prompt_lines import Hooks, PromptLines  # noqa: PLC0415 - on first use
    from srchat.repl.typed_history import TypedHistory  # noqa: PLC0415 - on first use

    values = Values(
        models=lambda asked: session.models.names(session.config, ask=asked),
        conversations=lambda words: library_commands.completions(library, words),
        settings={name: entry.help for name, entry in SETTINGS.items() if entry.in_chat},
    )
    path = paths.typed_lines_path(process.environ) if session.keeps else None
    lines = PromptLines(
        screen,
        process.environ,
        TypedHistory(path, process.messages.warning),
        ChatCompleter(values),
        Hooks(
            status=status,
            keys=lambda: session.config.keys,
            shown=_load_slow_modules_soon,
            failed=process.messages.error,
        ),
    )
    session.models.on_change = lines.complete_again
    return lines


def _load_slow_modules_soon() -> None:
    """Load what the first prompt needs while the user types it."""
    with contextlib.suppress(RuntimeError):  # no thread: they are loaded later
        threading.Thread(target=_load_slow_modules, daemon=True).start()


def _load_slow_modules() -> None:
    import srchat.api.client  # noqa: PLC0415 - httpx
    import srchat.markdown.writer  # noqa: F401, PLC0415 - Rich
