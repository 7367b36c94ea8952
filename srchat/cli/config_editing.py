"""`srchat config edit`: edit a copy of the file, which replaces it once it is valid."""

import contextlib
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import typer

from srchat import paths
from srchat.cli.process import Process
from srchat.cli.questions import Questions
from srchat.config import edit as config_edit
from srchat.config import file as config_file
from srchat.config.locked_file import locked, read_bytes
from srchat.editor import open_in_editor
from srchat.errors import ConfigError, Interrupted, SrchatError

_TEMPLATE = b"""\
# Settings of srchat; `srchat config show` lists them all.
#
# model = "vllm-primary"
#
# [profiles.work]
# base_url = "https://llm.example.com/v1"
"""


def edit(ctx: typer.Context) -> None:
    """Edit the file in $VISUAL or $EDITOR. It is replaced only by a valid one."""
    process: Process = ctx.obj
    path = paths.config_path(process.environ)
    old = read_bytes(path)
    draft = _new_draft(path, _TEMPLATE if old is None else old)
    try:
        with _draft_reported(process, draft, Interrupted):
            new = _edited(process, path, draft)
    except SrchatError:  # the user has given up
        shutil.rmtree(draft.parent, ignore_errors=True)
        raise
    with _draft_reported(process, draft, Interrupted, SrchatError):
        if new not in (old, _TEMPLATE):
            config_edit.replace_text(path, old, new)
    shutil.rmtree(draft.parent, ignore_errors=True)


def _new_draft(path: Path, data: bytes) -> Path:
    """Return a file to edit, in a directory for the temporary files of the editor."""
    with locked(path) as target:
        pass  # creates the directory and resolves links
    folder = None
    try:
        # Not in /tmp, because the file may contain a key.
        folder = Path(tempfile.mkdtemp(prefix=".srchat-edit-", dir=target.parent))
        draft = folder / target.name
        draft.touch(mode=0o600)
        draft.write_bytes(data)
    except OSError as exc:
        if folder:  # pragma: no branch - the tests run as root, who can always create it
            shutil.rmtree(folder, ignore_errors=True)
        raise ConfigError(f"cannot create a file next to {target}: {exc.strerror}") from exc
    return draft


@contextlib.contextmanager
def _draft_reported(
    process: Process, draft: Path, *failures: type[SrchatError | Interrupted]
) -> Iterator[None]:
    """If saving fails, say where the draft is."""
    try:
        yield
    except failures:
        process.messages.print(f"nothing was changed; your text is in {draft}")
        raise


def _edited(process: Process, path: Path, draft: Path) -> bytes:
    """Return the draft after the user has edited it until it is valid."""
    questions = Questions(process)
    while True:
        if code := open_in_editor(draft, process.environ):
            raise ConfigError(f"the editor exited with {code}; nothing was changed")
        if (data := read_bytes(draft)) is None:
            raise ConfigError("the editor left no file; nothing was changed")
        try:
            config_file.parse(path, config_file.decoded(path, data))
        except ConfigError as exc:
            hint = "" if exc.hint == config_file.EDIT_HINT else exc.hint  # already editing
            process.messages.error(exc.message, hint)
            if questions.interactive and questions.confirm("edit again?", default=True):
                continue
            raise ConfigError("nothing was changed") from exc
        return data
