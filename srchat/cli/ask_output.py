"""How `ask` prints an answer: rendered or raw, only its code, or as JSON; and into a file."""

from typing import Protocol

from srchat.cli.answer_document import EventWriter, Failure, JSONWriter
from srchat.cli.output_file import OutputFile, TeeWriter
from srchat.cli.process import Process
from srchat.errors import IncompleteAnswerError
from srchat.schema import Schema, json_text, problems
from srchat.session.reply_stream import TurnEvent
from srchat.session.session import Session
from srchat.terminal.code_blocks import CodeWriter
from srchat.terminal.plain import NullWriter, PlainWriter
from srchat.terminal.sanitize import sanitized
from srchat.turn_view import AnswerWriter, open_answer_writer


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
    process: Process, session: Session, mode: str, path: str | None, schema: Schema | None
) -> AskOutput:
    """Return the output for an option of `ask`; `path`: of the file for the answer.

    Raises UsageError where the file cannot be written.
    """
    file = OutputFile(path, process.environ) if path is not None else None
    if file:
        process.resources.callback(file.close)
    if schema is not None:
        return _SchemaOutput(process, session, file, schema)
    if mode == "--json":
        return _DocumentOutput(JSONWriter(process, session), file)
    if mode == "--events":
        return _DocumentOutput(EventWriter(process, session), file)
    if mode in ("-x", "--code-all"):
        return _CodeOutput(process, session, file, only_first=mode == "-x")
    return _TextOutput(process, session, file, raw=mode == "--raw")


class _TextOutput:
    """The answer as standard output can show it, or its exact text."""

    follow_up = ""

    def __init__(
        self, process: Process, session: Session, file: OutputFile | None, *, raw: bool
    ) -> None:
        self._process = process
        self._session = session
        self._file = file
        self._raw = raw

    def open_writer(self) -> AnswerWriter:
        return _with_file(self._open(), self._file)

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

    def __init__(self, writer: JSONWriter | EventWriter, file: OutputFile | None) -> None:
        self._writer = writer
        self._file = file
        self.take = writer.take
        self.end = writer.end

    def open_writer(self) -> AnswerWriter:
        return _with_file(self._writer, self._file)


class _CodeOutput:
    """The code blocks of the answer; an answer without one goes to standard error."""

    follow_up = ""

    def __init__(
        self, process: Process, session: Session, file: OutputFile | None, *, only_first: bool
    ) -> None:
        self._process = process
        self._session = session
        self._only_first = only_first
        writer = _with_file(PlainWriter(process.stdout), file)
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


class _SchemaOutput(NullWriter):
    """JSON that fits a schema, or else the answer on standard error.

    An answer that does not fit is sent back once, with what is wrong.
    """

    def __init__(
        self, process: Process, session: Session, file: OutputFile | None, schema: Schema
    ) -> None:
        self.follow_up = ""
        self._process = process
        self._session = session
        self._schema = schema
        self._writer = _with_file(PlainWriter(process.stdout), file)

    def open_writer(self) -> AnswerWriter:
        return self

    def take(self, event: TurnEvent) -> None:
        pass

    def end(self, failure: Failure | None) -> None:
        reply = self._session.reply
        text = json_text(reply.content) if reply else ""
        found = problems(self._schema, text) if failure is None else []
        if failure is None and not found:
            self.follow_up = ""
            self._writer.write(text)
            self._writer.close()
            return
        can_be_mended = reply is not None and reply.finish_reason != "length"
        if failure is None and can_be_mended and not self.follow_up:
            self._process.messages.info(f"the answer does not fit the schema: {found[0]}")
            self.follow_up = (
                "Your answer does not fit the JSON schema. Answer again with nothing but the "
                "corrected JSON. What is wrong:\n" + "\n".join(found)
            )
            return
        self.follow_up = ""
        if reply and reply.text:
            self._process.messages.write_raw(sanitized(reply.content).rstrip("\n") + "\n")
        if failure is None:
            raise IncompleteAnswerError(f"the answer does not fit the schema: {found[0]}")


def _with_file(writer: AnswerWriter, file: OutputFile | None) -> AnswerWriter:
    return TeeWriter(writer, file) if file else writer
