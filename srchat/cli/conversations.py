"""What `ask` and `chat` share: which conversation is meant, and the next turn of it."""

import contextlib
import dataclasses
import time

from srchat.cli.runtime import Runtime
from srchat.config.settings import Config
from srchat.conversation import Conversation, title_of
from srchat.conversation_turn import ConversationTurn, new_id
from srchat.errors import StoreError, UsageError
from srchat.history.recorder import Recorder
from srchat.turn import chat_request


def chosen_conversation(
    runtime: Runtime, prefix: str | None, *, last: bool, answered: bool = False
) -> Conversation:
    """Return the conversation whose id begins with `prefix`, the one used last, or a new one.

    `answered`: a last one without any answer is passed over; it holds nothing to go on from.
    Raises UsageError where there is no such conversation, StoreError where it cannot be read: an
    answer that knows nothing of it is not what was asked for.
    """
    if prefix is not None and last:
        raise UsageError("--continue and --conversation exclude each other")
    store = runtime.stored if prefix is not None or last else None
    if prefix is not None:
        if store is None:
            raise UsageError(f"no conversation {prefix!r}", hint="none has been kept yet")
        return store.load(store.find(prefix))
    if last:
        if store and (id_ := store.last_used(answered=answered)):
            return store.load(id_)
        if store and store.was_damaged:
            raise StoreError("there is nothing left to continue", hint="ask without --continue")
        runtime.messages.notice("there is no conversation to continue: this begins one")
    return Conversation(new_id(), system=runtime.config.system)


def conversation_turn(
    runtime: Runtime, conversation: Conversation, prompt: str, *, title: str, save: bool
) -> ConversationTurn:
    """Return the next turn of a conversation. `title`: of a conversation that begins with it."""
    conversation, config = reconciled(runtime, conversation)
    if not conversation.title:
        conversation = dataclasses.replace(conversation, title=title_of(title) or title_of(prompt))
    save = save and config.history
    return ConversationTurn(
        runtime.begin_turn,
        lambda messages: chat_request(config, messages),
        conversation,
        prompt,
        recorder=Recorder(runtime.open_store if save else None),
        base_url=config.base_url,
        window=config.context_window or learnt_window(runtime, config, conversation),
    )


def reconciled(runtime: Runtime, conversation: Conversation) -> tuple[Conversation, Config]:
    """Return both with the same system prompt and model: the command line's, else its own."""
    config = runtime.config
    if runtime.was_given("system"):
        conversation = dataclasses.replace(conversation, system=config.system)
    # A model that never answered (a typo, a refusal) is not what the conversation is held with.
    last = next((turn for turn in reversed(conversation.branch) if turn.reply), None)
    if last and last.model and last.base_url == config.base_url and not runtime.was_given("model"):
        config = dataclasses.replace(config, model=last.model)
    return conversation, config


def learnt_window(runtime: Runtime, config: Config, conversation: Conversation) -> int | None:
    """Return what is stored of a model's context window, in tokens."""
    if not conversation.turns:
        return None  # there is nothing to leave out, and the store need not be opened
    with contextlib.suppress(StoreError):
        if store := runtime.stored:
            return store.context_window(config.base_url, config.model, time.time())
    return None
