"""Runs `api_key_command`, for example of a password manager, and returns the key it prints.

The command runs without a shell. Its output is never shown. It may prompt on the terminal
through stderr; stdin is not passed on, because it may be the question to the model.
"""

import contextlib
import os
import select
import subprocess
import time
from collections.abc import Sequence
from typing import Final

from srchat.errors import MissingKeyError

_COMMAND_TIMEOUT: Final = 60.0  # seconds; the user may have to type a passphrase
_STOP_GRACE: Final = 0.5  # seconds
_MAX_OUTPUT_BYTES: Final = 64 * 1024


def run_key_command(
    command: Sequence[str], timeout: float = _COMMAND_TIMEOUT, stop_grace: float = _STOP_GRACE
) -> str:
    """Run a command and return its output.

    `timeout`: seconds. `stop_grace`: seconds between SIGTERM and SIGKILL after a timeout.

    Raises MissingKeyError, which names the program but never its arguments or output.
    """
    name = command[0]
    try:
        process = subprocess.Popen(  # noqa: S603 - the user's own command
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, bufsize=0
        )
    except (OSError, ValueError) as exc:
        reason = exc.strerror if isinstance(exc, OSError) else "it contains a NUL byte"
        raise MissingKeyError(f"cannot run the api_key_command {name!r}: {reason}") from exc
    deadline = time.monotonic() + timeout
    try:
        output = _read_output(process, deadline)
        code = process.wait(max(0.0, deadline - time.monotonic()))
    except (TimeoutError, subprocess.TimeoutExpired):
        raise MissingKeyError(
            f"the api_key_command {name!r} timed out after {timeout:g} s"
        ) from None
    except ValueError:
        raise MissingKeyError(f"the api_key_command {name!r} printed too much for a key") from None
    finally:
        if process.stdout:  # pragma: no branch - always a pipe; for mypy
            process.stdout.close()
        _stop(process, stop_grace)
    if code:
        raise MissingKeyError(f"the api_key_command {name!r} {_exit_text(code)}")
    if not output.strip():
        raise MissingKeyError(f"the api_key_command {name!r} printed nothing")
    return output.decode("utf-8", "replace")


def _read_output(process: "subprocess.Popen[bytes]", deadline: float) -> bytes:
    """Read stdout to its end. Raises TimeoutError, and ValueError for too much output."""
    output = bytearray()
    fd = process.stdout.fileno() if process.stdout else -1
    while len(output) <= _MAX_OUTPUT_BYTES:
        if not select.select([fd], [], [], max(0.0, deadline - time.monotonic()))[0]:
            raise TimeoutError
        if not (chunk := os.read(fd, _MAX_OUTPUT_BYTES)):
            return bytes(output)
        output += chunk
    raise ValueError


def _stop(process: "subprocess.Popen[bytes]", grace: float) -> None:
    """Wait, then terminate, then kill the command, with `grace` seconds between the steps.

    After Ctrl-C, which it has received too, it first gets time to turn the echo back on.
    """
    for stop in (process.terminate, process.kill):
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(grace)
        stop()  # does nothing if it has exited
    process.wait()


def _exit_text(code: int) -> str:
    return f"failed with exit code {code}" if code > 0 else f"was killed by signal {-code}"
