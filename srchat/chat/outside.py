"""What a chat needs from the program around it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from srchat.api.models import ChatRequest
from srchat.config.settings import Config
from srchat.conversation import Conversation
from srchat.conversation_turn import ConversationTurn
from srchat.session import Turn

if TYPE_CHECKING:
    from srchat.history.store import ConversationStore


@dataclass(frozen=True, kw_only=True)
class Outside:
    """What a chat needs from outside.

    `ask` begins a turn, `show` shows all of it; `open_store` None: nothing is kept.
    `window`: what is known of a model's context window. `settings_changed` is told the
    settings that hold from now on.
    """

    ask: Callable[[ChatRequest], Turn]
    show: Callable[[ConversationTurn], None]
    open_store: "Callable[[float], ConversationStore] | None" = None
    window: Callable[[Config, Conversation], int | None] = lambda _config, _conversation: None
    settings_changed: Callable[[Config], None] = lambda _config: None
