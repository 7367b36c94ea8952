"""`srchat chat`: a conversation at the terminal, or one prompt a line from a script."""

import threading
from typing import TYPE_CHECKING

import typer

from srchat import __version__, paths
from srchat.chat import settings as chat_settings
from srchat.chat.chat import Chat
from srchat.chat.outside import Outside
from srchat.cli import options
from srchat.cli.chat_shelf import ChatShelf
from srchat.cli.conversations import chosen_conversation, learnt_window, reconciled
from srchat.cli.runtime import Runtime
from srchat.config.settings import SETTINGS, Config
from srchat.conversation import Conversation
from srchat.conversation_turn import ConversationTurn
from srchat.errors import AuthenticationError
from srchat.output.sanitize import one_line
from srchat.output.streams import Output, is_terminal
from srchat.output.typed_ahead import held_for_prompt, unechoed
from srchat.prompt import read_file
from srchat.usage_line import usage_line

if TYPE_CHECKING:
    from srchat.repl.lines import Lines
    from srchat.repl.prompt_lines import PromptLines


def chat(
    ctx: typer.Context,
    *,
    model: options.Model = None,
    system: options.System = None,
    temperature: options.Temperature = None,
    top_p: options.TopP = None,
    max_tokens: options.MaxTokens = None,
    stop: options.Stop = None,
    stream: options.Stream = None,
    file: options.Files = None,
    profile: options.Profile = None,
    base_url: options.BaseUrl = None,
    timeout: options.Timeout = None,
    retries: options.Retries = None,
    max_wait: options.MaxWait = None,
    continue_: options.Continue = False,
    conversation: options.ConversationId = None,
    no_save: options.NoSave = False,
    usage: options.ShowUsage = False,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
) -> int:
    """Talk with a model, prompt by prompt.

    /help tells what can be typed. Without a terminal, each line of standard input is a
    prompt, answers go to standard output, and the exit code is that of the last failure.
    """
    runtime: Runtime = ctx.obj
    runtime.read_options(ctx.params)
    runtime.key_for(runtime.settings)  # a key that is missing is said before anything begins
    chosen, config = reconciled(runtime, chosen_conversation(runtime, conversation, last=continue_))
    runtime.use(config)
    chatting = _Chatting(runtime, chosen, save=not no_save and config.history, usage=usage)
    chatting.chat.attachments = [read_file(path) for path in file or []]
    return chatting.run()


class _Chatting:
    """A chat and everything around it, as the process allows."""

    def __init__(
        self, runtime: Runtime, conversation: Conversation, *, save: bool, usage: bool
    ) -> None:
        self._runtime = runtime
        self._save = save
        self._usage = usage
        self._terminal = _terminal(runtime)
        self._prompt: PromptLines | None = None
        self.chat = Chat(
            Outside(
                begin_turn=runtime.begin_turn,
                show=self._show,
                open_store=runtime.open_store if save else None,
                window=lambda config, current: learnt_window(runtime, config, current),
                settings_changed=self._settings_changed,
            ),
            runtime.config,
            conversation,
        )
        self._shelf = ChatShelf(runtime, self.chat, self._terminal or runtime.stderr)

    def run(self) -> int:
        """Read and run lines until the end."""
        from srchat.repl.loop import Repl  # noqa: PLC0415 - only a chat needs it

        screen = self._terminal or self._runtime.stderr
        repl = Repl(
            self.chat, self._lines(), self._shelf, screen, self._runtime.messages,
            debug=self._runtime.environ.get("SRCHAT_DEBUG") == "1",
        )  # fmt: skip
        if self._terminal and not self._runtime.messages.quiet:
            self._greet(self._terminal)
        if self._prompt and self._terminal:
            # From prompt to prompt: what is typed in between is neither echoed nor torn.
            with held_for_prompt(self._runtime.stdin_fd, self._terminal):
                return int(repl.run())
        return int(repl.run())

    def _greet(self, screen: Output) -> None:
        model = one_line(self.chat.config.model)
        greeting = f"srchat {__version__}, {model}. /help tells more, Ctrl-D leaves.\n\n"
        screen.write(screen.between_words(greeting))
        if self.chat.conversation.turns:
            self._shelf.show_last(self.chat.conversation)
            screen.write("\n")

    def _lines(self) -> "Lines":
        if self._terminal and self._terminal.can_move:
            self._prompt = self._prompt_lines(self._terminal)
            return self._prompt
        from srchat.repl.lines import PlainLines  # noqa: PLC0415 - as above

        return PlainLines(self._runtime.stdin_fd, self._terminal)

    def _prompt_lines(self, screen: Output) -> "PromptLines":
        # prompt_toolkit, 100 ms
        from srchat.chat.typed_lines import TypedLines  # noqa: PLC0415 - on first use
        from srchat.repl.completer import ChatCompleter, Values  # noqa: PLC0415 - on first use
        from srchat.repl.prompt_lines import PromptLines  # noqa: PLC0415 - on first use
        from srchat.repl.typed_history import TypedHistory  # noqa: PLC0415 - on first use

        environ = self._runtime.environ
        values = Values(
            models=self._shelf.known_models,
            conversations=self._shelf.offered,
            settings={name: SETTINGS[name].help for name in chat_settings.NAMES},
        )
        typed = TypedLines(paths.typed_lines_path(environ), keeps=self._save)
        lines = PromptLines(
            screen,
            environ,
            TypedHistory(typed, self._runtime.messages.notice),
            ChatCompleter(values),
            self._status,
            self._prepare,
            self._runtime.messages.tell,
        )
        lines.use_keys(self.chat.config.keys)
        self._shelf.models_came = lines.complete_again
        return lines

    def _settings_changed(self, config: Config) -> None:
        self._runtime.use(config)
        if self._prompt:
            self._prompt.use_keys(config.keys)

    def _prepare(self) -> None:
        """Load what the first prompt will need, while it is being typed."""
        threading.Thread(target=_load_slow_modules, daemon=True).start()

    def _show(self, turn: ConversationTurn) -> None:
        runtime = self._runtime
        if self._terminal and runtime.stdout.is_terminal:
            runtime.stdout.write("\n")
        try:
            if self._terminal and not self._prompt:
                with unechoed(runtime.stdin_fd):  # its driver goes on editing lines
                    runtime.paint(turn)
            else:
                runtime.paint(turn)
        except AuthenticationError:
            runtime.forget_key()
            raise
        finally:
            if self._usage and turn.reply.has_begun:
                runtime.messages.tell(usage_line(turn.reply))

    def _status(self) -> list[str]:
        chat = self.chat
        window = f" of {chat.window}" if chat.window else ""
        parts = [chat.config.model, f"{chat.tokens}{window} tokens"]
        if chat.attachments:
            parts.append(f"{len(chat.attachments)} file{'s' * (len(chat.attachments) > 1)}")
        if chat.rate_limit:
            parts.append(str(chat.rate_limit))
        if profile := self._runtime.settings.profile:
            parts.append(profile)
        return parts


def _terminal(runtime: Runtime) -> Output | None:
    """Return where a person who types sees what is said, None where none does."""
    if not is_terminal(runtime.stdin_fd):
        return None
    return next((out for out in (runtime.stdout, runtime.stderr) if out.is_terminal), None)


def _load_slow_modules() -> None:
    import srchat.api.client  # noqa: PLC0415 - httpx
    import srchat.output.markdown  # noqa: F401, PLC0415 - Rich
