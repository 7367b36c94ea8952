"""A chat: the conversation under way, the settings that hold in it, and what failed last.

What prompts and slash commands do, without a terminal. Turns form branches: one that is
tried again, edited or undone stays in the conversation, aside from the branch in use.
"""

import dataclasses
import signal

from srchat.api.rate_limit import RateLimit
from srchat.chat.asked import GO_ON, Asked, last_asked, last_typed, whole_answer
from srchat.chat.context_meter import ContextMeter
from srchat.chat.outside import Outside
from srchat.chat.totals import Totals
from srchat.config.settings import Config
from srchat.conversation import Conversation, TurnRecord, title_of
from srchat.conversation_turn import ConversationTurn, new_id
from srchat.errors import Interrupted, OutputError, StoreError, UsageError
from srchat.history import PATIENCE
from srchat.history.recorder import Recorder
from srchat.interrupts import delivered_to
from srchat.prompt import Attachment, MessageParts, split_message, user_message
from srchat.turn import Reply, chat_request


class Chat:
    """One conversation after the other. Methods that ask raise what a Turn raises.

    `attachments` go with the next prompt. `model_once`: the model for the last prompt alone, also
    where that is asked again, edited or continued. `failed`: a prompt that got no answer and is
    in no turn of the branch. `last`: what came of the last turn. `notices`: what the user has to
    be told about the store; whoever tells them takes them out. `began_with`: the settings that
    were in force when the chat began.
    """

    def __init__(self, outside: Outside, config: Config, conversation: Conversation) -> None:
        self.conversation = conversation
        self.attachments: list[Attachment] = []
        self.model_once: str | None = None
        self.failed: Asked | None = None
        self.last: Reply | None = None
        self.rate_limit: RateLimit | None = None
        self.totals = Totals()
        self.notices: list[str] = []
        self.began_with = config
        self._outside = outside
        self._config = config
        self._recorder = Recorder(outside.open_store)
        self._meter = ContextMeter()
        self._known_window(config)

    # What holds

    @property
    def config(self) -> Config:
        """The settings in force."""
        return self._config

    @config.setter
    def config(self, config: Config) -> None:
        self._config = config
        self._outside.settings_changed(config)
        self._known_window(config)

    @property
    def window(self) -> int | None:
        """The context window of the model in use, in tokens, as far as it is known."""
        return self._meter.window(self._config)

    @property
    def tokens(self) -> int:
        """The tokens of the branch in use: counted by the server, else estimated."""
        return self._meter.tokens(self.conversation)

    @property
    def last_turn(self) -> TurnRecord | None:
        """The newest turn of the branch in use."""
        return self.conversation.last_turn

    @property
    def answer(self) -> str:
        """The newest answer, whole where it was continued; "" where there is none."""
        return whole_answer(self.conversation)

    def learn_windows(self, windows: dict[str, int]) -> None:
        """Remember the context windows of the server's models."""
        for model, tokens in windows.items():
            self._meter.learn(self._config.base_url, model, tokens)

    # Asking

    def send(self, text: str, model: str | None = None) -> None:
        """Ask the next prompt, the attachments with it; `model`: another one, just this once."""
        self.model_once = model
        self._ask(Asked(self._with_attachments(text), text, self.conversation.head))

    def retry(self) -> None:
        """Ask the last prompt again, in place of its answer. Raises UsageError without one."""
        self._ask(_existing(self.failed or last_asked(self.conversation)))

    def to_edit(self) -> MessageParts:
        """Return the last prompt that was typed. Raises UsageError without one."""
        return split_message(self._last_typed.message)

    def send_edited(self, text: str) -> None:
        """Ask other words in place of the last ones, with the files that went with those."""
        last = self._last_typed
        files = split_message(last.message).files
        message = "\n\n".join(filter(None, (files, self._with_attachments(text))))
        self._ask(Asked(message, text, last.parent))

    def go_on(self) -> None:
        """Have the last answer go on where it broke off; where there is none, ask again.

        Raises UsageError where it came to its end: what is to follow has to be said in words.
        """
        last = self.last_turn
        if self.failed or last is None or not last.messages():
            self.retry()
        elif last.is_whole:
            raise UsageError("the last answer is complete", hint="ask for more in words")
        else:
            self._ask(Asked(GO_ON, GO_ON, self.conversation.head))

    def undo(self, count: int = 1) -> list[str]:
        """Take the last prompts and their answers back; return the prompts, the newest first.

        One that failed counts as one. Raises UsageError where there are not so many.
        """
        branch = self.conversation.branch
        failed = [self.failed.message] if self.failed else []
        steps = count - len(failed)
        if not 0 <= steps <= len(branch):
            there = len(branch) + len(failed)
            raise UsageError(f"there {'is' if there == 1 else 'are'} only {there} to undo"
                             if there else "there is nothing to undo")  # fmt: skip
        if steps:
            self._change(head=branch[-steps].parent)
        self.failed = self.model_once = None
        return failed + [turn.prompt for turn in branch[len(branch) - steps :][::-1]]

    # Conversations

    def begin(self) -> None:
        """Begin a new conversation."""
        self.take_up(Conversation(new_id(), system=self._config.system))

    def take_up(self, conversation: Conversation) -> None:
        """Go on with another conversation."""
        self.conversation = conversation
        self.failed = self.model_once = None
        self._known_window(self._config)

    def set_title(self, title: str) -> None:
        """Give the conversation a title."""
        self._change(title=title_of(title))

    def set_system(self, system: str | None) -> None:
        """Change the system prompt, of this conversation and those that are begun."""
        self._change(system=system)
        self.config = dataclasses.replace(self._config, system=system)

    # Inside

    @property
    def _last_typed(self) -> Asked:
        failed = self.failed if self.failed and self.failed.message != GO_ON else None
        return _existing(failed or last_typed(self.conversation))

    def _with_attachments(self, text: str) -> str:
        attachments, self.attachments = self.attachments, []
        return user_message(text, attachments)

    def _ask(self, asked: Asked) -> None:
        self.failed = asked
        turn = self._turn(asked)
        signals: list[int] = []

        def note(signum: int) -> None:
            turn.interrupt(signum)  # before it is shown: then nothing is asked
            signals.append(signum)  # when it is over: nothing is torn by it

        with delivered_to(note):
            try:
                self._outside.show(turn)
            except OutputError as exc:
                if turn.signum:  # the terminal was closed, and that is why
                    raise Interrupted(turn.signum) from exc
                raise  # pragma: no cover - a terminal that has gone sends a signal first
            finally:
                self._take(turn, asked)
        if signals and signals[-1] != signal.SIGINT:
            raise Interrupted(signals[-1])  # pragma: no cover - too short a moment to hit

    def _turn(self, asked: Asked) -> ConversationTurn:
        config = self._config
        if self.model_once:
            config = dataclasses.replace(config, model=self.model_once)
        conversation = dataclasses.replace(
            self.conversation,
            head=asked.parent,
            title=self.conversation.title or title_of(asked.title),
        )
        return ConversationTurn(
            self._outside.begin_turn,
            lambda messages: chat_request(config, messages),
            conversation,
            asked.message,
            recorder=self._recorder,
            base_url=config.base_url,
            window=self._known_window(config),
        )

    def _known_window(self, config: Config) -> int | None:
        stored = self._outside.window(config, self.conversation)
        self._meter.learn(config.base_url, config.model, stored)
        return self._meter.window(config)

    def _take(self, turn: ConversationTurn, asked: Asked) -> None:
        """Store what came of a turn, and go on from it, however it ended."""
        try:
            self.notices = turn.close()
        except Interrupted:
            self.notices = [turn.given_up]
            raise
        finally:
            self._go_on_from(turn, asked)

    def _go_on_from(self, turn: ConversationTurn, asked: Asked) -> None:
        self.last = turn.reply
        self.rate_limit = turn.reply.rate_limit  # an older one may be about another model
        self._meter.learn(self._config.base_url, turn.request.model, turn.window)
        if turn.conversation.head == asked.parent:
            return  # it was not even sent
        before, self.conversation = self.conversation, turn.conversation
        self.totals.add(turn.reply)
        if turn.reply.content.strip() or asked.parent == before.head:
            self.failed = None  # it is in the branch now
        else:  # no older answer is given up for none
            self.conversation = dataclasses.replace(self.conversation, head=before.head)
            self._change(head=before.head)
        self._known_window(self._config)  # now that a first turn has the store open

    def _change(self, **changes: str | None) -> None:
        changed = dataclasses.replace(self.conversation, **changes)  # type: ignore[arg-type] # title, system and head, all of them texts
        if self.conversation.turns and self._outside.open_store:
            try:
                self._outside.open_store(PATIENCE).update(self.conversation.id, **changes)
            except StoreError as exc:
                self.notices.append(f"this change is not kept: {exc.message}")
        self.conversation = changed  # only now: nothing is, when a signal ends the wait for a lock


def _existing(asked: Asked | None) -> Asked:
    if asked is None:
        raise UsageError("there is no prompt to ask again")
    return asked
