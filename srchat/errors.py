"""The exception hierarchy of srchat, with the exit code of each class.

SrchatError                     1    unexpected failure
├─ UsageError                   2    the command line is invalid
├─ ConfigError                  3    the configuration is invalid
│  └─ MissingKeyError           4    no key may be sent to a server that needs one
├─ APIError                     6    the server or the connection to it failed
│  ├─ APIConnectionError        8    no connection: DNS, refused, TLS, proxy
│  │  ├─ APITimeoutError        8    no data for too long
│  │  │  └─ TextTimeoutError    8    only keep-alives; not retried
│  │  └─ CertificateError       8    the certificate is not trusted
│  ├─ APIStatusError            5    the server rejected the request (any other 4xx)
│  │  ├─ AuthenticationError    4    401, 403
│  │  ├─ RateLimitError         7    429
│  │  └─ ServerError            6    5xx
│  ├─ ProtocolError             6    a 200 without an answer: HTML, invalid data, empty
│  └─ IncompleteAnswerError     6    the answer is truncated, filtered or empty
├─ StoreError                   9    the history cannot be used
│  ├─ StoreBusyError            9    another process has locked it
│  └─ BrokenStoreError          9    its file is damaged
├─ OutputError                 74    stdout cannot be written
└─ ClosedPipeError            141    the reader of stdout has closed it (`| head`)

Interrupted           129 130 143    SIGHUP, SIGINT, SIGTERM; not an Exception

Names follow openai-python. Foreign exceptions are translated where the foreign library is called;
`srchat.cli.app.main` turns these into an exit code.
"""

import signal
from collections.abc import Mapping
from enum import IntEnum
from typing import Final


class ExitCode(IntEnum):
    """The exit codes, as documented in the manual page."""

    DONE = 0
    UNEXPECTED = 1
    USAGE = 2
    CONFIG = 3
    AUTHENTICATION = 4
    REFUSED = 5
    SERVER = 6
    RATE_LIMIT = 7
    NETWORK = 8
    STORE = 9
    OUTPUT = 74
    HANGUP = 129
    INTERRUPT = 130
    CLOSED_PIPE = 141
    TERMINATED = 143


EXIT_MEANINGS: Final = {
    ExitCode.DONE: "Success; also when the answer was cut at max_tokens, with a warning.",
    ExitCode.UNEXPECTED: "Unexpected error.",
    ExitCode.USAGE: "Usage error.",
    ExitCode.CONFIG: "Configuration error: an invalid value or an unreadable file.",
    ExitCode.AUTHENTICATION: "The API key is missing, or was refused (401, 403).",
    ExitCode.REFUSED: "The server refused the request (any other 4xx).",
    ExitCode.SERVER: "The server failed (5xx), or the answer is incomplete or empty.",
    ExitCode.RATE_LIMIT: "Too many requests or tokens (429).",
    ExitCode.NETWORK: "Network error: DNS, connection, TLS, proxy, timeout.",
    ExitCode.STORE: "The history cannot be used.",
    ExitCode.OUTPUT: "Standard output cannot be written.",
    ExitCode.HANGUP: "Hung up (SIGHUP).",
    ExitCode.INTERRUPT: "Interrupted (SIGINT, Ctrl-C).",
    ExitCode.CLOSED_PIPE: "The reader of standard output closed the pipe (| head).",
    ExitCode.TERMINATED: "Terminated (SIGTERM).",
}


class SrchatError(Exception):
    """A failure: a message of one line, and a hint of any number of lines."""

    exit_code = ExitCode.UNEXPECTED

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


def reason_of(exc: Exception) -> str:
    """Return the reason of a foreign exception, in the system's words if it has any."""
    return (exc.strerror if isinstance(exc, OSError) else None) or str(exc)


def broken_installation(exc: Exception, environ: Mapping[str, str]) -> SrchatError:
    """Return the error for a missing or incompatible package."""
    hint = "reinstall srchat; SRCHAT_DEBUG=1 prints the traceback"
    if environ.get("PYTHONPATH"):  # takes precedence over installed packages, even with pipx and uv
        hint = f"unset PYTHONPATH, which may name another version, or {hint}"
    return SrchatError(f"cannot start: {type(exc).__name__}: {exc}", hint=hint)


class UsageError(SrchatError):
    """The command line is invalid."""

    exit_code = ExitCode.USAGE


class ConfigError(SrchatError):
    """A value in the configuration file, a variable or an option is invalid."""

    exit_code = ExitCode.CONFIG


class MissingKeyError(ConfigError):
    """The server needs a key, and none may be sent to it."""

    exit_code = ExitCode.AUTHENTICATION


class APIError(SrchatError):
    """The server or the connection to it failed."""

    exit_code = ExitCode.SERVER


class APIConnectionError(APIError):
    """No connection (DNS, refused, TLS, proxy), or it was lost before the answer.

    `is_unreachable`: no connection was established, so other requests would fail, too.
    """

    exit_code = ExitCode.NETWORK
    is_unreachable = False


class APITimeoutError(APIConnectionError):
    """No data from the server within the timeout."""


class TextTimeoutError(APITimeoutError):
    """Only keep-alives for ten timeouts, but no text; not retried."""


class CertificateError(APIConnectionError):
    """The certificate is not trusted, or the server requires ours; retrying cannot help."""


class APIStatusError(APIError):
    """The server responded with an error status.

    `status`: HTTP status. `code`, `type`: of the protocol's error object, "" if none.
    """

    exit_code = ExitCode.REFUSED

    def __init__(
        self, message: str, *, status: int, code: str = "", type: str = "", hint: str = ""
    ) -> None:
        super().__init__(message, hint=hint)
        self.status = status
        self.code = code
        self.type = type


class AuthenticationError(APIStatusError):
    """401 or 403: the key is missing, invalid, or lacks permission."""

    exit_code = ExitCode.AUTHENTICATION


class RateLimitError(APIStatusError):
    """429: too many requests or tokens."""

    exit_code = ExitCode.RATE_LIMIT


class ServerError(APIStatusError):
    """5xx: the server, the model or the gateway failed."""

    exit_code = ExitCode.SERVER


class ProtocolError(APIError):
    """A response with status 200 that is not an answer."""


class IncompleteAnswerError(APIError):
    """The answer is truncated, filtered or empty. The text so far is kept.

    `status`, `type`: of an error that the server sent in the answer; None and "" if unknown.
    """

    def __init__(
        self, message: str, *, status: int | None = None, type: str = "", hint: str = ""
    ) -> None:
        super().__init__(message, hint=hint)
        self.status = status
        self.type = type


class StoreError(SrchatError):
    """The history cannot be used."""

    exit_code = ExitCode.STORE


class StoreBusyError(StoreError):
    """Another process has locked the history; retrying may help."""


class BrokenStoreError(StoreError):
    """The history file is damaged or is not a history."""


class OutputError(SrchatError):
    """stdout cannot be written: disk full, closed, or an I/O error."""

    exit_code = ExitCode.OUTPUT


class ClosedPipeError(SrchatError):
    """The reader of stdout has closed it; not reported."""

    exit_code = ExitCode.CLOSED_PIPE


class Interrupted(BaseException):
    """A signal asked srchat to end.

    Like KeyboardInterrupt it is not an Exception, so that error handlers do not catch it.
    """

    def __init__(self, signum: int) -> None:
        words = {signal.SIGTERM: "terminated", signal.SIGHUP: "hung up"}
        self.message = words.get(signal.Signals(signum), "interrupted")
        self.hint = ""
        self.signum = signum
        self.exit_code = ExitCode(128 + signum)
        super().__init__(self.message)
