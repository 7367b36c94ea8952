"""Saves a conversation to a file."""

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
    """Write a conversation as Markdown, or with all its branches as JSON if the suffix is .json.

    `confirm`: asks whether to overwrite a file. `when`: formats a time.
    Raises UsageError.
    """
    if not conversation.turns:
        raise UsageError("nothing to save yet")
    try:
        if path.is_file() and not confirm(f"{one_line(str(path))} exists. Overwrite it?"):
            raise UsageError(f"{path} exists; not overwritten")
        # A new file is private; an existing one keeps its mode.
        private_files.replace(path, utf8_bytes(_document(path, conversation, when)), keep_mode=True)
    except (OSError, ValueError) as exc:
        raise UsageError(f"cannot write {path}: {reason_of(exc)}") from exc


def _document(path: Path, conversation: Conversation, when: Callable[[float], str]) -> str:
    from srchat.history import transcript  # noqa: PLC0415 - needed only for saving

    if path.suffix == ".json":
        import json  # noqa: PLC0415 - as above

        document = {
            "srchat_history": transcript.VERSION,
            "conversations": [transcript.conversation_to_json(conversation)],
        }
        return json.dumps(document, indent=2) + "\n"
    return "".join(transcript.to_markdown(conversation, conversation.branch, when))
