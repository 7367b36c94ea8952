"""`srchat history stats`: requests, tokens and time, by day, model or conversation."""

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Final

import typer

from srchat.cli.process import Process
from srchat.cli.settings import open_library
from srchat.terminal.sanitize import one_line
from srchat.terminal.streams import Output
from srchat.terminal.word_wrap import fitting

if TYPE_CHECKING:
    from srchat.history.statistics import Stat

_NAME: Final = 20  # columns of a name
_COUNTS: Final = 42  # columns of the numbers
_MAX_BAR: Final = 40


class Grouping(StrEnum):
    """The groups to add up."""

    DAY = "day"
    MODEL = "model"
    CONVERSATION = "conversation"


def stats(
    ctx: typer.Context,
    *,
    by: Annotated[Grouping, typer.Option("--by", help="Group by this.")] = Grouping.DAY,
    limit: Annotated[
        int,
        typer.Option(
            "-n", "--limit", min=1, max=1_000_000, metavar="N", help="Maximum number of rows."
        ),
    ] = 30,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Add up requests, tokens and time.

    Tokens are as counted by the server. Days are sorted newest first, others by their tokens.

    A pipe gets one row per line with tab-separated fields: the day, model or conversation,
    requests, tokens of the prompts and of the answers, seconds.
    """
    from srchat.history.statistics import add_up  # noqa: PLC0415 - sqlite3, not for --help

    process: Process = ctx.obj
    store = open_library(process).open_existing()
    found = add_up(store.database, by, limit) if store else []
    if as_json:
        process.print_json([each._asdict() for each in found])
    elif process.stdout.is_terminal:
        process.stdout.write(_table(process.stdout, by, found))
    else:
        rows = ("\t".join(_fields(each)) + "\n" for each in found)
        process.stdout.write_foreign("".join(rows))


def _fields(stat: "Stat") -> tuple[str, ...]:
    counts = (stat.requests, stat.prompt_tokens, stat.completion_tokens, round(stat.seconds))
    return (one_line(stat.name), *map(str, counts))


def _table(output: Output, by: str, found: list["Stat"]) -> str:
    largest = max((stat.prompt_tokens + stat.completion_tokens for stat in found), default=0)
    head = f"{by:<{_NAME}} {'requests':>8} {'prompt':>10} {'answer':>10} {'seconds':>8}\n"
    return head + "".join(_row(stat, largest, output) for stat in found)


def _row(stat: "Stat", largest: int, output: Output) -> str:
    columns = output.size().columns
    name, requests, *counts = _fields(stat)
    prompt, completion, seconds = (f"{int(count):,}" for count in counts)
    mark = "█" if output.is_utf8 else "#"
    room = max(min(columns - 1 - _NAME - _COUNTS, _MAX_BAR), 0)
    bar = mark * round(room * (stat.prompt_tokens + stat.completion_tokens) / max(largest, 1))
    name = fitting(name, _NAME)
    line = f"{name:<{_NAME}} {requests:>8} {prompt:>10} {completion:>10} {seconds:>8}  {bar}"
    return fitting(line.rstrip(), columns - 1) + "\n"
