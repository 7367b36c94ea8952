"""`srchat batch run`: send all requests of a batch file, or resume an earlier run."""

import contextlib
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, BinaryIO, Final

import typer

from srchat.batch.request_file import BatchRequest, lines_of, requests_of
from srchat.batch.result_log import ResultLog, Resumed, errors_path
from srchat.cli import options
from srchat.cli.batch_file import checked_digests, open_batch_file
from srchat.cli.process import Process
from srchat.cli.run_progress import RunProgress
from srchat.cli.settings import open_connection, open_library, read_settings
from srchat.errors import APIError, APIStatusError, Interrupted, OutputError, UsageError
from srchat.plural import counted
from srchat.session.hints import joined
from srchat.signals import signals_to

Input = Annotated[
    str, typer.Argument(metavar="IN", help="Batch file; `-` reads stdin.", show_default=False)
]
_RESUME_HINT: Final = "run the same command to continue"


@options.with_connection_options
def run(
    ctx: typer.Context,
    input_: Input,
    *,
    output: Annotated[
        str | None,
        typer.Option(
            "-o",
            "--output",
            metavar="OUT",
            help="File for results; default: in.out.jsonl for in.jsonl.",
        ),
    ] = None,
    jobs: Annotated[
        int,
        typer.Option("-j", "--jobs", metavar="N", min=1, max=1024, help="Requests at once."),
    ] = 64,
    rpm: Annotated[
        float | None, typer.Option("--rpm", metavar="N", min=0.01, help="Requests per minute.")
    ] = None,
    tpm: Annotated[
        float | None, typer.Option("--tpm", metavar="N", min=1, help="Tokens per minute.")
    ] = None,
    only_new: Annotated[
        bool, typer.Option("--only-new", help="Do not retry the requests that failed.")
    ] = False,
    profile: options.Profile = None,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
    **_settings: object,
) -> None:
    """Send the requests of a batch file, many at once.

    Run the same command again to continue: answered requests are not sent again.
    """
    process: Process = ctx.obj
    settings = read_settings(process, ctx.params)
    path = _output_path(input_, output)
    with contextlib.ExitStack() as stack:
        file = open_batch_file(process, input_, stack)
        pending = checked_digests(process, file, input_)
        connection = open_connection(process, settings, open_library(process))
        connection.check_key()
        log = ResultLog(path)
        stack.callback(log.close)
        resumed = log.resume(pending, only_new=only_new)
        _report_resumed(process, resumed, path)
        progress = RunProgress(process, len(pending), resumed.done, resumed.failed)
        if resumed.done + resumed.failed < len(pending):
            from srchat.api.exchange import Limits  # noqa: PLC0415 - httpx, 60 ms
            from srchat.api.retry import RetryPolicy  # noqa: PLC0415 - on first use
            from srchat.api.sender import Sender  # noqa: PLC0415 - httpx, 60 ms
            from srchat.batch.controller import Controller  # noqa: PLC0415 - on first use
            from srchat.batch.runner import Job, Runner  # noqa: PLC0415 - httpx, 60 ms
            from srchat.batch.workers import Workers  # noqa: PLC0415 - httpx, 60 ms

            config = settings.config
            server = connection.new_server(config)
            limits = Limits(silence=config.timeout)
            workers: Workers[Job] = Workers(lambda: Sender(server, limits))
            runner = Runner(
                workers,
                log,
                Controller(jobs, rpm, tpm),
                RetryPolicy(config.retries, config.max_wait),
                progress,
                progress.tick,
            )
            with (
                contextlib.closing(progress),
                signals_to(workers.interrupt),
                _progress_reported(process, progress),
            ):
                try:
                    runner.run(_pending_requests(file, pending))
                except APIStatusError as exc:
                    connection.explain(exc, config)
                    raise
    _finish(process, progress, path)


def _output_path(input_: str, output: str | None) -> Path:
    if output == "-":
        raise UsageError("-o -: the results need a file, so that a run can be continued")
    if output is None:
        if input_ == "-":
            raise UsageError("requests from stdin need a file for the results", hint="use -o FILE")
        output = f"{input_.removesuffix('.jsonl')}.out.jsonl"
    if os.path.exists(output) and os.path.exists(input_) and os.path.samefile(output, input_):  # noqa: PTH110, PTH121 - "" is a path, too
        raise UsageError(f"-o {output} is the file of the requests")
    return Path(output)


def _pending_requests(
    file: BinaryIO, pending: Mapping[bytes, int | None]
) -> Iterator[BatchRequest]:
    """Yield the requests without a result. Raises UsageError if the file has changed."""
    file.seek(0)
    try:
        for request in requests_of(lines_of(file.readline)):
            digest = pending.get(request.custom_id.encode(), -1)
            if digest is None:
                continue
            if request.digest != f"{digest:016x}":
                raise ValueError
            yield request
    except ValueError as exc:
        raise UsageError("the batch file has changed during the run", hint=_RESUME_HINT) from exc


@contextlib.contextmanager
def _progress_reported(process: Process, progress: RunProgress) -> Iterator[None]:
    """Report the progress of a run that ends early, and how to continue it."""
    try:
        yield
    except Interrupted:
        progress.close()
        process.messages.info(f"{progress.count()}; {_RESUME_HINT}")
        raise
    except (APIError, OutputError) as exc:
        exc.hint = joined(exc.hint, f"{progress.count()}; {_RESUME_HINT}")
        raise


def _report_resumed(process: Process, resumed: Resumed, path: Path) -> None:
    messages = process.messages
    if resumed.done:
        messages.info(f"continuing after {counted(resumed.done, 'answer')} in {path}")
    if resumed.changed:
        messages.warning(
            f"sending {counted(resumed.changed, 'request')} again that changed after the answer"
        )
    if resumed.unknown:
        results = counted(resumed.unknown, "result")
        messages.warning(f"{path} has {results} of requests that are not in this file")


def _finish(process: Process, progress: RunProgress, path: Path) -> None:
    """Report the outcome. Raises SrchatError if requests failed."""
    if not progress.failed:
        process.messages.info(f"{progress.count()}: {path}")
        return
    raise APIError(
        f"{progress.failed:,} of {progress.total:,} requests failed: see {errors_path(path)}",
        hint="run the same command to retry them",
    )
