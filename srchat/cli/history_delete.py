"""`srchat history delete`: delete conversations; with --all, all files with their text."""

import re
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from srchat import paths
from srchat.cli.history_files import Ids, chosen_ids
from srchat.cli.process import Process
from srchat.cli.questions import Questions
from srchat.cli.settings import open_library
from srchat.errors import StoreError, UsageError, reason_of
from srchat.history_rows import local_time
from srchat.plural import counted

if TYPE_CHECKING:
    from srchat.history.store import ConversationStore

_AGE: Final = re.compile(r"(\d{1,6})\s*([hdwmy])")
_HOURS: Final = {"h": 1, "d": 24, "w": 168, "m": 730, "y": 8766}


def delete(
    ctx: typer.Context,
    ids: Ids = None,
    *,
    older_than: Annotated[
        str | None,
        typer.Option(
            "--older-than",
            metavar="AGE",
            help="Conversations not used for this long: 12h, 30d, 8w, 6m, 1y.",
        ),
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="All conversations.")] = False,
    yes: Annotated[bool, typer.Option("-y", "--yes", help="Do not ask for confirmation.")] = False,
) -> None:
    """Delete conversations permanently.

    --all also deletes the input history of chats, and damaged histories that were set aside.
    """
    process: Process = ctx.obj
    if sum((bool(ids), older_than is not None, everything)) != 1:
        raise UsageError("give conversation IDs, --older-than or --all")
    since = None if older_than is None else time.time() - _seconds(older_than)
    store = open_library(process).open_existing()
    chosen: list[str] = []
    if store and since is not None:
        chosen = store.ids(since)
    elif store:
        chosen = chosen_ids(store, ids or [], everything=everything)
    elif ids:
        raise UsageError("no stored conversations")
    others = _other_files(process.environ) if everything else []
    if not chosen and not others:
        process.messages.info("nothing to delete")
        return
    if not yes:
        _confirm(process, store, chosen, others)
    count = store.delete(chosen) if store else 0
    _delete_files(others)
    names = "".join(f", {path.name}" for path in others)
    process.messages.info(f"{counted(count, 'conversation')}{names} deleted")


def _other_files(environ: Mapping[str, str]) -> list[Path]:
    """Return other files with text of conversations: input history, histories set aside."""
    database = paths.database_path(environ)
    typed = paths.typed_lines_path(environ)
    found = sorted(database.parent.glob(f"{database.name}.broken-*"))
    return [path for path in (typed, *found) if path.exists()]


def _delete_files(files: list[Path]) -> None:
    for path in files:
        try:
            path.unlink(missing_ok=True)
        except OSError as exc:
            raise StoreError(f"cannot delete {path}: {reason_of(exc)}") from exc


def _confirm(
    process: Process, store: "ConversationStore | None", chosen: list[str], others: list[Path]
) -> None:
    questions = Questions(process)
    if not questions.interactive:
        raise UsageError(
            f"deleting {counted(len(chosen), 'conversation')} without a terminal needs --yes"
        )
    what = ", ".join([counted(len(chosen), "conversation"), *(str(path) for path in others)])
    if store and len(chosen) == 1 and not others:
        conversation = store.load(chosen[0])
        what = f"{conversation.title!r} of {local_time(conversation.used_at)}"
    if not questions.confirm(f"delete {what}?", default=False):
        raise UsageError("nothing was deleted")


def _seconds(age: str) -> float:
    match = _AGE.fullmatch(age.strip().lower())
    if not match:
        raise UsageError(
            f"--older-than: invalid age {age!r}; use for example 12h, 30d, 8w, 6m or 1y"
        )
    return float(match[1]) * _HOURS[match[2]] * 3600.0
