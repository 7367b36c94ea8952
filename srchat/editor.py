"""Opens the user's editor."""

import contextlib
import os
import shlex
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

from srchat.errors import UsageError, reason_of
from srchat.signals import ctrl_c_left_to_child


def open_in_editor(path: Path, environ: Mapping[str, str]) -> int:
    """Open a file in `$VISUAL` or `$EDITOR` and return the editor's exit code.

    The editor gets the terminal even if stdin or stdout is a pipe or a file.
    Raises UsageError if no editor is found.
    """
    try:
        command = shlex.split(environ.get("VISUAL") or environ.get("EDITOR") or "") or ["vi"]
    except ValueError as exc:
        raise UsageError(f"cannot parse VISUAL or EDITOR: {exc}") from exc
    try:
        with ctrl_c_left_to_child(), _terminal() as (stdin, stdout):
            return subprocess.call([*command, str(path)], stdin=stdin, stdout=stdout)  # noqa: S603 - the user's own editor
    except (OSError, ValueError) as exc:
        reason = reason_of(exc)
        raise UsageError(
            f"cannot start the editor {command[0]}: {reason}", hint="set EDITOR"
        ) from exc


@contextlib.contextmanager
def _terminal() -> Iterator[tuple[int, int]]:
    """Yield file descriptors for the editor's stdin and stdout, the terminal if there is one."""
    try:
        terminal = os.open("/dev/tty", os.O_RDWR)
    except OSError:  # no terminal
        terminal = -1
    beside = 2 if terminal < 0 else terminal  # stdout is reserved for the answer
    try:
        yield (
            0 if terminal < 0 or os.isatty(0) else terminal,
            1 if os.isatty(1) else beside,
        )
    finally:
        if terminal >= 0:
            os.close(terminal)
