"""Converts conversations and turns to SQL parameters, and rows to turns."""

import json
from typing import Final

from srchat.api.models import Usage
from srchat.conversation import Conversation, TurnRecord, title_of
from srchat.history.database import Row
from srchat.history.sql_text import sql_text

INSERT_CONVERSATION: Final = """
    INSERT INTO conversation (uid, title, system, created_at, used_at, head)
    VALUES (:uid, CAST(:title AS TEXT), CAST(:system AS TEXT), :created_at, :used_at, :head)
    ON CONFLICT (uid) DO UPDATE SET title = excluded.title WHERE title = ''
"""
INSERT_TURN: Final = """
    INSERT INTO turn (
        conversation, uid, parent, state, reason, finish_reason, base_url, model, served_model,
        prompt_tokens, completion_tokens, total_tokens, estimated_tokens,
        asked_at, first_at, ended_at, attachments, words_at, parameters, reasoning,
        reply_parts, prompt, reply
    )
    SELECT id, :uid, :parent, :state, CAST(:reason AS TEXT), CAST(:finish_reason AS TEXT),
        CAST(:base_url AS TEXT), CAST(:model AS TEXT), CAST(:served_model AS TEXT),
        :prompt_tokens, :completion_tokens, :total_tokens, :estimated_tokens,
        :asked_at, :first_at, :ended_at, :attachments, :words_at,
        CAST(:parameters AS TEXT), CAST(:reasoning AS TEXT),
        :reply_parts, CAST(:prompt AS TEXT), CAST(:reply AS TEXT)
    FROM conversation WHERE uid = :conversation
    ON CONFLICT (conversation, uid) DO NOTHING
"""
UPDATE_TURN: Final = """
    UPDATE turn SET
        state = :state, reason = CAST(:reason AS TEXT),
        finish_reason = CAST(:finish_reason AS TEXT), served_model = CAST(:served_model AS TEXT),
        prompt_tokens = :prompt_tokens, completion_tokens = :completion_tokens,
        total_tokens = :total_tokens, estimated_tokens = :estimated_tokens,
        first_at = :first_at, ended_at = :ended_at, reply = CAST(:reply AS TEXT),
        reply_parts = :reply_parts, reasoning = CAST(:reasoning AS TEXT)
    WHERE uid = :uid AND conversation = (SELECT id FROM conversation WHERE uid = :conversation)
"""
TURN_COLUMNS: Final = (
    "uid",
    "prompt",
    "parent",
    "reply",
    "state",
    "reason",
    "finish_reason",
    "base_url",
    "model",
    "served_model",
    "prompt_tokens",
    "completion_tokens",
    "total_tokens",
    "estimated_tokens",
    "asked_at",
    "first_at",
    "ended_at",
    "attachments",
    "words_at",
    "reasoning",
    "parameters",
)
SELECT_TURNS: Final = f"SELECT id, reply_parts, {', '.join(TURN_COLUMNS)} FROM turn"  # noqa: S608 - constants


def conversation_parameters(
    conversation: Conversation, first: TurnRecord | None
) -> dict[str, object]:
    """Return the parameters of INSERT_CONVERSATION; `first` is its first turn, if known."""
    created_at = conversation.created_at or (first.asked_at if first else 0.0)
    return {
        "uid": conversation.id,
        "title": sql_text(conversation.title or (title_of(first.prompt) if first else "")),
        "system": sql_text(conversation.system),
        "created_at": created_at,
        "used_at": conversation.used_at or created_at,
        "head": conversation.head,
    }


def turn_parameters(
    conversation: str, turn: TurnRecord, reply: str, reply_parts: int
) -> dict[str, object]:
    """Return the parameters of INSERT_TURN and UPDATE_TURN.

    `reply`: the first part of the reply. `reply_parts`: the number of others.
    """
    usage = turn.usage
    return {
        "conversation": conversation,
        "uid": turn.id,
        "parent": turn.parent,
        "state": "complete" if turn.complete else "incomplete",
        "reason": sql_text(turn.reason),
        "finish_reason": sql_text(turn.finish_reason),
        "base_url": sql_text(turn.base_url),
        "model": sql_text(turn.model),
        "served_model": sql_text(turn.served_model),
        "prompt_tokens": usage.prompt_tokens if usage else None,
        "completion_tokens": usage.completion_tokens if usage else None,
        "total_tokens": usage.total_tokens if usage else None,
        "estimated_tokens": turn.estimated_tokens,
        "asked_at": turn.asked_at,
        "first_at": turn.first_at,
        "ended_at": turn.ended_at,
        "attachments": json.dumps(turn.attachments),
        "words_at": turn.words_at,
        "parameters": sql_text(json.dumps(dict(turn.parameters))),
        "reasoning": sql_text(turn.reasoning),
        "prompt": sql_text(turn.prompt),
        "reply": sql_text(reply),
        "reply_parts": reply_parts,
    }


def turn_from_row(row: Row) -> TurnRecord:
    """Return the turn in a row of TURN_COLUMNS."""
    values = dict(zip(TURN_COLUMNS, row, strict=True))
    counts = [values.pop(f"{kind}_tokens") for kind in ("prompt", "completion", "total")]
    return TurnRecord(
        id=values.pop("uid"),
        complete=values.pop("state") == "complete",
        usage=None if counts[0] is None else Usage(*counts),
        attachments=_names(values.pop("attachments")),
        parameters=_parameters(values.pop("parameters")),
        **values,
    )


def _names(text: str) -> tuple[str, ...]:
    try:
        return tuple(json.loads(text))
    except (ValueError, TypeError, RecursionError):  # the file was edited by hand
        return ()


def _parameters(text: str) -> dict[str, object]:
    try:
        return dict(json.loads(text))
    except (ValueError, TypeError, RecursionError):  # as above
        return {}
