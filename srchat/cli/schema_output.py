"""The output of `ask --schema`: valid JSON, or nothing."""

from typing import TYPE_CHECKING

from srchat.cli.ask_output import AskOutput, Failure
from srchat.cli.process import Process
from srchat.errors import IncompleteAnswerError
from srchat.schema import Schema, json_text, problems
from srchat.session.session import Session
from srchat.terminal.plain import NullWriter
from srchat.turn_view import AnswerWriter

if TYPE_CHECKING:
    from srchat.cli.output_file import OutputFile


class SchemaOutput(AskOutput):
    """Prints JSON that fits a schema. Any other answer is printed to stderr.

    An invalid answer is sent back once with its problems: see `follow_up`.
    """

    def __init__(
        self, process: Process, session: Session, file: "OutputFile | None", schema: Schema
    ) -> None:
        super().__init__(process, session, file)
        self._schema = schema

    def open_writer(self) -> AnswerWriter:
        """Return a writer that holds back the answer."""
        return NullWriter()

    def end(self, failure: Failure | None) -> None:
        """Print the JSON, ask for a repair, or raise IncompleteAnswerError."""
        was_repaired, self.follow_up = bool(self.follow_up), ""
        reply = self._session.reply
        if failure or reply is None:
            self._print_on_stderr()
            return
        text = json_text(reply.content)
        found = problems(self._schema, text)
        if not found:
            writer = super().open_writer()
            writer.write(text)
            writer.close()
        elif was_repaired or reply.finish_reason == "length":
            self._print_on_stderr()
            raise IncompleteAnswerError(f"the answer does not fit the schema: {found[0]}")
        else:
            self._process.messages.info(f"the answer does not fit the schema: {found[0]}")
            self.follow_up = (
                "Your answer does not fit the JSON schema. Answer again with nothing but the "
                "corrected JSON. What is wrong:\n" + "\n".join(found)
            )
