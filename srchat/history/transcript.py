"""Exports conversations as lossless JSON or readable Markdown, and imports the JSON. Pure.

The JSON is `{"srchat_history": 1, "conversations": [...]}`, each conversation with all its
turns in chronological order. On import every value is checked.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

from srchat.api.models import Usage
from srchat.conversation import Conversation, TurnRecord, title_of

VERSION: Final = 1
_MAX_TIME: Final = 1e11  # Unix seconds
_MAX_TOKENS: Final = 2**53
_ID: Final = re.compile(r"[0-9a-z]{4,64}")
_TEXTS: Final = (
    "reply",
    "reasoning",
    "reason",
    "finish_reason",
    "base_url",
    "model",
    "served_model",
)


def conversation_to_json(conversation: Conversation) -> dict[str, Any]:
    """Return a conversation with all its fields and turns."""
    return {
        "id": conversation.id,
        "title": conversation.title,
        "system": conversation.system,
        "created_at": conversation.created_at,
        "used_at": conversation.used_at,
        "head": conversation.head,
        "turns": [_turn_to_json(turn) for turn in conversation.turns],
    }


def conversations_from_json(value: object) -> Iterator[Conversation]:
    """Yield the conversations of a document. Raises ValueError that names the invalid field."""
    document = value if isinstance(value, dict) else {}
    version, items = document.get("srchat_history"), document.get("conversations")
    if not isinstance(version, int) or not isinstance(items, list):
        raise ValueError("it is not an export of `srchat history export --format json`")
    if version != VERSION:
        raise ValueError("it was written by a newer srchat")
    for index, item in enumerate(items):
        yield _conversation(_Fields(item, f"conversations[{index}]"))


def checked(conversation: Conversation) -> Conversation:
    """Return a conversation from an untrusted database without its invalid turns.

    Raises ValueError if the conversation itself is invalid.
    """
    document = conversation_to_json(conversation)
    document["turns"] = [turn for turn in document["turns"] if _is_turn(turn)]
    return _conversation(_Fields(document, "conversation"))


def to_markdown(
    conversation: Conversation,
    turns: Iterable[TurnRecord],
    format_time: Callable[[float], str],
    *,
    reasoning: bool = False,
) -> Iterator[str]:
    """Yield the conversation as Markdown, in chunks; its texts are not escaped.

    `format_time` formats a Unix time. Turns on another branch than the previous one are marked.
    """
    title = " ".join(conversation.title.split()) or "Conversation"
    yield f"# {title}\n\n{conversation.id}, started {format_time(conversation.created_at)}\n"
    if conversation.system:
        yield f"\n## System\n\n{_with_newline(conversation.system)}"
    previous: str | None = None
    for turn in turns:
        branch = "" if turn.parent == previous else ", on another branch"
        yield f"\n## You, {format_time(turn.asked_at)}{branch}\n\n{_with_newline(turn.prompt)}"
        yield f"\n## {turn.served_model or turn.model or 'Answer'}\n\n"
        if reasoning and turn.reasoning:
            yield f"### Reasoning\n\n{_with_newline(turn.reasoning)}\n### Answer\n\n"
        if turn.reply:
            yield _with_newline(turn.reply)
        if not turn.complete:
            yield f"\n*Incomplete: {turn.reason}*\n" if turn.reply else f"*{turn.reason}*\n"
        previous = turn.id


def _with_newline(text: str) -> str:
    return text if text.endswith("\n") else text + "\n"


def _turn_to_json(turn: TurnRecord) -> dict[str, Any]:
    return {
        "id": turn.id,
        "parent": turn.parent,
        "prompt": turn.prompt,
        **{name: getattr(turn, name) for name in _TEXTS},
        "complete": turn.complete,
        "usage": turn.usage.to_json() if turn.usage else None,
        "estimated_tokens": turn.estimated_tokens,
        "asked_at": turn.asked_at,
        "first_at": turn.first_at,
        "ended_at": turn.ended_at,
        "attachments": list(turn.attachments),
        "words_at": turn.words_at,
        "parameters": dict(turn.parameters),
    }


class _Fields:
    """A JSON object and its path in the document. Raises ValueError for invalid fields."""

    def __init__(self, value: object, path: str) -> None:
        if not isinstance(value, dict):
            raise ValueError(f"{path} is not an object")
        self._value: Mapping[str, object] = value
        self._path = path

    def text(self, name: str) -> str:
        return str(self._typed(name, str, ""))

    def texts(self, name: str) -> tuple[str, ...]:
        values = self._typed(name, list, [])
        assert isinstance(values, list)
        if not all(isinstance(value, str) for value in values):
            raise self._invalid(name)
        return tuple(values)

    def table(self, name: str) -> Mapping[str, Any]:
        value = self._typed(name, dict, {})
        assert isinstance(value, dict)
        return value

    def optional_text(self, name: str) -> str | None:
        return None if self._value.get(name) is None else self.text(name)

    def id(self, name: str) -> str:
        text = self.text(name)
        if not _ID.fullmatch(text):
            raise self._invalid(name)
        return text

    def optional_id(self, name: str) -> str | None:
        return None if self._value.get(name) is None else self.id(name)

    def time(self, name: str) -> float:
        return self.optional_time(name) or 0.0

    def optional_time(self, name: str) -> float | None:
        if self._value.get(name) is None:
            return None
        return float(self._number(name, (int, float), _MAX_TIME))

    def flag(self, name: str) -> bool:
        return self._typed(name, bool, default=False) is True

    def count(self, name: str) -> int:
        return int(self._number(name, int, _MAX_TOKENS))

    def usage(self) -> Usage | None:
        value = self._value.get("usage")
        if value is None:
            return None
        inner = _Fields(value, f"{self._path}.usage")
        names = ("prompt_tokens", "completion_tokens", "total_tokens")
        return Usage(*(inner.count(name) for name in names))

    def is_null(self, name: str) -> bool:
        return name in self._value and self._value[name] is None

    def each(self, name: str) -> Iterator["_Fields"]:
        value = self._typed(name, list, [])
        assert isinstance(value, list)
        for index, item in enumerate(value):
            yield _Fields(item, f"{self._path}.{name}[{index}]")

    def _number(self, name: str, expected: type | tuple[type, ...], maximum: float) -> float:
        value = self._value.get(name, 0)
        if isinstance(value, bool) or not isinstance(value, expected):
            raise self._invalid(name)
        assert isinstance(value, int | float)
        if not 0 <= value <= maximum:
            raise self._invalid(name)
        return value

    def _typed(self, name: str, expected: type | tuple[type, ...], default: object) -> object:
        value = self._value.get(name, default)
        if not isinstance(value, expected):
            raise self._invalid(name)
        return value

    def _invalid(self, name: str) -> ValueError:
        return ValueError(f"{self._path}.{name} is missing or invalid")


def _conversation(fields: _Fields) -> Conversation:
    turns: list[TurnRecord] = []
    known: set[str] = set()
    for turn_fields in fields.each("turns"):
        turn = _turn(turn_fields)
        if turn.parent not in known:
            # A parent must precede its children, so that no branch is a cycle.
            turn = turn._replace(parent=None)
        known.add(turn.id)
        turns.append(turn)
    newest = turns[-1].id if turns else None
    head = fields.optional_id("head")
    return Conversation(
        id=fields.id("id"),
        title=fields.text("title") or (title_of(turns[0].prompt) if turns else ""),
        system=fields.optional_text("system"),
        created_at=fields.time("created_at"),
        used_at=fields.time("used_at"),
        # None if every turn has been undone.
        head=head if head in known or fields.is_null("head") else newest,
        turns=tuple(turns),
    )


def _is_turn(document: dict[str, Any]) -> bool:
    try:
        _turn(_Fields(document, "turn"))
    except ValueError:
        return False
    return True


def _turn(fields: _Fields) -> TurnRecord:
    return TurnRecord(
        id=fields.id("id"),
        prompt=fields.text("prompt"),
        parent=fields.optional_id("parent"),
        **{name: fields.text(name) for name in _TEXTS},
        complete=fields.flag("complete"),
        usage=fields.usage(),
        estimated_tokens=fields.count("estimated_tokens"),
        asked_at=fields.time("asked_at"),
        first_at=fields.optional_time("first_at"),
        ended_at=fields.optional_time("ended_at"),
        attachments=fields.texts("attachments"),
        words_at=min(fields.count("words_at"), len(fields.text("prompt"))),
        parameters=fields.table("parameters"),
    )
