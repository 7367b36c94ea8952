"""`srchat history export` and `import`."""

import codecs
import json
import time
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from srchat.cli.process import Process
from srchat.cli.settings import open_library
from srchat.conversation import Conversation
from srchat.errors import StoreError, UsageError, reason_of
from srchat.history.export import Format, exported
from srchat.history.transcript import conversations_from_json
from srchat.history_rows import local_time
from srchat.plural import counted
from srchat.terminal.plain import PlainWriter
from srchat.text_input import read_file, read_stdin

if TYPE_CHECKING:
    from srchat.history.store import ConversationStore

_MAX_IMPORT: Final = 1 << 30  # bytes

Ids = Annotated[
    list[str] | None,
    typer.Argument(metavar="[ID]...", help="Conversation IDs or prefixes.", show_default=False),
]


def write_transcript(process: Process, parts: Iterable[str]) -> None:
    """Write an export: sanitized on a terminal, exact elsewhere."""
    writer = PlainWriter(process.stdout)
    for part in parts:
        writer.write(part)
    writer.close()


def export(
    ctx: typer.Context,
    ids: Ids = None,
    *,
    format: Annotated[
        Format,
        typer.Option(
            "--format", help="JSON is complete and can be imported; HTML has the current branch."
        ),
    ] = Format.MARKDOWN,
    everything: Annotated[bool, typer.Option("--all", help="All conversations.")] = False,
) -> None:
    """Export conversations; by default the most recent one.

    srchat history export --all --format json > conversations.json
    """
    process: Process = ctx.obj
    store = open_library(process).open_existing()
    chosen = chosen_ids(store, ids or [], everything=everything) if store else []
    if not chosen and not everything:
        raise UsageError("no stored conversations")
    # Skips conversations deleted in the meantime.
    found = map(store.load_or_none, chosen) if store else iter(())
    conversations = filter(None, found)
    write_transcript(process, exported(conversations, format, local_time))


def import_(
    ctx: typer.Context,
    file: Annotated[
        str,
        typer.Argument(
            metavar="FILE", help="Output of `export --format json` (- for stdin), or a history.db."
        ),
    ],
) -> None:
    """Import conversations that were exported as JSON, or from another history.

    FILE may be a history.db, even a damaged one that was set aside: what can be read is imported.

    Existing turns stay unchanged. Importing a newer export adds only what is new.
    """
    from srchat.history.search import index_new_turns  # noqa: PLC0415 - sqlite3, not for --help

    process: Process = ctx.obj
    # Everything is read before anything is written, so an invalid file changes nothing.
    conversations = _imported(process, file)
    store = open_library(process).open()
    new = [store.add_conversation(conversation) for conversation in conversations]
    index_new_turns(store.database)
    turns = counted(sum(new), "new turn")
    process.messages.info(
        f"{turns} in {sum(map(bool, new))} of {counted(len(new), 'conversation')}"
    )


def chosen_ids(store: "ConversationStore", ids: list[str], *, everything: bool) -> list[str]:
    """Return all IDs, those with the given prefixes, or that of the most recent conversation."""
    if everything:
        if ids:
            raise UsageError("--all cannot be combined with an ID")
        return store.ids()
    if ids:
        return list(dict.fromkeys(store.find(prefix) for prefix in ids))
    last = store.last_used()
    return [last] if last else []


def _imported(process: Process, file: str) -> list[Conversation]:
    now = time.time()
    found = _from_database(process, Path(file)) if _is_database(file) else _from_json(process, file)
    # A time in the future would make all later conversations later still.
    return [conversation._replace(used_at=min(conversation.used_at, now)) for conversation in found]


def _is_database(file: str) -> bool:
    if file == "-":
        return False
    try:
        with Path(file).open("rb") as opened:
            begin = opened.read(4096)
    except (OSError, ValueError):
        return False  # reading it will report the error
    # A damaged database has NUL bytes, too. So has UTF-16, which PowerShell writes.
    return b"\0" in begin and not begin.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))


def _from_json(process: Process, file: str) -> list[Conversation]:
    source = (
        read_stdin(process.stdin_fd, None, _MAX_IMPORT)
        if file == "-"
        else read_file(file, _MAX_IMPORT)
    )
    try:
        return list(conversations_from_json(json.loads(source.text)))
    except json.JSONDecodeError as exc:
        hint = "create one with: srchat history export --format json"
        raise UsageError(f"cannot import {file}: it is not JSON: {exc}", hint=hint) from exc
    except (ValueError, RecursionError) as exc:
        raise UsageError(f"cannot import {file}: {exc}") from exc


def _from_database(process: Process, path: Path) -> list[Conversation]:
    from srchat.history.salvage import salvage  # noqa: PLC0415 - sqlite3, 10 ms

    try:
        found = salvage(path)
    except StoreError as exc:
        raise UsageError(f"cannot import: {exc.message}") from exc
    except OSError as exc:
        raise UsageError(f"cannot read {path}: {reason_of(exc)}") from exc
    if not found.is_complete and not found.conversations:
        raise UsageError(f"cannot import {path}: nothing in it can be read")
    if not found.is_complete:
        process.messages.warning(f"{path} is damaged; importing what can be read")
    return found.conversations
