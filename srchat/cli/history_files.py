"""`srchat history export`, `import` and `delete`: conversations in and out of the store."""

import dataclasses
import json
import re
import time
from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Final

import typer

from srchat.cli.process import Process
from srchat.cli.questions import Questions
from srchat.cli.settings import open_library
from srchat.conversation import Conversation
from srchat.errors import UsageError
from srchat.history.transcript import (
    VERSION,
    conversation_to_json,
    conversations_from_json,
    to_markdown,
)
from srchat.history_rows import day_and_time
from srchat.output.plain import PlainWriter
from srchat.prompt import read_file, read_stdin

if TYPE_CHECKING:
    from srchat.history.store import ConversationStore

_MAX_IMPORT: Final = 1 << 30  # bytes
_AGE: Final = re.compile(r"(\d{1,6})\s*([hdwmy])")
_HOURS: Final = {"h": 1, "d": 24, "w": 168, "m": 730, "y": 8766}

Ids = Annotated[
    list[str] | None,
    typer.Argument(metavar="[ID]...", help="The beginning of an id will do.", show_default=False),
]


class Format(StrEnum):
    """What an export looks like."""

    MARKDOWN = "markdown"
    JSON = "json"


def write_transcript(process: Process, parts: Iterable[str]) -> None:
    """Write what `to_markdown` or an export yields: inert to a terminal, exact elsewhere."""
    writer = PlainWriter(process.stdout)
    for part in parts:
        writer.write(part)
    writer.close()


def export(
    ctx: typer.Context,
    ids: Ids = None,
    *,
    format: Annotated[
        Format, typer.Option("--format", help="JSON keeps everything, and can be imported.")
    ] = Format.MARKDOWN,
    everything: Annotated[bool, typer.Option("--all", help="All conversations.")] = False,
) -> None:
    """Write conversations out; without an ID the one used last.

    srchat history export --all --format json > conversations.json
    """
    process: Process = ctx.obj
    store = open_library(process).existing()
    chosen = _chosen(store, ids or [], everything=everything) if store else []
    if not chosen and not everything:
        raise UsageError("no conversation has been kept yet")
    conversations = (store.load(id_) for id_ in chosen) if store else iter(())
    parts = _json(conversations) if format is Format.JSON else _markdown(conversations)
    write_transcript(process, parts)


def import_(
    ctx: typer.Context,
    file: Annotated[
        str, typer.Argument(metavar="FILE", help="What `export --format json` wrote; - is a pipe.")
    ],
) -> None:
    """Take conversations in that were exported as JSON.

    What is there already stays as it is: the same file twice changes nothing, and a newer one
    adds what came later.
    """
    process: Process = ctx.obj
    # All is read before anything is written: a broken file changes nothing.
    conversations = _imported(process, file)
    store = open_library(process).open()
    new = [store.add_conversation(conversation) for conversation in conversations]
    store.index()
    turns = _counted(sum(new), "new turn")
    process.messages.notice(f"{turns} in {sum(map(bool, new))} of {_counted(len(new))}")


def delete(
    ctx: typer.Context,
    ids: Ids = None,
    *,
    older_than: Annotated[
        str | None,
        typer.Option(
            "--older-than", metavar="AGE", help="Those not used for so long: 12h, 30d, 8w, 6m, 1y."
        ),
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="All conversations.")] = False,
    yes: Annotated[bool, typer.Option("-y", "--yes", help="Do not ask.")] = False,
) -> None:
    """Delete conversations; they are gone for good."""
    process: Process = ctx.obj
    if sum((bool(ids), older_than is not None, everything)) != 1:
        raise UsageError("name conversations, or give --older-than or --all")
    since = None if older_than is None else time.time() - _seconds(older_than)
    store = open_library(process).existing()
    chosen: list[str] = []
    if store and since is not None:
        chosen = store.ids(since)
    elif store:
        chosen = _chosen(store, ids or [], everything=everything)
    elif ids:
        raise UsageError("no conversation has been kept yet")
    if not chosen or store is None:
        process.messages.notice("there is nothing to delete")
        return
    if not yes:
        _confirm(process, store, chosen)
    count = store.delete(chosen)
    process.messages.notice(f"{_counted(count)} deleted")


def _confirm(process: Process, store: "ConversationStore", chosen: list[str]) -> None:
    questions = Questions(process.stdin_fd, process.messages)
    if not questions.interactive:
        raise UsageError(f"--yes is needed to delete {_counted(len(chosen))} without being asked")
    what = _counted(len(chosen))
    if len(chosen) == 1:
        conversation = store.load(chosen[0])
        what = f"{conversation.title!r} of {day_and_time(conversation.used_at)}"
    if not questions.confirm(f"delete {what}?", default=False):
        raise UsageError("nothing was deleted")


def _counted(count: int, what: str = "conversation") -> str:
    return f"1 {what}" if count == 1 else f"{count} {what}s"


def _chosen(store: "ConversationStore", ids: list[str], *, everything: bool) -> list[str]:
    if everything:
        if ids:
            raise UsageError("--all and an ID exclude each other")
        return store.ids()
    if ids:
        return list(dict.fromkeys(store.find(prefix) for prefix in ids))
    last = store.last_used()
    return [last] if last else []


def _json(conversations: Iterable[Conversation]) -> Iterator[str]:
    yield f'{{"srchat_history": {VERSION}, "conversations": ['
    for place, conversation in enumerate(conversations):
        # Escaped to ASCII: exact for every text, and inert on a terminal.
        document = json.dumps(conversation_to_json(conversation))
        yield f",\n{document}" if place else f"\n{document}"
    yield "\n]}\n"


def _markdown(conversations: Iterable[Conversation]) -> Iterator[str]:
    for place, conversation in enumerate(conversations):
        if place:
            yield "\n---\n\n"
        yield from to_markdown(conversation, conversation.turns, day_and_time)


def _imported(process: Process, file: str) -> list[Conversation]:
    now = time.time()
    source = (
        read_stdin(process.stdin_fd, None, _MAX_IMPORT)
        if file == "-"
        else read_file(file, _MAX_IMPORT)
    )
    try:
        found = list(conversations_from_json(json.loads(source.text)))
    except json.JSONDecodeError as exc:
        hint = "import takes what srchat history export --format json wrote"
        raise UsageError(f"cannot import {file}: it is not JSON: {exc}", hint=hint) from exc
    except (ValueError, RecursionError) as exc:
        raise UsageError(f"cannot import {file}: {exc}") from exc
    # Else one that claims to be of the future would draw every later one there.
    return [
        dataclasses.replace(conversation, used_at=min(conversation.used_at, now))
        for conversation in found
    ]


def _seconds(age: str) -> float:
    match = _AGE.fullmatch(age.strip().lower())
    if not match:
        raise UsageError(f"--older-than: {age!r} is no age; give one like 12h, 30d, 8w, 6m or 1y")
    return float(match[1]) * _HOURS[match[2]] * 3600.0
