"""Opens and checks the batch file of a command."""

import contextlib
import shutil
import tempfile
from pathlib import Path
from typing import BinaryIO

from srchat.batch.request_file import FileCheck, lines_of
from srchat.cli.process import Process
from srchat.errors import UsageError, reason_of


def open_batch_file(process: Process, path: str, stack: contextlib.ExitStack) -> BinaryIO:
    """Return the file, or a copy of stdin for `-`. Raises UsageError."""
    name = "standard input" if path == "-" else path
    try:
        if path != "-":
            return stack.enter_context(Path(path).open("rb"))
        copy = stack.enter_context(tempfile.TemporaryFile())  # noqa: SIM115 - the stack closes it
        with open(process.stdin_fd, "rb", closefd=False) as stdin:
            shutil.copyfileobj(stdin, copy)
    except (OSError, ValueError) as exc:
        raise UsageError(f"cannot read {name}: {reason_of(exc)}") from exc
    copy.seek(0)
    return copy


def checked_digests(process: Process, file: BinaryIO, path: str) -> dict[bytes, int | None]:
    """Return the digests of all requests by custom_id. Raises UsageError for an invalid file."""
    check = FileCheck()
    name = "stdin" if path == "-" else path
    try:
        for line in lines_of(file.readline):
            check.feed(line)
            if check.is_over:
                break
    except OSError as exc:
        raise UsageError(f"cannot read {name}: {reason_of(exc)}") from exc
    if not check.defects:
        if not check.digests:
            raise UsageError(f"{name} has no requests")
        return dict(check.digests)
    for defect in check.defects:
        process.messages.error(f"{name}:{defect.line}: {defect.reason}")
    count = f"at least {len(check.defects)}" if check.is_over else str(len(check.defects))
    raise UsageError(f"nothing was sent: bad lines in {name}: {count}")
