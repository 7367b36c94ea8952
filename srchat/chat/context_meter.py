"""How much of the context window a conversation takes, as far as that is known."""

from srchat.api.models import Message
from srchat.config.settings import Config
from srchat.conversation import Conversation, estimate


class ContextMeter:
    """Remembers the windows of models, and what it measured last."""

    def __init__(self) -> None:
        self._windows: dict[tuple[str, str], int] = {}
        self._measured: tuple[Conversation, int] | None = None

    def learn(self, base_url: str, model: str, tokens: int | None) -> None:
        """Remember a model's window; None tells nothing."""
        if tokens:
            self._windows[base_url, model] = tokens

    def window(self, config: Config) -> int | None:
        """Return the window of the model in use, in tokens, None where it is not known."""
        return config.context_window or self._windows.get((config.base_url, config.model))

    def tokens(self, conversation: Conversation) -> int:
        """Return the tokens of the branch in use: counted by the server, else estimated."""
        if self._measured is None or self._measured[0] is not conversation:
            self._measured = (conversation, _tokens(conversation))
        return self._measured[1]


def _tokens(conversation: Conversation) -> int:
    branch = conversation.branch
    if branch and branch[-1].usage:
        return branch[-1].usage.total_tokens
    system = [Message("system", conversation.system)] if conversation.system else []
    messages = [message for turn in branch for message in turn.messages()]
    return int(estimate([*system, *messages]) * conversation.factor)
