"""The answer of `ask --schema`: JSON that fits, or nothing."""

from srchat.cli.process import Process
from srchat.errors import IncompleteAnswerError, Interrupted, SrchatError
from srchat.schema import Schema, json_text, problems
from srchat.session.reply_stream import TurnEvent
from srchat.session.session import Session
from srchat.terminal.plain import NullWriter
from srchat.terminal.sanitize import sanitized
from srchat.turn_view import AnswerWriter


class SchemaOutput(NullWriter):
    """Prints JSON that fits a schema, or else the answer on standard error.

    An answer that does not fit is sent back once, with what is wrong: `follow_up`.
    """

    def __init__(
        self, process: Process, session: Session, writer: AnswerWriter, schema: Schema
    ) -> None:
        self.follow_up = ""
        self._process = process
        self._session = session
        self._schema = schema
        self._writer = writer

    def open_writer(self) -> AnswerWriter:
        """Return a writer that keeps the answer back."""
        return self

    def take(self, event: TurnEvent) -> None:
        """Ignore an event; the session keeps the reply."""

    def end(self, failure: SrchatError | Interrupted | None) -> None:
        """Print the JSON, ask for a repair, or raise IncompleteAnswerError."""
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
