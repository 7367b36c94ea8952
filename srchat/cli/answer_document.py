"""Answers as JSON for scripts: the document of --json and the lines of --events."""

from typing import Any

from srchat.api.events import RetryWait
from srchat.cli.ask_output import AskOutput, Failure
from srchat.cli.process import Process
from srchat.conversation import TurnRecord
from srchat.errors import APIStatusError, IncompleteAnswerError
from srchat.session.reply import Reply
from srchat.session.reply_stream import Reasoning, ReplyStarted, Text, TurnEvent, TurnWarning
from srchat.terminal.plain import NullWriter
from srchat.turn_view import AnswerWriter


class JSONOutput(AskOutput):
    """Prints one JSON document when the turn has ended. The answer is written only to a file."""

    def open_writer(self) -> AnswerWriter:
        """Return a writer to the file."""
        return self._with_file(NullWriter())

    def end(self, failure: Failure | None) -> None:
        """Print the document."""
        reply = self._session.reply or Reply(self._session.config.model)
        document = {
            "conversation": self._session.stored_id,
            "model": reply.model,
            "content": reply.content,
            "reasoning": str(reply.reasoning) or None,
            "finish_reason": reply.finish_reason or None,
            "usage": reply.usage.to_json() if reply.usage else None,
            "cost": reply.cost,
            "seconds": round(reply.ended_at - reply.asked_at, 3) if reply.ended_at else None,
            "complete": reply.complete,
            "error": _error(failure, self._process),
        }
        self._process.print_json(document)


class EventOutput(AskOutput):
    """Prints a line of JSON for each event as it happens. The answer is written only to a file."""

    _has_started = False
    _retry = 0

    def open_writer(self) -> AnswerWriter:
        """Return a writer to the file."""
        return self._with_file(NullWriter())

    def take(self, event: TurnEvent) -> None:
        """Print an event."""
        session = self._session
        match event:
            case ReplyStarted() if not self._has_started:
                self._has_started = True
                reply = session.reply or Reply(session.config.model)
                self._print("start", conversation=session.stored_id, model=reply.model)
            case Reasoning(text):
                self._print("reasoning", text=text)
            case Text(text):
                self._print("text", text=text)
            case TurnWarning(text):
                self._print("warning", message=text)
            case RetryWait() if event.retry != self._retry:
                self._retry = event.retry
                self._print("retry", message=event.reason, seconds=round(event.left, 3))

    def end(self, failure: Failure | None) -> None:
        """Print the last event."""
        reply = self._session.reply or Reply(self._session.config.model)
        self._print(
            "end",
            conversation=self._session.stored_id,
            usage=reply.usage.to_json() if reply.usage else None,
            cost=reply.cost,
            model=reply.model,
            finish_reason=reply.finish_reason or None,
            complete=reply.complete,
            error=_error(failure, self._process),
            exit=int(failure.exit_code) if failure else 0,
        )

    def _print(self, name: str, **fields: object) -> None:
        if self._process.messages.shares_screen:
            self._process.messages.make_room()
        self._process.print_json({"event": name, **fields}, indent=None)


def turn_document(conversation: str, turn: TurnRecord) -> dict[str, Any]:
    """Return the document of --json for a stored turn."""
    error = {"message": turn.reason, "type": None, "status": None}
    return {
        "conversation": conversation,
        "model": turn.served_model or turn.model,
        "content": turn.reply,
        "reasoning": turn.reasoning or None,
        "finish_reason": turn.finish_reason or None,
        "usage": turn.usage.to_json() if turn.usage else None,
        "cost": None,
        "seconds": round(turn.ended_at - turn.asked_at, 3) if turn.ended_at else None,
        "complete": turn.complete,
        "error": None if turn.complete else error,
    }


def _error(failure: Failure | None, process: Process) -> dict[str, Any] | None:
    if failure is None:
        return None
    message = process.messages.redact(failure.message)
    if isinstance(failure, IncompleteAnswerError):
        return {"message": message, "type": failure.type or None, "status": failure.status}
    if not isinstance(failure, APIStatusError):
        return {"message": message, "type": None, "status": None}
    kind = failure.type or failure.code or None
    return {"message": message, "type": kind, "status": failure.status}
