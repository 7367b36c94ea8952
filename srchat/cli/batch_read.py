"""`srchat batch read`: print the answers in the results of a batch, from any engine."""

import contextlib
import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any, BinaryIO, Final, NamedTuple

import typer

from srchat.batch.result_log import errors_path
from srchat.batch.results import Result, read_result
from srchat.cli import options
from srchat.cli.process import Process
from srchat.errors import IncompleteAnswerError, UsageError, reason_of
from srchat.plural import counted

_NUMBERED: Final = re.compile(r"(.*?)(\d{1,18})")
_MAX_LISTED: Final = 20  # failures


class _Place(NamedTuple):
    """The location of a line. `number`: from 1."""

    file: int
    offset: int
    number: int
    has_answer: bool = False


def read(
    ctx: typer.Context,
    results: Annotated[
        list[str], typer.Argument(metavar="OUT...", help="Result files of any engine.")
    ],
    *,
    requests: Annotated[
        str | None,
        typer.Option("--in", metavar="IN", help="Batch file, for the order and missing answers."),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print a JSON object for each answer.")
    ] = False,
    failed: Annotated[
        bool, typer.Option("--failed", help="Print the requests without an answer; needs --in.")
    ] = False,
    stats: Annotated[bool, typer.Option("--stats", help="Print counts, tokens and times.")] = False,
    quiet: options.Quiet = False,
) -> None:
    """Print the answers of a batch, in the order of the requests.

    srchat batch read OUT --in IN
    """
    process: Process = ctx.obj
    process.messages.quiet = quiet
    if failed and requests is None:
        raise UsageError("--failed needs --in IN, the batch file")
    if failed + stats + as_json > 1:
        raise UsageError("--json, --failed and --stats cannot be combined")
    with contextlib.ExitStack() as stack:
        batch = _Batch(process, results, requests, stack)
        if failed:
            batch.print_failed()
        elif stats:
            batch.print_stats()
        else:
            batch.print_answers(as_json=as_json)
        batch.check()


class _Batch:
    """The results by custom_id.

    Only their locations are kept in memory; lines are read again when needed.
    """

    def __init__(
        self,
        process: Process,
        results: Sequence[str],
        requests: str | None,
        stack: contextlib.ExitStack,
    ) -> None:
        self._process = process
        paths = [*results, *_failure_files(results)]
        self._files = [_opened(path, stack) for path in paths]
        self._places: dict[str, _Place] = {}
        for index, (path, file) in enumerate(zip(paths, self._files, strict=True)):
            self._index(index, path, file)
        self._requests: dict[str, _Place] = {}
        if requests is not None:
            self._files.append(_opened(requests, stack))
            self._index_requests(requests, len(self._files) - 1)

    def print_answers(self, *, as_json: bool) -> None:
        """Print all answers. Failures go to stderr or, with `as_json`, are lines of JSON, too."""
        failures = 0
        for custom_id in self._order():
            result = self._result(custom_id)
            if as_json:
                self._process.print_json(_document(result), indent=None)
            elif result.error:
                failures += 1
                if failures <= _MAX_LISTED:
                    self._process.messages.warning(f"{custom_id}: {result.error}")
            else:
                self._print(result)

    def print_failed(self) -> None:
        """Print the lines of the batch file without an answer."""
        for custom_id, place in self._requests.items():
            if not self._has_answer(custom_id):
                line = self._line(place)
                self._process.stdout.write_bytes(line if line.endswith(b"\n") else line + b"\n")

    def print_stats(self) -> None:
        """Print counts, tokens and response times."""
        seconds: list[float] = []
        prompt = completion = answers = 0
        reasons: dict[str, int] = {}
        for custom_id in self._order():
            result = self._result(custom_id)
            if result.error:
                continue
            answers += 1
            reasons[result.finish_reason] = reasons.get(result.finish_reason, 0) + 1
            if result.usage:
                prompt += result.usage.prompt_tokens
                completion += result.usage.completion_tokens
            if result.seconds:
                seconds.append(result.seconds)
        rows = [
            ("requests", f"{len(self._requests) or len(self._places):,}"),
            ("answers", f"{answers:,}"),
            ("failed", f"{sum(not place.has_answer for place in self._places.values()):,}"),
            ("missing", f"{len(self._missing()):,}"),
            *((f"ended by {name}", f"{n:,}") for name, n in sorted(reasons.items()) if name),
            ("prompt tokens", f"{prompt:,}"),
            ("completion tokens", f"{completion:,}"),
        ]
        seconds.sort()
        for share in (50, 90, 99) if seconds else ():
            place = min(len(seconds) - 1, len(seconds) * share // 100)
            rows.append((f"seconds, {share} %", f"{seconds[place]:.2f}"))
        self._process.stdout.write_foreign(
            "".join(f"{name:<20}{value:>12}\n" for name, value in rows)
        )

    def check(self) -> None:
        """Raise IncompleteAnswerError if a request has no answer."""
        failed = sum(not place.has_answer for place in self._places.values())
        missing = len(self._missing())
        if failed or missing:
            counts = (
                f"{failed:,} failed" if failed else "",
                f"{missing:,} without a result" if missing else "",
            )
            reasons = ", ".join(filter(None, counts))
            raise IncompleteAnswerError(f"not all requests have answers: {reasons}")

    def _index(self, index: int, path: str, file: BinaryIO) -> None:
        offset = doubles = 0
        for number, line in enumerate(file, 1):
            if line.strip():
                result = self._parsed(path, number, line)
                old = self._places.get(result.custom_id)
                is_better = old is None or not (old.has_answer or result.error)
                doubles += old is not None and old.has_answer and not result.error
                if is_better:
                    place = _Place(index, offset, number, not result.error)
                    self._places[result.custom_id] = place
            offset += len(line)
        if doubles:
            self._process.messages.warning(
                f"{path}: left out {counted(doubles, 'answer')} with the id of an earlier one"
            )

    def _parsed(self, path: str, number: int, line: bytes) -> Result:
        try:
            return read_result(line)
        except ValueError as exc:
            raise UsageError(f"{path}:{number}: not a result of a batch: {exc}") from exc

    def _index_requests(self, path: str, index: int) -> None:
        offset = 0
        for number, line in enumerate(self._files[index], 1):
            if line.strip():
                try:
                    custom_id = json.loads(line)["custom_id"]
                except (ValueError, RecursionError, KeyError, TypeError) as exc:
                    raise UsageError(f"{path}:{number}: not a request of a batch") from exc
                self._requests.setdefault(str(custom_id), _Place(index, offset, number))
            offset += len(line)

    def _order(self) -> Iterator[str]:
        """Yield the custom_ids of all results, in the order of the requests."""
        if self._requests:
            yield from (each for each in self._requests if each in self._places)
            return
        ids = list(self._places)
        matches = [_NUMBERED.fullmatch(each) for each in ids]
        if all(matches):  # numbered in the order of the requests
            ids.sort(key=_number_in)
        yield from ids

    def _missing(self) -> list[str]:
        return [each for each in self._requests if each not in self._places]

    def _has_answer(self, custom_id: str) -> bool:
        place = self._places.get(custom_id)
        return place is not None and place.has_answer

    def _result(self, custom_id: str) -> Result:
        return read_result(self._line(self._places[custom_id]))

    def _line(self, place: _Place) -> bytes:
        file = self._files[place.file]
        file.seek(place.offset)
        return file.readline()

    def _print(self, result: Result) -> None:
        stdout = self._process.stdout
        if stdout.is_terminal:
            stdout.write_foreign(f"── {result.custom_id} ──\n")
        end = "" if result.content.endswith("\n") else "\n"
        stdout.write_foreign(result.content + end)


def _number_in(custom_id: str) -> tuple[str, int]:
    match = _NUMBERED.fullmatch(custom_id)
    assert match is not None
    return match[1], int(match[2])


def _document(result: Result) -> dict[str, Any]:
    return {
        "custom_id": result.custom_id,
        "content": result.content,
        "finish_reason": result.finish_reason or None,
        "usage": result.usage.to_json() if result.usage else None,
        "error": result.error or None,
    }


def _failure_files(results: Sequence[str]) -> list[str]:
    """Return the failure files beside results of `batch run` that are not arguments, too."""
    beside = [str(errors_path(Path(path))) for path in results]
    return [path for path in beside if path not in results and Path(path).is_file()]


def _opened(path: str, stack: contextlib.ExitStack) -> BinaryIO:
    try:
        return stack.enter_context(Path(path).open("rb"))
    except (OSError, ValueError) as exc:
        raise UsageError(f"cannot read {path}: {reason_of(exc)}") from exc
