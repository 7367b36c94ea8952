"""`api_key_command`: a command of the user's, like a password manager's, that prints the key.

It is run without a shell. What it prints is never shown. It has the terminal's standard
error to ask on, but not standard input: that may be the question to the model.
"""

import contextlib
import os
import select
import subprocess
import time
from collections.abc import Sequence
from typing import Final

from srchat.errors import MissingKeyError

_TIME_LIMIT: Final = 60.0  # seconds; somebody may have to type a passphrase
_GRACE: Final = 0.5  # seconds
_MOST: Final = 64 * 1024


def key_printed_by(command: Sequence[str], time_limit: float = _TIME_LIMIT) -> str:
    """Run a command and return what it prints.

    Raises MissingKeyError, which names the program and never its arguments or its output.
    """
    name = command[0]
    try:
        process = subprocess.Popen(  # noqa: S603 - the user's own command
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, bufsize=0
        )
    except (OSError, ValueError) as exc:
        reason = exc.strerror if isinstance(exc, OSError) else "it contains a NUL byte"
        raise MissingKeyError(f"cannot run the api_key_command {name!r}: {reason}") from exc
    end = time.monotonic() + time_limit
    try:
        output = _output(process, end)
        code = process.wait(max(0.0, end - time.monotonic()))
    except (TimeoutError, subprocess.TimeoutExpired):
        raise MissingKeyError(
            f"the api_key_command {name!r} timed out after {time_limit:g} s"
        ) from None
    except ValueError:
        raise MissingKeyError(f"the api_key_command {name!r} printed too much for a key") from None
    finally:
        if process.stdout:  # pragma: no branch - said to mypy: it is a pipe
            process.stdout.close()
        _end(process)
    if code:
        raise MissingKeyError(f"the api_key_command {name!r} {_ended(code)}")
    if not output.strip():
        raise MissingKeyError(f"the api_key_command {name!r} printed nothing")
    return output.decode("utf-8", "replace")


def _output(process: "subprocess.Popen[bytes]", end: float) -> bytes:
    """Read all that the command prints. Raises TimeoutError, and ValueError for too much."""
    output = bytearray()
    fd = process.stdout.fileno() if process.stdout else -1
    while len(output) <= _MOST:
        if not select.select([fd], [], [], max(0.0, end - time.monotonic()))[0]:
            raise TimeoutError
        if not (part := os.read(fd, _MOST)):
            return bytes(output)
        output += part
    raise ValueError


def _end(process: "subprocess.Popen[bytes]") -> None:
    """See to it that the command has ended; first it may give back the echo of the terminal.

    Ctrl-C has told it, too.
    """
    for end_it in (process.terminate, process.kill):
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_GRACE)
        end_it()  # does nothing to one that has ended
    process.wait()


def _ended(code: int) -> str:
    return f"failed with exit code {code}" if code > 0 else f"was killed by signal {-code}"
