"""How `ask` prints an answer: rendered or raw, only its code, or as JSON; and into a file."""

from typing import TYPE_CHECKING, Protocol

from srchat.cli.process import Process
from srchat.errors import IncompleteAnswerError, Interrupted, SrchatError
from srchat.session.reply_stream import TurnEvent
from srchat.session.session import Session
from srchat.terminal.code_blocks import CodeWriter
from srchat.terminal.plain import PlainWriter
from srchat.terminal.sanitize import sanitized
from srchat.turn_view import AnswerWriter, open_answer_writer

if TYPE_CHECKING:
    from srchat.cli.answer_document import EventWriter, JSONWriter
    from srchat.cli.output_file import OutputFile
    from srchat.schema import Schema

Failure = SrchatError | Interrupted


class AskOutput(Protocol):
    """Where the turn of an `ask` goes. Raises OutputError or ClosedPipeError.

    `follow_up`: after the end, a prompt to send before the answer can be printed, "" for none.
    """

    follow_up: str

    def open_writer(self) -> AnswerWriter:
        """Return the writer for the answer."""

    def take(self, event: TurnEvent) -> None:
        """Take an event of the turn."""

    def end(self, failure: Failure | None) -> None:
        """End the output; `failure` is what ended the turn, and is raised by the caller."""


def open_output(
    process: Process, session: Session, mode: str, path: str | None, schema: "Schema | None"
) -> AskOutput:
    """Return the output for an option of `ask`; `path`: of the file for the answer.

    Raises UsageError where the file cannot be written.
    """
    file = _opened(process, path) if path is not None else None
    if schema is not None:
        from srchat.cli.schema_output import SchemaOutput  # noqa: PLC0415 - few answers are JSON

        return SchemaOutput(process, session, with_file(PlainWriter(process.stdout), file), schema)
    if mode in ("--json", "--events"):
        from srchat.cli.answer_document import EventWriter, JSONWriter  # noqa: PLC0415 - as above

        kind = JSONWriter if mode == "--json" else EventWriter
        return _DocumentOutput(kind(process, session), file)
    if mode in ("-x", "--code-all"):
        return _CodeOutput(process, session, file, only_first=mode == "-x")
    return _TextOutput(process, session, file, raw=mode == "--raw")


def _opened(process: Process, path: str) -> "OutputFile":
    from srchat.cli.output_file import OutputFile  # noqa: PLC0415 - on first use

    file = OutputFile(path, process.environ)
    process.resources.callback(file.close)
    return file


class _TextOutput:
    """The answer as standard output can show it, or its exact text."""

    follow_up = ""

    def __init__(
        self, process: Process, session: Session, file: "OutputFile | None", *, raw: bool
    ) -> None:
        self._process = process
        self._session = session
        self._file = file
        self._raw = raw

    def open_writer(self) -> AnswerWriter:
        return with_file(self._open(), self._file)

    def take(self, event: TurnEvent) -> None:
        pass

    def end(self, failure: Failure | None) -> None:
        pass

    def _open(self) -> AnswerWriter:
        session = self._session
        if self._raw:
            return PlainWriter(self._process.stdout)
        theme = session.config.code_theme
        return open_answer_writer(self._process.stdout, theme, lambda: session.signum is not None)


class _DocumentOutput:
    """JSON on standard output; the answer itself goes only into the file."""

    follow_up = ""

    def __init__(self, writer: "JSONWriter | EventWriter", file: "OutputFile | None") -> None:
        self._writer = writer
        self._file = file
        self.take = writer.take
        self.end = writer.end

    def open_writer(self) -> AnswerWriter:
        return with_file(self._writer, self._file)


class _CodeOutput:
    """The code blocks of the answer; an answer without one goes to standard error."""

    follow_up = ""

    def __init__(
        self, process: Process, session: Session, file: "OutputFile | None", *, only_first: bool
    ) -> None:
        self._process = process
        self._session = session
        self._only_first = only_first
        writer = with_file(PlainWriter(process.stdout), file)
        self._writer = CodeWriter(writer, only_first=only_first)

    def open_writer(self) -> AnswerWriter:
        return self._writer

    def take(self, event: TurnEvent) -> None:
        pass

    def end(self, failure: Failure | None) -> None:
        messages, reply, count = self._process.messages, self._session.reply, self._writer.count
        if reply and reply.text and not count:
            # Not on standard output, where code is expected; and not lost either.
            messages.write_raw(sanitized(reply.content).rstrip("\n") + "\n")
        if count > 1 and self._only_first:
            messages.warning(
                f"printed the first of {count} code blocks", hint="--code-all prints all of them"
            )
        if not count and failure is None:
            raise IncompleteAnswerError("the answer has no code block; its text is above")


def with_file(writer: AnswerWriter, file: "OutputFile | None") -> AnswerWriter:
    """Return a writer that also writes into a file, if there is one."""
    return file.beside(writer) if file else writer
