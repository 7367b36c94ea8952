"""The outputs of `ask`: rendered or raw, only the code, or as JSON; and to a file."""

from typing import TYPE_CHECKING

from srchat.cli.process import Process
from srchat.errors import IncompleteAnswerError, Interrupted, SrchatError
from srchat.session.reply_stream import TurnEvent
from srchat.session.session import Session
from srchat.terminal.plain import PlainWriter
from srchat.terminal.sanitize import sanitized
from srchat.turn_view import AnswerWriter, open_answer_writer

if TYPE_CHECKING:
    from srchat.cli.output_file import OutputFile
    from srchat.schema import Schema

Failure = SrchatError | Interrupted


class AskOutput:
    """Base class of the outputs of `ask`, which prints the exact text.

    `follow_up`: a prompt to send before the answer can be printed, "" if none; set by `end`.
    All methods raise OutputError or ClosedPipeError.
    """

    def __init__(self, process: Process, session: Session, file: "OutputFile | None") -> None:
        self.follow_up = ""
        self._process = process
        self._session = session
        self._file = file

    def open_writer(self) -> AnswerWriter:
        """Return the writer for the answer."""
        return self._with_file(PlainWriter(self._process.stdout))

    def take(self, event: TurnEvent) -> None:
        """Handle an event of the turn."""

    def end(self, failure: Failure | None) -> None:
        """End the output. `failure`: the exception that ended the turn; the caller raises it."""

    def _with_file(self, writer: AnswerWriter) -> AnswerWriter:
        return self._file.beside(writer) if self._file else writer

    def _print_on_stderr(self) -> None:
        """Print an answer without the expected result to stderr, so that it is not lost."""
        if self._session.reply and self._session.reply.text:
            text = sanitized(self._session.reply.content)
            self._process.messages.write_raw(text.rstrip("\n") + "\n")


def open_output(
    process: Process, session: Session, mode: str, path: str | None, schema: "Schema | None"
) -> AskOutput:
    """Return the output for an option of `ask`. `path`: of the file for the answer.

    Raises UsageError if the file cannot be written.
    """
    file = _opened(process, path) if path is not None else None
    if schema is not None:
        from srchat.cli.schema_output import SchemaOutput  # noqa: PLC0415 - few answers are JSON

        return SchemaOutput(process, session, file, schema)
    if mode == "--command":
        from srchat.cli.command_output import CommandOutput  # noqa: PLC0415 - as above

        return CommandOutput(process, session, file)
    if mode in ("--json", "--events"):
        from srchat.cli.answer_document import EventOutput, JSONOutput  # noqa: PLC0415 - as above

        return (JSONOutput if mode == "--json" else EventOutput)(process, session, file)
    if mode in ("-x", "--code-all"):
        return _CodeOutput(process, session, file, only_first=mode == "-x")
    return (AskOutput if mode == "--raw" else _RenderedOutput)(process, session, file)


def _opened(process: Process, path: str) -> "OutputFile":
    from srchat.cli.output_file import OutputFile  # noqa: PLC0415 - few answers go into a file

    file = OutputFile(path, process.environ)
    process.resources.callback(file.close)
    return file


class _RenderedOutput(AskOutput):
    """The answer, rendered on a terminal."""

    def open_writer(self) -> AnswerWriter:
        session, stdout = self._session, self._process.stdout
        theme = session.config.code_theme
        return self._with_file(
            open_answer_writer(stdout, theme, lambda: session.signum is not None)
        )


class _CodeOutput(AskOutput):
    """The code blocks of the answer. An answer without any is printed to stderr."""

    def __init__(
        self, process: Process, session: Session, file: "OutputFile | None", *, only_first: bool
    ) -> None:
        from srchat.terminal.code_blocks import CodeWriter  # noqa: PLC0415 - few answers need it

        super().__init__(process, session, file)
        self._only_first = only_first
        self._writer = CodeWriter(super().open_writer(), only_first=only_first)

    def open_writer(self) -> AnswerWriter:
        return self._writer

    def end(self, failure: Failure | None) -> None:
        count = self._writer.count
        if not count:
            self._print_on_stderr()
        if count > 1 and self._only_first:
            self._process.messages.warning(
                f"printed the first of {count} code blocks", hint="--code-all prints all of them"
            )
        if not count and failure is None:
            raise IncompleteAnswerError("the answer has no code block; its text is above")
