"""The process of a command: environment, streams, and resources to close."""

import contextlib
import sys
from collections.abc import Mapping

from srchat.api.key import redacted
from srchat.terminal.streams import Messages, Output, is_file, is_terminal


class Process:
    """Environment and standard streams. `resources` are closed at the end.

    `is_verbose`: log requests and responses.
    """

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.environ = environ
        encoding = sys.stdout.encoding if sys.stdout else "utf-8"
        self.stdin_fd = 0
        self.stdout = Output(1, environ, encoding)
        self.stderr = Output(2, environ, encoding)
        self.messages = Messages(self.stderr)
        self.messages.shares_screen = self.stdout.is_terminal and self.stderr.is_terminal
        self.messages.has_own_screen = is_file(self.stdout.fd)
        self.is_verbose = False
        self._secrets: dict[str, None] = {}  # in order of insertion
        self.resources = contextlib.ExitStack()

    @property
    def terminal(self) -> Output | None:
        """The stream on a terminal for a user who types, None if there is none."""
        if not is_terminal(self.stdin_fd):
            return None
        return next((out for out in (self.stdout, self.stderr) if out.is_terminal), None)

    def log(self, line: str) -> None:
        """Print a line of the log with --verbose."""
        if self.is_verbose:
            self.messages.print(line)

    def print_json(self, value: object, indent: int | None = 2) -> None:
        """Print JSON, escaped to ASCII: lossless, and safe on a terminal. Raises OutputError."""
        import json  # noqa: PLC0415 - not for --version

        self.stdout.write(json.dumps(value, indent=indent) + "\n")

    def redact(self, secret: str) -> None:
        """Redact a secret in all messages from now on."""
        self._secrets[secret] = None
        self.messages.redact = lambda text: redacted(text, self._secrets)

    def close(self) -> None:
        """Close connections and files."""
        self.resources.close()
