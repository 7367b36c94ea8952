"""`srchat batch submit`, `status`, `fetch` and `cancel`: batches that run on the server."""

import contextlib
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from srchat import private_files
from srchat.batch.result_log import errors_path
from srchat.cli import options
from srchat.cli.batch_file import checked_digests, open_batch_file
from srchat.cli.process import Process
from srchat.cli.settings import open_connection, open_library, read_settings
from srchat.errors import (
    APIError,
    APIStatusError,
    IncompleteAnswerError,
    OutputError,
    UsageError,
    reason_of,
)
from srchat.terminal.sanitize import one_line
from srchat.terminal.status import StatusLine

if TYPE_CHECKING:
    from srchat.api.batches import Batch, Batches

_MIN_POLL_INTERVAL: Final = 1.0  # seconds between two polls, doubled up to _MAX_POLL_INTERVAL
_MAX_POLL_INTERVAL: Final = 30.0

Id = Annotated[str, typer.Argument(metavar="ID", help="ID of the batch.", show_default=False)]
Wait = Annotated[bool, typer.Option("--wait", help="Wait until the batch has ended.")]


@options.with_connection_options
def submit(
    ctx: typer.Context,
    input_: Annotated[
        str, typer.Argument(metavar="IN", help="Batch file; `-` reads stdin.", show_default=False)
    ],
    *,
    profile: options.Profile = None,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
    **_settings: object,
) -> None:
    """Upload a batch file and have the server run it. Prints the ID of the batch.

    Needs a server with /v1/files and /v1/batches. For other servers, use `srchat batch run`.
    """
    process: Process = ctx.obj
    with contextlib.ExitStack() as stack:
        file = open_batch_file(process, input_, stack)
        checked_digests(process, file, input_)
        batches = _open_batches(process, ctx.params)
        file.seek(0)
        name = "batch.jsonl" if input_ == "-" else Path(input_).name
        batch = batches.submit(file, name, "/v1/chat/completions")
    process.stdout.write_foreign(f"{batch.id}\n")


@options.with_connection_options
def status(
    ctx: typer.Context,
    id_: Annotated[
        str | None, typer.Argument(metavar="[ID]", help="ID of a batch.", show_default=False)
    ] = None,
    *,
    wait: Wait = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the server's response as JSON.")
    ] = False,
    profile: options.Profile = None,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
    **_settings: object,
) -> None:
    """Show the progress of a batch, or list the newest batches."""
    process: Process = ctx.obj
    if wait and id_ is None:
        raise UsageError("--wait needs the ID of a batch")
    batches = _open_batches(process, ctx.params)
    found = batches.newest() if id_ is None else [_get_batch(process, batches, id_, wait=wait)]
    if as_json:
        values: Any = [batch.json for batch in found] if id_ is None else found[0].json
        process.print_json(values)
    else:
        process.stdout.write_foreign("".join(f"{_line(batch)}\n" for batch in found))
    if id_ is not None:
        _check(process, found[0])


@options.with_connection_options
def fetch(
    ctx: typer.Context,
    id_: Id,
    *,
    output: Annotated[
        str | None,
        typer.Option(
            "-o", "--output", metavar="OUT", help="File for results; default: ID.out.jsonl."
        ),
    ] = None,
    wait: Wait = False,
    profile: options.Profile = None,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
    **_settings: object,
) -> None:
    """Download the results of a batch."""
    process: Process = ctx.obj
    path = Path(output if output is not None else f"{_file_name(id_)}.out.jsonl")
    for each in (path, errors_path(path)):
        if os.path.lexists(each):
            raise UsageError(f"{each} exists", hint="choose another file with -o")
    batches = _open_batches(process, ctx.params)
    batch = _get_batch(process, batches, id_, wait=wait)
    _check(process, batch)
    if not batch.is_over:
        raise IncompleteAnswerError(f"not finished: {_line(batch)}", hint="use --wait")
    if not batch.output and not batch.failures:
        raise IncompleteAnswerError(f"there are no results: {_line(batch)}")
    _download(batches, batch, path)
    process.messages.info(f"{_line(batch)}: {path}")


@options.with_connection_options
def cancel(
    ctx: typer.Context,
    id_: Id,
    *,
    profile: options.Profile = None,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
    **_settings: object,
) -> None:
    """Cancel a batch. Servers may discard finished answers."""
    process: Process = ctx.obj
    batch = _open_batches(process, ctx.params).cancel(id_)
    process.stdout.write_foreign(f"{_line(batch)}\n")


def _open_batches(process: Process, parameters: dict[str, Any]) -> "Batches":
    from srchat.api.batches import Batches  # noqa: PLC0415 - httpx, 60 ms
    from srchat.api.exchange import Limits  # noqa: PLC0415 - httpx, 60 ms
    from srchat.api.retry import RetryPolicy  # noqa: PLC0415 - on first use
    from srchat.api.sender import Sender  # noqa: PLC0415 - httpx, 60 ms

    settings = read_settings(process, parameters)
    config = settings.config
    connection = open_connection(process, settings, open_library(process))
    sender = Sender(connection.new_server(config), Limits(silence=config.timeout))
    process.resources.callback(sender.close)

    def waiting(exc: APIError, seconds: float) -> None:
        process.messages.info(f"{exc.message}; retrying in {seconds:.1f} s")

    def explain(exc: APIStatusError) -> None:
        connection.explain(exc, config)

    return Batches(sender, RetryPolicy(config.retries, config.max_wait), waiting, explain)


def _get_batch(process: Process, batches: "Batches", id_: str, *, wait: bool) -> "Batch":
    batch = batches.get(id_)
    status = StatusLine(process.messages)
    pause = _MIN_POLL_INTERVAL
    try:
        while wait and not batch.is_over:
            status.show(_line(batch))
            time.sleep(pause)
            pause = min(2 * pause, _MAX_POLL_INTERVAL)
            batch = batches.get(id_)
    finally:
        status.clear()
    return batch


def _check(process: Process, batch: "Batch") -> None:
    """Raise IncompleteAnswerError if the server has given up the batch."""
    if batch.status not in ("failed", "expired"):
        return
    for error in batch.errors:
        process.messages.error(error)
    raise IncompleteAnswerError(f"the batch has {batch.status}")


def _line(batch: "Batch") -> str:
    parts = [f"{one_line(batch.id)}: {one_line(batch.status)}"]
    if batch.total:
        parts.append(f"{batch.done:,} of {batch.total:,} done")
    if batch.failed:
        parts.append(f"{batch.failed:,} failed")
    return ", ".join(parts)


def _file_name(id_: str) -> str:
    return "".join(each if each.isalnum() or each in "-_" else "_" for each in id_)


def _download(batches: "Batches", batch: "Batch", path: Path) -> None:
    """Write the answers to `path` and the failures beside it, or neither. Raises OutputError."""
    failures = errors_path(path)
    try:
        with private_files.replacing(failures) as errors, private_files.replacing(path) as file:
            for id_, target in ((batch.output, file), (batch.failures, errors)):
                if id_:
                    batches.download(id_, target)
        if not failures.stat().st_size:
            failures.unlink()
    except (OSError, ValueError) as exc:
        raise OutputError(f"cannot write {path}: {reason_of(exc)}") from exc
