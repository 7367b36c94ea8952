"""`srchat history`: list, show and search stored conversations."""

from collections.abc import Iterator
from typing import Annotated, Final

import typer

from srchat.cli import options
from srchat.cli.history_delete import delete
from srchat.cli.history_files import export, import_, write_transcript
from srchat.cli.history_stats import stats
from srchat.cli.process import Process
from srchat.cli.settings import open_library, read_settings
from srchat.conversation import Conversation, TurnRecord, title_of
from srchat.errors import UsageError
from srchat.history.transcript import conversation_to_json, to_markdown
from srchat.history_rows import hit_row, incomplete_row, local_time, summary_rows
from srchat.terminal.pager import CollectedOutput, write_lines
from srchat.terminal.sanitize import one_line, sanitized
from srchat.text_input import argument_text
from srchat.theme import HEADING
from srchat.turn_view import write_answer

history_app = typer.Typer(help="Show, search and manage stored conversations.")

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
_LIMIT: Final = typer.Option(
    "-n", "--limit", min=1, max=1_000_000, metavar="N", help="Maximum number to list."
)


@history_app.callback(invoke_without_command=True)
def history(ctx: typer.Context) -> None:
    """Show, search and manage stored conversations."""
    if ctx.invoked_subcommand is None:
        typer.echo(ctx.get_help())


@history_app.command("list")
def list_(
    ctx: typer.Context, *, limit: Annotated[int | None, _LIMIT] = None, as_json: AsJson = False
) -> None:
    """List conversations, most recently used first.

    A pipe gets one per line with tab-separated fields: id, time, model, turns, title. On a
    terminal, ! after the turns marks a missing or incomplete last answer, and IDs may be shortened
    to prefixes, which every command accepts.
    """
    process: Process = ctx.obj
    store = open_library(process).open_existing()
    found = store.summaries(limit) if store else iter(())
    if as_json:
        process.print_json([item._asdict() for item in found])
        return
    output = process.stdout
    columns = output.size().columns if output.is_terminal else None
    write_lines(output, process.environ, summary_rows(found, columns))


@history_app.command()
@options.with_color_option
def show(
    ctx: typer.Context,
    id: Annotated[
        str | None,
        typer.Argument(
            metavar="[ID]",
            help="Conversation ID or prefix; default: the most recent.",
            show_default=False,
        ),
    ] = None,
    *,
    all_branches: Annotated[
        bool, typer.Option("--all", help="Include turns that were edited or retried.")
    ] = False,
    reasoning: Annotated[
        bool, typer.Option("--reasoning", help="Show the reasoning before each answer.")
    ] = False,
    as_json: AsJson = False,
    **_color: object,
) -> None:
    """Show a conversation: rendered on a terminal, as Markdown in a pipe."""
    process: Process = ctx.obj
    conversation = _conversation(process, id)
    turns = list(conversation.turns) if all_branches else conversation.branch
    if as_json:
        process.print_json(conversation_to_json(conversation))
        return
    config = read_settings(process, {"color": ctx.params["color"]}).config
    if process.stdout.renders:
        theme = config.code_theme
        lines = _rendered(process, conversation, turns, theme, reasoning=reasoning)
        write_lines(process.stdout, process.environ, lines)
    else:
        chunks = to_markdown(conversation, turns, local_time, reasoning=reasoning)
        write_transcript(process, chunks)
    if hidden := len(conversation.turns) - len(turns):
        turns_are = "turn of another branch is" if hidden == 1 else "turns of other branches are"
        process.messages.info(f"{hidden} {turns_are} not shown; --all shows everything")


@history_app.command()
def search(
    ctx: typer.Context,
    words: Annotated[
        list[str],
        typer.Argument(
            metavar="WORD...", help='Words, "phrases" and prefix*; all must match in one turn.'
        ),
    ],
    *,
    limit: Annotated[int, _LIMIT] = 20,
    as_json: AsJson = False,
) -> None:
    """Search prompts and answers, newest first."""
    process: Process = ctx.obj
    query = argument_text(" ".join(words))
    store = open_library(process).open_existing()
    hits = store.search(query, limit) if store else []
    if as_json:
        found = [hit.to_json() for hit in hits]
        process.print_json(found)
        return
    if not hits:
        process.messages.info(f"nothing found for {query!r}")
    out = process.stdout
    write_lines(out, process.environ, (hit_row(hit, out) for hit in hits))


@history_app.command()
def title(
    ctx: typer.Context,
    id: Annotated[
        str,
        typer.Argument(metavar="ID", help="Conversation ID or prefix.", show_default=False),
    ],
    words: Annotated[
        list[str],
        typer.Argument(
            metavar="TITLE...",
            help="The new title; words are joined with spaces.",
            show_default=False,
        ),
    ],
) -> None:
    """Change the title of a conversation."""
    process: Process = ctx.obj
    text = title_of(argument_text(" ".join(words)))
    if not text:
        raise UsageError("history title: the title is empty")
    store = open_library(process).open_existing()
    if store is None:
        raise UsageError("no stored conversations")
    store.update(store.find(id), title=text)


# The order in help and manual: commands that only read come first.
history_app.command()(stats)
history_app.command()(export)
history_app.command("import")(import_)
history_app.command()(delete)


def _conversation(process: Process, prefix: str | None) -> Conversation:
    store = open_library(process).open_existing()
    id_ = (store.find(prefix) if prefix is not None else store.last_used()) if store else None
    if store is None or id_ is None:
        raise UsageError("no stored conversations")
    return store.load(id_)


def _rendered(
    process: Process,
    conversation: Conversation,
    turns: list[TurnRecord],
    theme: str,
    *,
    reasoning: bool,
) -> Iterator[str]:
    """Yield the lines of a conversation, turn by turn."""
    out = CollectedOutput(process.stdout, process.environ)
    out.write(f"{one_line(conversation.title)}  ({one_line(conversation.id)})\n")
    if conversation.system:
        out.write(_heading(process, "system") + sanitized(conversation.system).rstrip() + "\n")
    for turn in turns:
        out.write(_heading(process, f"you, {local_time(turn.asked_at)}"))
        out.write(sanitized(turn.prompt).rstrip() + "\n")
        if reasoning and turn.reasoning:
            out.write(_heading(process, "reasoning"))
            out.write(sanitized(turn.reasoning).strip() + "\n")
        out.write(_heading(process, turn.served_model or turn.model))
        write_answer(out, turn.reply, theme)
        out.write(incomplete_row(turn))
        yield from out.taken_lines()
    yield from out.taken_lines()


def _heading(process: Process, text: str) -> str:
    line = f"--- {one_line(text)} ---"
    return f"\n{process.stdout.styled(line, HEADING)}\n\n"
