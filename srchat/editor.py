"""The user's editor, opened on a file."""

import shlex
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path

from srchat.errors import UsageError


def open_in_editor(path: Path, environ: Mapping[str, str]) -> int:
    """Let the user edit a file in `$VISUAL` or `$EDITOR`; return the editor's exit code.

    Ctrl-C is the editor's alone meanwhile. Raises UsageError where there is no editor.
    """
    try:
        command = shlex.split(environ.get("VISUAL") or environ.get("EDITOR") or "vi")
    except ValueError as exc:
        raise UsageError(f"VISUAL or EDITOR cannot be read: {exc}") from exc
    # Not SIG_IGN: that would be inherited, and the editor could not be stopped either.
    before = signal.signal(signal.SIGINT, lambda _number, _frame: None)
    try:
        return subprocess.call([*command, str(path)])  # noqa: S603 - the user's own editor
    except (OSError, ValueError, IndexError) as exc:
        reason = exc.strerror if isinstance(exc, OSError) else str(exc)
        name = command[0] if command else "''"
        raise UsageError(f"cannot start the editor {name}: {reason}", hint="set EDITOR") from exc
    finally:
        signal.signal(signal.SIGINT, before)
