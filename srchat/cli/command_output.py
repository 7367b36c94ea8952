"""The output of `ask --command`: one command line, or nothing."""

import os
import platform
import shutil
from typing import TYPE_CHECKING, Final

from srchat.cli.ask_output import AskOutput, Failure
from srchat.cli.process import Process
from srchat.errors import IncompleteAnswerError
from srchat.session.session import Session
from srchat.shell_command import NoCommandError, command_in
from srchat.terminal.plain import NullWriter
from srchat.turn_view import AnswerWriter

if TYPE_CHECKING:
    from srchat.cli.output_file import OutputFile

_BUILTINS: Final = frozenset(
    """
    alias bg cd echo eval export fg hash history jobs kill printf pushd popd pwd read set shopt
    source test time type ulimit umask unalias unset wait
    """.split()  # noqa: SIM905 - words read better than quoted strings
)
_OS_NAMES: Final = {"Darwin": "macOS"}


class CommandOutput(AskOutput):
    """Prints the command in an answer. An answer without one is printed to stderr."""

    def __init__(self, process: Process, session: Session, file: "OutputFile | None") -> None:
        super().__init__(process, session, file)
        _ask_for_command(session, process.environ.get("SHELL", ""))

    def open_writer(self) -> AnswerWriter:
        """Return a writer that holds back the answer."""
        return NullWriter()

    def end(self, failure: Failure | None) -> None:
        """Print the command, or raise IncompleteAnswerError."""
        reply = self._session.reply
        if failure or reply is None or reply.finish_reason == "length":
            self._print_on_stderr()
            if failure is None:
                raise IncompleteAnswerError("the command was cut")
            return
        try:
            command = command_in(reply.content, _is_known)
        except NoCommandError as exc:
            self._print_on_stderr()
            raise IncompleteAnswerError(str(exc)) from exc
        writer = super().open_writer()
        writer.write(command)
        writer.close()


def _ask_for_command(session: Session, shell: str) -> None:
    """Add the request for a command to the system prompt."""
    system = platform.system()
    wanted = (
        f"Answer with exactly one {os.path.basename(shell) or 'sh'} command line "  # noqa: PTH119 - of any text
        f"for {_OS_NAMES.get(system, system)}, in a code block, without explanation."
    )
    session.set_system("\n\n".join(filter(None, (session.config.system, wanted))))


def _is_known(word: str) -> bool:
    return word in _BUILTINS or shutil.which(word) is not None
