"""What a command needs, built on first use.

The slow parts (httpx, Rich) are imported here, when a command asks for them, so that help,
completion and the configuration start at once.
"""

import contextlib
import sys
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Final

from srchat import paths
from srchat.api.key import redacted
from srchat.config import file as config_file
from srchat.config.key_choice import is_loopback
from srchat.config.settings import (
    DEMO_BASE_URL,
    SETTINGS,
    Config,
    FileSettings,
    Resolved,
    did_you_mean,
    key_to_send,
    resolve,
)
from srchat.errors import (
    APIStatusError,
    AuthenticationError,
    SrchatError,
    StoreError,
    reason_of,
)
from srchat.hints import hint_for_status, is_about_model
from srchat.history import PATIENCE
from srchat.output.plain import PlainWriter
from srchat.output.status import StatusLine
from srchat.output.streams import Messages, Output
from srchat.painter import AnswerWriter, PaintedTurn, WaitView, paint
from srchat.turn import Turn

if TYPE_CHECKING:
    from srchat.api.client import ChatClient
    from srchat.api.models import ChatRequest, Model
    from srchat.history.store import ConversationStore

_HINT_TIME: Final = 3.0  # seconds that asking for a better hint may take


class Runtime:
    """The process as a command sees it: environment, streams, settings, and the client."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.environ = environ
        encoding = sys.stdout.encoding if sys.stdout else "utf-8"
        self.stdin_fd = 0
        self.stdout = Output(1, environ, encoding)
        self.stderr = Output(2, environ, encoding)
        self.messages = Messages(self.stderr)
        self._options: dict[str, object] = {}
        self._profile: str | None = None
        self._verbose = False
        self._store: ConversationStore | None = None
        self._printed_keys: dict[tuple[str, ...], str] = {}
        self._key_is_stale = False

    def read_options(self, parameters: Mapping[str, object]) -> None:
        """Take from a command's parameters those that are settings or about all commands."""
        given = {name: value for name, value in parameters.items() if value not in (None, [], ())}
        self._options = {
            name: tuple(value) if isinstance(value := given[name], list) else value
            for name in SETTINGS
            if name in given
        }
        self._profile = str(given["profile"]) if "profile" in given else None
        self._verbose = bool(given.get("verbose"))
        self.messages.quiet = bool(given.get("quiet"))

    @cached_property
    def file(self) -> FileSettings:
        """What the configuration file sets. Raises ConfigError."""
        file = config_file.load(paths.config_path(self.environ))
        if file.is_exposed:
            self.messages.notice(
                f"others can read {file.path}; any `srchat config set` or chmod 600 mends that"
            )
        return file

    @cached_property
    def settings(self) -> Resolved:
        """The configuration in force. Raises ConfigError."""
        return resolve(self.file, self.environ, self._options, self._profile)

    @property
    def config(self) -> Config:
        """The values of the settings in force."""
        return self.settings.config

    def use(self, config: Config) -> None:
        """Let other values of settings hold from now on, whatever the options say."""
        before = self.config
        self.settings = self.settings._replace(config=config)
        connection = ("timeout", "retries", "max_wait")
        if any(getattr(config, name) != getattr(before, name) for name in connection):
            self._close_client()

    @cached_property
    def client(self) -> "ChatClient":
        """The client of the configured server. Raises ConfigError, MissingKeyError, APIError."""
        if self._key_is_stale:
            self._find_key_again()
        return self.client_for(self.settings, self.config.timeout, self.config.retries)

    def client_for(self, settings: Resolved, timeout: float, retries: int) -> "ChatClient":
        """Return a client of a server that need not be the configured one.

        Raises ConfigError, MissingKeyError, APIError.
        """
        key = self.key_for(settings)

        from srchat.api.client import ChatClient  # noqa: PLC0415 - httpx, 60 ms
        from srchat.api.exchange import Timeouts  # noqa: PLC0415 - on first use
        from srchat.api.retry import RetryPolicy  # noqa: PLC0415 - on first use

        transport = None
        if settings.config.base_url == DEMO_BASE_URL:
            from srchat.api.demo import DemoTransport  # noqa: PLC0415 - on first use

            transport = DemoTransport()
        return ChatClient(
            settings.config.base_url,
            key,
            timeouts=Timeouts(silence=timeout),
            retry=RetryPolicy(retries, settings.config.max_wait),
            transport=transport,
            # To a proxy, a request to this machine would go in clear, and the key with it.
            use_proxy=not is_loopback(settings.config.base_url),
            log=self.messages.tell if self._verbose else lambda _: None,
        )

    def models(self) -> "list[Model]":
        """Ask the configured server for its models; waits for a retry are shown.

        Raises what `client` raises, and APIError and its kin.
        """
        status = StatusLine(self.messages)
        try:
            return self.client.list_models(WaitView(self.messages, status).show)
        except AuthenticationError:
            self.forget_key()
            raise
        finally:
            status.clear()

    def key_for(self, settings: Resolved) -> str | None:
        """Return the key for a server, None for none. Raises ConfigError, MissingKeyError."""
        key = key_to_send(settings, self._key_printed_by)
        self.messages.redact = lambda text: redacted(text, key)
        return key

    def forget_key(self) -> None:
        """Look for the key anew when one is needed next: the server refused the one in use.

        It may have been set meanwhile, or its command prints keys that expire.
        """
        self._key_is_stale = True
        self._close_client()

    def _find_key_again(self) -> None:
        # Only now, where a command may ask on the terminal: completion, too, wants a key meanwhile.
        self._printed_keys.clear()
        self.__dict__.pop("file", None)
        now = resolve(self.file, self.environ, self._options, self._profile)
        if now.config.base_url == self.config.base_url:  # else it is the key of another server
            self.settings = now._replace(config=self.config)
        self._key_is_stale = False

    def _key_printed_by(self, command: tuple[str, ...]) -> str:
        if command not in self._printed_keys:
            from srchat.config.key_command import key_printed_by  # noqa: PLC0415 - subprocess, 3 ms

            self._printed_keys[command] = key_printed_by(command)
        return self._printed_keys[command]

    def begin_turn(self, request: "ChatRequest") -> Turn:
        """Return a turn with the configured server. Raises what `client` raises."""
        return Turn(self.client, request, self.config.fallback_models)

    def paint(self, turn: PaintedTurn, writer: AnswerWriter | None = None) -> None:
        """Show a turn as it happens, its answer through `writer`, else as standard output can.

        Raises what the turn raises.
        """
        paint(turn, self.messages, lambda: writer or self._answer_writer())

    def was_given(self, name: str) -> bool:
        """Tell whether the command line sets a setting: by an option, or by its `--profile`."""
        origin = self.settings.origins[name]
        return name in self._options or (self._profile is not None and "profile" in origin)

    def open_store(self, patience: float = PATIENCE) -> "ConversationStore":
        """Return the stored conversations; `patience`: seconds to wait. Raises StoreError."""
        if self._store is None:
            try:
                from srchat.history.store import ConversationStore  # noqa: PLC0415 - sqlite3, 10 ms
            except ImportError as exc:  # pragma: no cover - another build of Python
                raise StoreError("no history: this Python was built without sqlite3") from exc
            self._store = ConversationStore(paths.database_path(self.environ), patience)
        self._store.database.patience = patience
        return self._store

    @property
    def stored(self) -> "ConversationStore | None":
        """The stored conversations, None where nothing was ever kept. Raises StoreError."""
        path = paths.database_path(self.environ)
        try:
            path.stat()  # exists() says no of what it may not look at, from Python 3.14 on
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as exc:  # its directory is not ours to look into
            raise StoreError(f"cannot use the history {path}: {reason_of(exc)}") from exc
        store = self.open_store()
        self._tell_damage(store)
        return store

    def plain_writer(self) -> PlainWriter:
        """Return a writer of the answer's text without any dress."""
        return PlainWriter(self.stdout)

    def write_answer(self, text: str) -> None:
        """Write a whole answer as standard output can show it.

        Raises OutputError, ClosedPipeError.
        """
        writer = self._answer_writer()
        writer.write(text)
        writer.close()

    def _answer_writer(self) -> AnswerWriter:
        if not self.stdout.is_terminal:
            return self.plain_writer()
        from srchat.output.markdown import MarkdownWriter  # noqa: PLC0415 - Rich, 120 ms

        return MarkdownWriter(self.stdout, code_theme=self.config.code_theme)

    def hint_for(self, exc: SrchatError, model: str | None = None) -> str:
        """Return the way out of a failure; for an unknown model, with the models there are.

        `model`: the one that was asked, None for the configured one.
        """
        if not isinstance(exc, APIStatusError) or "settings" not in self.__dict__:
            return ""
        hint = hint_for_status(exc, self.settings)
        model = model or self.config.model
        if not is_about_model(exc, model):
            return hint
        with (
            contextlib.suppress(SrchatError),
            self.client_for(self.settings, _HINT_TIME, 0) as client,
        ):
            names = [model.id for model in client.list_models(within=_HINT_TIME)]
            return did_you_mean(model, names)
        return hint

    def close(self) -> None:
        """Let go of connection and history, if there were any."""
        if self._store:
            self._tell_damage(self._store)  # a history is not put aside without a word
            self._store.leave()
        self._close_client()

    def _tell_damage(self, store: "ConversationStore") -> None:
        if notice := store.take_notice():
            self.messages.notice(notice)

    def _close_client(self) -> None:
        if client := self.__dict__.pop("client", None):
            client.close()
