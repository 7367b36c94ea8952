"""What a chat needs from the program around it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from srchat.api.models import ChatRequest
from srchat.config.settings import Config
from srchat.conversation import Conversation
from srchat.conversation_turn import ConversationTurn
from srchat.turn import Turn

if TYPE_CHECKING:
    from srchat.history.store import ConversationStore


@dataclass(frozen=True, kw_only=True)
class Outside:
    """What a chat needs from outside.

    `begin_turn` returns the turn of a request, `show` shows all of it. `open_store` takes the
    seconds to wait for others; None: nothing is kept. `window`: a model's context window in
    tokens, None where it is not known. `settings_changed` is told the settings in force.
    """

    begin_turn: Callable[[ChatRequest], Turn]
    show: Callable[[ConversationTurn], None]
    open_store: "Callable[[float], ConversationStore] | None" = None
    window: Callable[[Config, Conversation], int | None] = lambda _config, _conversation: None
    settings_changed: Callable[[Config], None] = lambda _config: None
