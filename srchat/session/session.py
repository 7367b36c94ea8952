"""A session: consecutive conversations with the configured server.

Turns form branches: a turn that is retried, edited or undone stays in the conversation, but not
in the current branch.
"""

import dataclasses
from typing import TYPE_CHECKING, Any

from srchat.api.models import ChatRequest
from srchat.api.rate_limit import RateLimit
from srchat.attachments import Attachment, UserMessage, user_message
from srchat.config.settings import Config
from srchat.conversation import Conversation, title_of
from srchat.errors import APIStatusError, Interrupted, StoreError
from srchat.history.recorder import Recorder
from srchat.library import Library
from srchat.session.connection import Connection
from srchat.session.model_list import ModelList
from srchat.session.prompts import Prompt, continuation, last_prompt, last_typed, undone
from srchat.session.reply import Reply
from srchat.session.reply_stream import TurnWarning, caught
from srchat.session.turn import Events, Turn, new_id
from srchat.session.usage import Totals
from srchat.session.windows import Windows
from srchat.text_input import MAX_INPUT, check_size

if TYPE_CHECKING:
    from srchat.session.profile_prompts import PromptTemplate


class Session:
    """Sends prompts and stores their turns. The methods that send return an iterator of events.

    `config`: the effective settings; assign to it to change them.
    `initial_config`: the settings at the start of the session.
    `fixed`: settings from the command line, which a loaded conversation does not change.
    `attachments`: sent with the next prompt.
    `template`: applied to the first prompt.
    `model_once`: the model of the last prompt only, also if it is retried, edited or continued.
    `failed`: a prompt without an answer, which is in no turn of the branch.
    `keeps`: turns are stored.
    `reads_think`: see ReplyStream.

    Iterate the events to their end. They raise APIError and its subclasses, ConfigError or
    MissingKeyError if no request can be made, and Interrupted.
    """

    def __init__(
        self,
        config: Config,
        connection: Connection,
        library: Library,
        *,
        fixed: frozenset[str] = frozenset(),
        keep: bool = True,
        template: "PromptTemplate | None" = None,
    ) -> None:
        self.config = config
        self.initial_config = config
        self._conversation = Conversation(new_id(), system=config.system)
        self._ended: Turn | None = None  # it is not yet in `_conversation`
        self.attachments: list[Attachment] = []
        self.template = template
        self.reads_think = True
        self._is_first = True  # until a prompt is sent, also after `new`
        self.model_once: str | None = None
        self.failed: Prompt | None = None
        self.totals = Totals()
        self._connection = connection
        self._library = library
        self._fixed = fixed
        self.keeps = keep
        self._recorder = Recorder(library.open if keep else None)
        self._windows = Windows()
        self.models = ModelList(connection, library, self._windows, keeps=keep)
        self._turn: Turn | None = None
        self._measured: tuple[Conversation, int] | None = None

    # State

    @property
    def conversation(self) -> Conversation:
        """The current conversation."""
        if self._ended:  # a long reply is joined only if it is needed
            self.conversation = self._ended.conversation
        return self._conversation

    @conversation.setter
    def conversation(self, conversation: Conversation) -> None:
        self._conversation, self._ended = conversation, None

    @property
    def reply(self) -> Reply | None:
        """The last reply, or the current one so far; None before the first turn."""
        return self._turn.reply if self._turn else None

    @property
    def rate_limit(self) -> RateLimit | None:
        """The rate limit in the last response, None if unknown."""
        return self.reply.rate_limit if self.reply else None

    @property
    def stored_id(self) -> str | None:
        """The conversation's ID, None while it is not in the history."""
        return self._conversation.id if self._recorder.is_saved else None

    @property
    def window(self) -> int | None:
        """The context window of the current model in tokens, None if unknown."""
        return self._windows.window(self.config)

    @property
    def tokens(self) -> int:
        """The tokens of the current branch, counted by the server or estimated."""
        if self._measured is None or self._measured[0] is not self.conversation:
            self._measured = (self.conversation, self.conversation.tokens)
        return self._measured[1]

    @property
    def signum(self) -> int | None:
        """The signal that ended the last turn, None if none did."""
        return self._turn.signum if self._turn else None

    def interrupt(self, signum: int) -> None:
        """End the current turn with Interrupted. Safe in a signal handler."""
        if self._connection.is_explaining:
            raise Interrupted(signum)
        if self._turn:  # pragma: no branch - for mypy; nothing interrupts before the first turn
            self._turn.interrupt(signum)

    def check_key(self) -> None:
        """Check that a key may be sent, without running a command. Raises MissingKeyError."""
        self._connection.check_key()

    # Sending

    def request(self, words: str) -> ChatRequest:
        """Return the request that `send` would make."""
        return self._new_turn(self._prompt(words)).request

    def send(self, words: str, model: str | None = None) -> Events:
        """Send a prompt with the attachments. `model`: use another model once."""
        self.model_once = model
        prompt = self._prompt(words)
        self.attachments = []
        return self._send(prompt)

    def retry(self) -> Events:
        """Send the last prompt again, to replace its answer. Raises UsageError if there is none."""
        return self._send(last_prompt(self.conversation, self.failed))

    def continue_(self) -> Events:
        """Continue an incomplete answer; if it is empty, send its prompt again.

        Raises UsageError if the answer is complete.
        """
        return self._send(continuation(self.conversation, self.failed))

    @property
    def last_typed(self) -> UserMessage:
        """The last prompt that the user wrote. Raises UsageError if there is none."""
        return last_typed(self.conversation, self.failed).message

    def edit(self, words: str) -> Events:
        """Send `words` in place of the last prompt, with the attachments of both."""
        last = last_typed(self.conversation, self.failed)
        message = last.message.with_words(self._prompt(words).message)
        self.attachments = []
        return self._send(Prompt(message, words, last.parent))

    # Conversations

    def undo(self, count: int = 1) -> list[UserMessage]:
        """Undo the last prompts with their answers, and return the prompts, newest first.

        A failed prompt counts. Raises UsageError if there are fewer, StoreError as `set_title`.
        """
        prompts, head = undone(self.conversation, self.failed, count)
        try:
            if head != self.conversation.head:
                self._update(head=head)
        except StoreError:
            self.failed = self.model_once = None
            raise
        self.failed = self.model_once = None
        return prompts

    def new(self) -> None:
        """Start a new conversation."""
        self.conversation = Conversation(new_id(), system=self.config.system)
        self.failed = self.model_once = None
        self._is_first = True

    def load(self, conversation: Conversation) -> None:
        """Continue another conversation with its system prompt and model, unless they are fixed."""
        if "system" in self._fixed:
            conversation = conversation._replace(system=self.config.system)
        model = conversation.answering_model(self.config.base_url)
        if model and "model" not in self._fixed:
            self.config = dataclasses.replace(self.config, model=model)
        self.conversation = conversation
        self.failed = self.model_once = None
        self._recall_window(self.config)

    def change(self, **values: Any) -> None:  # noqa: ANN401 - values of Config's fields
        """Change settings for the rest of the session."""
        self.config = dataclasses.replace(self.config, **values)
        if "model" in values:
            self.model_once = None
        self._recall_window(self.config)

    def set_title(self, title: str) -> None:
        """Set the title of the conversation. Raises StoreError if it cannot be stored."""
        self._update(title=title_of(title))

    def set_system(self, system: str | None) -> None:
        """Change the system prompt of this conversation and of new ones. Raises as `set_title`."""
        self.config = dataclasses.replace(self.config, system=system)
        self._update(system=system)

    def _prompt(self, words: str) -> Prompt:
        if self.template and self._is_first:
            message = self.template.message(words, self.attachments, self.config.vars or {})
        else:
            message = user_message(words, self.attachments)
        check_size(len(message.text), MAX_INPUT, "the message")
        return Prompt(message, words, self.conversation.head)

    def _new_turn(self, prompt: Prompt) -> Turn:
        config = dataclasses.replace(self.config, model=self.model_once or self.config.model)
        self._recall_window(config)
        title = self.conversation.title or title_of(prompt.title) or title_of(prompt.message.text)
        turn = Turn(
            lambda: self._connection.client(config),
            config,
            self.conversation._replace(head=prompt.parent, title=title),
            prompt.message,
            recorder=self._recorder,
            windows=self._windows,
        )
        turn.reads_think = self.reads_think
        return turn

    def _send(self, prompt: Prompt) -> Events:
        # Not in the generator: a signal may arrive before its first event is requested.
        self.failed = prompt
        self._turn = self._new_turn(prompt)
        return self._events(self._turn, prompt)

    def _events(self, turn: Turn, prompt: Prompt) -> Events:
        try:
            failure = yield from caught(turn.events())
        finally:
            warnings = self._continue_from(turn, prompt)
        yield from (TurnWarning(each.message, each.hint) for each in warnings)
        if isinstance(failure, APIStatusError):
            self._connection.explain(failure, turn.config)
        if failure:
            raise failure

    def _continue_from(self, turn: Turn, prompt: Prompt) -> list[StoreError]:
        """Continue from a turn, however it ended. Return the warnings to show."""
        if not turn.is_sent:
            return []
        self._is_first = False
        head, self._ended = self.conversation.head, turn
        self.totals.add(turn.reply)
        if not turn.reply.text.is_blank or prompt.parent == head:
            self.failed = None  # the turn is in the branch
        else:  # an empty reply does not replace an older answer
            try:
                self._update(head=head)
            except StoreError as exc:
                return [exc]
        self._recall_window(self.config)  # the first turn has opened the history
        return []

    def _recall_window(self, config: Config) -> None:
        # Without turns none can be left out, and the history stays closed.
        if self._ended or self._conversation.turns:
            window = self._library.context_window(config.base_url, config.model)
            self._windows.learn(config.base_url, config.model, window)

    def _update(self, **changes: str | None) -> None:
        # `changes` are the title, the system prompt and the head, all of them texts.
        changed = self.conversation._replace(**changes)  # type: ignore[arg-type]
        if self.conversation.turns and self.keeps:
            try:
                self._library.open().update(self.conversation.id, **changes)
            except StoreError as exc:
                self.conversation = changed
                raise StoreError(f"this change was not stored: {exc.message}") from exc
        self.conversation = changed  # last, because a signal may interrupt the wait for a lock
