"""`srchat batch make`: write a batch file from a prompt and rows, without sending it."""

import contextlib
import dataclasses
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import IO, Annotated, Any, BinaryIO, Final

import typer

from srchat import private_files
from srchat.api.models import Message
from srchat.attachments import Attachment, UserMessage, user_message
from srchat.batch.request_file import is_valid_id, request_line
from srchat.batch.rows import Row, RowError, csv_rows, json_rows, text_rows
from srchat.cli import options
from srchat.cli.process import Process
from srchat.cli.settings import Settings, read_settings
from srchat.config.settings import Config
from srchat.errors import OutputError, UsageError, reason_of
from srchat.plural import counted
from srchat.session.profile_prompts import PromptTemplate, prompt_template, system_prompt
from srchat.session.reply_stream import chat_request
from srchat.suggestions import closest
from srchat.template import UnsetPlaceholderError, filled, placeholders
from srchat.terminal.streams import is_terminal
from srchat.text_input import argument_text, decoded, read_file

_MAX_REQUESTS: Final = 50_000  # per file, OpenAI's limit
_MAX_BYTES: Final = 200_000_000
_PIECE: Final = 1024 * 1024
_BOM: Final = b"\xef\xbb\xbf"

Words = Annotated[
    list[str] | None,
    typer.Argument(metavar="[PROMPT]...", help="Prompt with {placeholders}.", show_default=False),
]


@options.with_parameter_options
def make(
    ctx: typer.Context,
    prompt: Words = None,
    *,
    lines: Annotated[
        str | None, typer.Option("-i", "--input", metavar="FILE", help="A request for each line.")
    ] = None,
    jsonl: Annotated[
        str | None, typer.Option("--jsonl", metavar="FILE", help="A request for each JSON object.")
    ] = None,
    csv: Annotated[
        str | None, typer.Option("--csv", metavar="FILE", help="A request for each CSV record.")
    ] = None,
    file: Annotated[
        list[str] | None,
        typer.Option("-f", "--file", metavar="PATH", help="A request for this file (repeatable)."),
    ] = None,
    id_: Annotated[
        str | None,
        typer.Option("--id", metavar="FIELD", help="Column or key with the custom_id."),
    ] = None,
    output: Annotated[
        str | None, typer.Option("-o", "--output", metavar="FILE", help="Write to FILE.")
    ] = None,
    split: Annotated[
        int | None,
        typer.Option("--split", metavar="N", min=1, help="Start a new file after N requests."),
    ] = None,
    schema: Annotated[
        str | None,
        typer.Option(
            "--schema",
            metavar="SCHEMA",
            help="Ask for JSON that fits a schema: FILE, JSON or fields like 'name, age int'.",
        ),
    ] = None,
    profile: options.Profile = None,
    quiet: options.Quiet = False,
    **_settings: object,
) -> None:
    """Make a batch file: one request for each line of stdin, or for each row of a file.

    seq 20 | srchat batch make "square {line}" > in.jsonl
    """
    process: Process = ctx.obj
    settings = read_settings(process, ctx.params)
    if split and output is None:
        raise UsageError("--split needs -o FILE")
    maker = _Maker(settings, argument_text(" ".join(prompt or [])), id_, schema)
    given = {"-i": lines, "--jsonl": jsonl, "--csv": csv, "-f": file}
    source, *others = [name for name, value in given.items() if value] or [""]
    if others:
        raise UsageError(f"{source} cannot be combined with {others[0]}")
    # Nothing is written before all requests are valid: half a file would look complete.
    with tempfile.TemporaryFile() as made:
        with _rows(process, source, lines or jsonl or csv or "stdin", file or []) as rows:
            parts = _write(made, maker.requests(rows), split)
        if not parts:
            raise UsageError("no rows")
        _warn_of_size(process, parts)
        _deliver(process, made, output, parts)


@dataclasses.dataclass
class _Part:
    """One file of requests. `size`: in bytes."""

    requests: int = 0
    size: int = 0


class _Maker:
    """Makes requests from rows. Raises UsageError for a placeholder without a value."""

    def __init__(
        self, settings: Settings, words: str, id_field: str | None, schema: str | None
    ) -> None:
        config = settings.config
        self._template: PromptTemplate | None = None
        if config.prompt or config.system:
            self._template = prompt_template(settings.file, settings.resolved)
            system = system_prompt(settings.file, settings.resolved)
            config = dataclasses.replace(config, system=system)
        self._config = dataclasses.replace(_with_schema(config, schema), stream=False)
        self._variables = config.vars or {}
        self._words = words
        self._names = placeholders(words)
        if self._template:
            self._names |= placeholders(self._template.text) - {"prompt"}
        self._id_field = id_field
        self._ids: set[bytes] = set()
        for name in settings.given_variables:
            if name not in self._names:
                raise UsageError(f"--var {name}: there is no {{{name}}} in the prompt")

    def requests(self, rows: Iterable[Row]) -> Iterator[str]:
        """Yield the lines of a batch file."""
        try:
            for row in rows:
                yield request_line(self._id(row), self._body(row))
        except RowError as exc:
            raise UsageError(str(exc)) from exc

    def _body(self, row: Row) -> dict[str, Any]:
        text = self._message(row).text
        if not text.strip():
            raise RowError(row.where, "the prompt is empty")
        system = [Message("system", self._config.system)] if self._config.system else []
        return chat_request(self._config, [*system, Message("user", text)]).to_json()

    def _message(self, row: Row) -> UserMessage:
        values = {**self._variables, "input": row.text, **row.values}
        try:
            words = filled(self._words, values)
        except UnsetPlaceholderError as exc:
            close = closest(exc.name, sorted(values))
            known = ", ".join(f"{{{each}}}" for each in row.values)
            raise UsageError(
                f"{row.where}: no value for {{{exc.name}}}",
                hint=f"did you mean {{{close}}}?" if close else f"a row has {known}",
            ) from exc
        is_used = bool(self._names & {"input", *row.values})
        if self._template is None:
            attachments = [] if is_used else [Attachment(row.name, row.text)]
            return user_message(words, attachments)
        takes_input = self._template.takes_input or not is_used
        attachments = [Attachment(row.name, row.text)] if takes_input else []
        return self._template.message(words, attachments, values)

    def _id(self, row: Row) -> str:
        if self._id_field is None:
            return f"row-{row.number:06d}"
        id_ = row.values.get(self._id_field)
        if id_ is None:
            raise RowError(row.where, f"no field {self._id_field!r} for --id")
        if not is_valid_id(id_):
            raise RowError(row.where, f"the id {id_!r} must be 1 to 64 of A-Z a-z 0-9 _ -")
        if id_.encode() in self._ids:
            raise RowError(row.where, f"the id {id_!r} occurs twice")
        self._ids.add(id_.encode())
        return id_


def _with_schema(config: Config, text: str | None) -> Config:
    if text is None:
        return config
    from srchat.schema import read_schema, response_format  # noqa: PLC0415 - on first use

    format_ = response_format(read_schema(text))
    return dataclasses.replace(config, params={**(config.params or {}), "response_format": format_})


@contextlib.contextmanager
def _rows(
    process: Process, source: str, name: str, files: Sequence[str]
) -> Iterator[Iterator[Row]]:
    """Yield the rows of an option. "" is stdin. Raises UsageError."""
    if source == "-f":
        yield _file_rows(files)
        return
    if not source and is_terminal(process.stdin_fd):
        raise UsageError(
            "no rows", hint="pipe lines in, or use -i FILE, --jsonl FILE, --csv FILE or -f PATH"
        )
    read = {"--jsonl": json_rows, "--csv": csv_rows}.get(source, text_rows)
    with contextlib.ExitStack() as stack:
        try:
            file = open(name if source else process.stdin_fd, "rb", closefd=bool(source))  # noqa: SIM115 - perhaps a descriptor; the stack closes it
            stack.enter_context(file)
        except (OSError, ValueError) as exc:
            raise UsageError(f"cannot read {name}: {reason_of(exc)}") from exc
        yield read(_text_lines(file, name), name)


def _text_lines(stream: BinaryIO, name: str) -> Iterator[str]:
    """Yield lines with their newlines. Raises UsageError if they are not UTF-8."""
    try:
        for number, line in enumerate(stream, 1):
            text = decoded(line, f"{name}:{number}")
            # Only at the start of a file is U+FEFF a byte order mark.
            yield f"\ufeff{text}" if number > 1 and line.startswith(_BOM) else text
    except OSError as exc:
        raise UsageError(f"cannot read {name}: {reason_of(exc)}") from exc


def _file_rows(paths: Sequence[str]) -> Iterator[Row]:
    for number, path in enumerate(paths, 1):
        text = read_file(path).text
        yield Row(number, {"file": text, "name": path}, text, path, path)


def _write(made: IO[bytes], requests: Iterator[str], split: int | None) -> list[_Part]:
    """Write the requests one after the other, and return the parts into which to split them."""
    parts: list[_Part] = []
    for count, line in enumerate(requests):
        if not parts or (split and count % split == 0):
            parts.append(_Part())
        parts[-1].requests += 1
        parts[-1].size += len(line)
        try:
            made.write(line.encode("ascii"))
        except OSError as exc:
            raise OutputError(f"cannot write a temporary file: {reason_of(exc)}") from exc
    return parts


def _warn_of_size(process: Process, parts: Sequence[_Part]) -> None:
    if any(part.requests > _MAX_REQUESTS or part.size > _MAX_BYTES for part in parts):
        process.messages.warning(
            "servers take files of at most 50,000 requests and 200 MB",
            hint="use --split 50000, or fewer",
        )


def _deliver(process: Process, made: IO[bytes], output: str | None, parts: Sequence[_Part]) -> None:
    """Copy the requests to stdout, or to one file per part."""
    made.seek(0)
    if output is None or output == "-":
        while piece := made.read(_PIECE):
            process.stdout.write_bytes(piece)
        return
    start = output.removesuffix(".jsonl")
    end = output[len(start) :]
    names = [f"{start}-{n:03d}{end}" for n in range(1, len(parts) + 1)] if parts[1:] else [output]
    for name, part in zip(names, parts, strict=True):
        try:
            with private_files.replacing(Path(name), keep_mode=True) as file:
                left = part.size
                while left and (piece := made.read(min(left, _PIECE))):
                    left -= file.write(piece)
        except (OSError, ValueError) as exc:
            raise OutputError(f"cannot write {name}: {reason_of(exc)}") from exc
        process.messages.info(f"{counted(part.requests, 'request')}: {name}")
