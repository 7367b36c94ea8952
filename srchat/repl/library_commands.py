"""Slash commands about stored conversations and the server's models."""

import contextlib
from pathlib import Path
from typing import Final

from srchat.errors import StoreError, UsageError
from srchat.history_rows import hit_row, local_time, summary_rows
from srchat.library import Library
from srchat.repl.saved_file import write_conversation
from srchat.repl.terminal import Chat
from srchat.terminal.sanitize import one_line
from srchat.turn_view import list_models

_MAX_FOUND: Final = 50  # conversations to choose from
_MAX_HITS: Final = 10  # search hits to show
_MAX_PREVIEW: Final = 1000  # characters of an answer


def models(chat: Chat) -> list[str]:
    """Return the names of the server's models. Raises APIError."""
    return [model.id for model in list_models(chat.session, chat.terminal.messages)]


def find(library: Library, words: str) -> list[tuple[str, str]]:
    """Return the IDs and rows of the stored conversations that match.

    `words`: the start of an ID, or words of a title; "" for the most recent conversations.
    """
    store = library.open_existing()
    wanted = words.lower().split()
    found = []
    for item in store.summaries(None if words else _MAX_FOUND) if store else ():
        if item.id == words:
            return [(item.id, "")]
        title = item.title.lower()
        if all(word in title for word in wanted) or item.id.startswith(words):
            row = f"{local_time(item.used_at)}  {one_line(item.title, 100)}"
            found.append((item.id, f"{row} ({item.turns})"))
        if len(found) >= _MAX_FOUND:
            break
    return found


def preview(library: Library, id: str) -> str:
    """Return the last prompt of a stored conversation and how its answer begins."""
    lines: list[str] = []
    with contextlib.suppress(StoreError):
        store = library.open_existing()
        conversation = store.load_or_none(id) if store else None
        if conversation and (typed := conversation.last_typed):
            begin = conversation.answer[:_MAX_PREVIEW].splitlines()
            lines = [f"> {typed.message.brief}", *filter(str.strip, begin)]
    return "\n".join(map(one_line, lines))


def completions(library: Library, words: str) -> list[tuple[str, str]]:
    """Return the result of `find`, an empty list if the history cannot be read."""
    try:
        return find(library, words)
    except StoreError:
        return []


def show_history(chat: Chat, words: str) -> None:
    """List the most recent conversations, or the turns that contain some words."""
    store, screen = chat.library.open_existing(), chat.terminal.screen
    if words:
        hits = store.search(words, _MAX_HITS) if store else []
        rows = [hit_row(hit, screen) for hit in hits]
    else:
        size = screen.size()
        found = store.summaries(max(3, size.lines - 4)) if store else ()
        rows = list(summary_rows(found, size.columns))
    if not rows:
        raise UsageError(f"nothing found for {words!r}" if words else "no stored conversations")
    screen.write("".join(rows))


def load(chat: Chat, words: str) -> None:
    """Load a stored conversation and show its last turn."""
    session, terminal = chat.session, chat.terminal
    found = find(chat.library, words)
    if not found:
        what = f"about {words!r}" if words else "yet"
        raise UsageError(f"no conversation {what}", hint="/history lists them")
    if len(found) == 1 and words:
        chosen: int | None = 0
    elif terminal.lines.interactive:
        chosen = terminal.lines.choose(
            [row for _, row in found], lambda place: preview(chat.library, found[place][0])
        )
    else:
        raise UsageError("usage: /load ID")
    if chosen is not None:
        session.load(chat.library.open().load(found[chosen][0]))
        terminal.show_last(session.conversation, session.config.code_theme)


def save(chat: Chat, path: Path) -> None:
    """Save the conversation to a file; ask before overwriting another one."""
    write_conversation(path, chat.session.conversation, chat.terminal.confirm, local_time)
    chat.terminal.tell(f"saved to {path}")
