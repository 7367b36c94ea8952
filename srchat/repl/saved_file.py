"""Saves texts of a chat to files."""

from collections.abc import Callable
from pathlib import Path

from srchat import private_files
from srchat.api.surrogates import utf8_bytes
from srchat.conversation import Conversation
from srchat.errors import UsageError, reason_of
from srchat.terminal.sanitize import one_line


def write_conversation(
    path: Path,
    conversation: Conversation,
    confirm: Callable[[str], bool],
    when: Callable[[float], str],
) -> None:
    """Write a conversation in the format of the suffix. JSON has all its branches.

    `when`: formats a time. See `write_file`.
    """
    if not conversation.turns:
        raise UsageError("nothing to save yet")
    write_file(path, _document(path, conversation, when), confirm)


def write_file(path: Path, text: str, confirm: Callable[[str], bool]) -> None:
    """Write a text file. `confirm`: asks whether to overwrite one. Raises UsageError."""
    try:
        if path.is_file() and not confirm(f"{one_line(str(path))} exists. Overwrite it?"):
            raise UsageError(f"{path} exists; not overwritten")
        # A new file is private; an existing one keeps its mode.
        private_files.replace(path, utf8_bytes(text), keep_mode=True)
    except (OSError, ValueError) as exc:
        raise UsageError(f"cannot write {path}: {reason_of(exc)}") from exc


def _document(path: Path, conversation: Conversation, when: Callable[[float], str]) -> str:
    from srchat.history.export import Format, exported, format_of  # noqa: PLC0415 - on first use

    if (form := format_of(path)) is Format.MARKDOWN:
        conversation = conversation._replace(turns=tuple(conversation.branch))
    return "".join(exported([conversation], form, when))
