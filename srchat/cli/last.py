"""`srchat last`: print the most recent answer again."""

from typing import Annotated

import typer

from srchat.cli import options
from srchat.cli.process import Process
from srchat.cli.settings import open_library, read_settings
from srchat.conversation import TurnRecord
from srchat.errors import UsageError
from srchat.terminal.code_blocks import code_blocks
from srchat.terminal.plain import PlainWriter
from srchat.turn_view import write_answer


@options.with_color_option
def last(
    ctx: typer.Context,
    *,
    number: Annotated[
        int,
        typer.Option("-n", "--number", min=1, metavar="N", help="Print the Nth last answer."),
    ] = 1,
    code: Annotated[
        bool, typer.Option("-x", "--code", help="Print only the first code block.")
    ] = False,
    block: Annotated[
        int | None,
        typer.Option(min=1, metavar="N", help="Print only the Nth code block."),
    ] = None,
    reasoning: Annotated[
        bool, typer.Option("--reasoning", help="Print the reasoning instead of the answer.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
    **_color: object,
) -> None:
    """Print the most recent answer again, without a request.

    It is rendered on a terminal and exact in a pipe.
    """
    process: Process = ctx.obj
    if sum([code or block is not None, reasoning, as_json]) > 1:
        raise UsageError("--code, --reasoning and --json cannot be combined")
    store = open_library(process).open_existing()
    found = store.recent_answer(number) if store else None
    if found is None:
        raise UsageError("no stored answer" if number == 1 else f"no {number} stored answers")
    conversation, turn = found
    if as_json:
        from srchat.cli.answer_document import turn_document  # noqa: PLC0415 - few ask for JSON

        process.print_json(turn_document(conversation, turn))
    elif code or block:
        _write_exactly(process, _block(turn, block or 1))
    elif reasoning:
        _write_exactly(process, turn.reasoning)
    else:
        settings = read_settings(process, {"color": ctx.params["color"]})
        write_answer(process.stdout, turn.reply, settings.config.code_theme)
    if not turn.complete:
        reason = turn.reason.removeprefix("incomplete answer: ")
        process.messages.warning(f"incomplete answer: {reason}")


def _block(turn: TurnRecord, number: int) -> str:
    blocks = code_blocks(turn.reply)
    if number > len(blocks):
        count = {0: "no code block", 1: "only one code block"}.get(len(blocks))
        raise UsageError(f"the answer has {count or f'only {len(blocks)} code blocks'}")
    return blocks[number - 1]


def _write_exactly(process: Process, text: str) -> None:
    writer = PlainWriter(process.stdout)
    writer.write(text)
    writer.close()
