"""Every way srchat can fail, as one tree; each failure knows its exit code.

SrchatError                     1    anything not foreseen
├─ UsageError                   2    the command line asks for something impossible
├─ ConfigError                  3    the configuration is broken or a value is not allowed
│  └─ MissingKeyError           4    the server needs a key and there is none that may be sent
├─ APIError                     6    the server, or the way to it, failed
│  ├─ APIConnectionError        8    no connection: DNS, refused, TLS, proxy
│  │  ├─ APITimeoutError        8    nothing came for too long
│  │  │  └─ TextTimeoutError    8    only signs of life came; not retried
│  │  └─ CertificateError       8    the server cannot show that it is who it should be
│  ├─ APIStatusError            5    the server refused the request (any other 4xx)
│  │  ├─ AuthenticationError    4    401, 403
│  │  ├─ RateLimitError         7    429
│  │  └─ ServerError            6    5xx
│  ├─ ProtocolError             6    a 200 that is no answer: HTML, garbage, nothing
│  └─ IncompleteAnswerError     6    the answer broke off, was filtered or is empty
├─ StoreError                   9    the history store cannot be used
│  ├─ StoreBusyError            9    another process has it locked
│  └─ BrokenStoreError          9    its file is damaged
├─ OutputError                 74    standard output cannot be written
└─ ClosedPipeError            141    the reader of standard output has gone (`| head`)

Interrupted           129 130 143    SIGHUP, SIGINT, SIGTERM; not a failure, so beside the tree

Names follow openai-python's. A foreign exception becomes one of these where the
foreign library is called; `srchat.cli.app.main` turns them into an exit code.
"""

import signal
from collections.abc import Mapping
from enum import IntEnum
from typing import Final


class ExitCode(IntEnum):
    """What the shell is told; the table stands in the manual page."""

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
    """A failure: a message of one line, and what to do next, in lines of their own."""

    exit_code = ExitCode.UNEXPECTED

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


def reason_of(exc: Exception) -> str:
    """Return why a foreign call failed: in the system's words, else in the exception's own."""
    if isinstance(exc, MemoryError):
        return "out of memory"
    return (exc.strerror if isinstance(exc, OSError) else None) or str(exc)


def broken_installation(exc: Exception, environ: Mapping[str, str]) -> SrchatError:
    """Return the error for a missing or incompatible package."""
    hint = "reinstall srchat; SRCHAT_DEBUG=1 prints the traceback"
    if environ.get("PYTHONPATH"):  # it comes before what was installed, also for pipx and uv
        hint = f"unset PYTHONPATH, which may name another version, or {hint}"
    return SrchatError(f"cannot start: {type(exc).__name__}: {exc}", hint=hint)


class UsageError(SrchatError):
    """The command line asks for something that cannot be done."""

    exit_code = ExitCode.USAGE


class ConfigError(SrchatError):
    """The configuration file, a variable or an option holds a value that is not allowed."""

    exit_code = ExitCode.CONFIG


class MissingKeyError(ConfigError):
    """The server needs a key, and there is none that may be sent to it."""

    exit_code = ExitCode.AUTHENTICATION


class APIError(SrchatError):
    """The server, or the way to it, failed."""

    exit_code = ExitCode.SERVER


class APIConnectionError(APIError):
    """No connection: name not found, refused, TLS, proxy, or lost before the answer began.

    `is_unreachable`: no connection was made at all, so no other request can succeed either.
    """

    exit_code = ExitCode.NETWORK
    is_unreachable = False


class APITimeoutError(APIConnectionError):
    """Nothing came from the server for longer than the timeout."""


class TextTimeoutError(APITimeoutError):
    """The server showed signs of life for ten timeouts, and sent no text; not retried."""


class CertificateError(APIConnectionError):
    """A certificate is not trusted, or the server wants one of ours; retrying cannot help."""


class APIStatusError(APIError):
    """The server answered with an error status.

    `status` is the HTTP status; `code` and `type` are the protocol's words for it, "" if none.
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
    """401 or 403: the key is missing, wrong, or may not do this."""

    exit_code = ExitCode.AUTHENTICATION


class RateLimitError(APIStatusError):
    """429: too many requests or tokens."""

    exit_code = ExitCode.RATE_LIMIT


class ServerError(APIStatusError):
    """5xx: the server, the model behind it or the gateway failed."""

    exit_code = ExitCode.SERVER


class ProtocolError(APIError):
    """The server said 200 and sent something that is not an answer."""


class IncompleteAnswerError(APIError):
    """The answer broke off, was stopped by a filter, or is empty. What came is kept."""


class StoreError(SrchatError):
    """The history store cannot be used."""

    exit_code = ExitCode.STORE


class StoreBusyError(StoreError):
    """Another process has the store locked; trying again later may help."""


class BrokenStoreError(StoreError):
    """The store's file is damaged, or is not what it should be."""


class OutputError(SrchatError):
    """Standard output cannot be written: disk full, closed, or an I/O error."""

    exit_code = ExitCode.OUTPUT


class ClosedPipeError(SrchatError):
    """The reader of standard output has gone; nothing is said about it."""

    exit_code = ExitCode.CLOSED_PIPE


class Interrupted(BaseException):
    """A signal asked srchat to end.

    Like KeyboardInterrupt not an Exception: code that handles failures lets it pass.
    """

    def __init__(self, signum: int) -> None:
        words = {signal.SIGTERM: "terminated", signal.SIGHUP: "hung up"}
        self.message = words.get(signal.Signals(signum), "interrupted")
        self.hint = ""
        self.signum = signum
        self.exit_code = ExitCode(128 + signum)
        super().__init__(self.message)
