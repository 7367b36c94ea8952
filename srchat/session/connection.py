"""The client of the configured server, created with its key when a request is about to be sent."""

import dataclasses
from collections.abc import Callable, Collection, Mapping
from typing import TYPE_CHECKING, Final

from srchat.api.events import RetryWait
from srchat.api.key import secret_headers
from srchat.config.keys import is_loopback
from srchat.config.resolution import Resolved, key_to_send
from srchat.config.settings import DEMO_BASE_URL, SETTINGS, Config
from srchat.errors import APIStatusError, AuthenticationError, Interrupted, SrchatError
from srchat.library import Library
from srchat.session.hints import hint_for_status, is_about_model
from srchat.suggestions import did_you_mean

if TYPE_CHECKING:
    from srchat.api.client import ChatClient
    from srchat.api.models import Model
    from srchat.api.server import Server

_LIST_TIMEOUT: Final = 3.0  # seconds to list the models for a hint


def open_server(config: Config, key: str | None, headers: Mapping[str, str]) -> "Server":
    """Return the configured server. `key`, if not None, and `headers` are sent to it.

    Raises APIError if the URL or the proxy cannot be used.
    """
    from srchat.api.server import Server  # noqa: PLC0415 - httpx, 60 ms

    transport = None
    if config.base_url == DEMO_BASE_URL:
        from srchat.api.demo import DemoTransport  # noqa: PLC0415 - on first use

        transport = DemoTransport()
    return Server(
        config.base_url,
        key,
        headers=headers,
        transport=transport,
        # A proxy would see the key of an unencrypted request to this machine.
        use_proxy=not is_loopback(config.base_url),
    )


def open_client(
    server: "Server", config: Config, log: Callable[[str], None], frame_time: float = 0.0
) -> "ChatClient":
    """Return a client of a server."""
    from srchat.api.client import ChatClient  # noqa: PLC0415 - httpx, 60 ms
    from srchat.api.exchange import Limits  # noqa: PLC0415 - on first use
    from srchat.api.retry import RetryPolicy  # noqa: PLC0415 - on first use

    return ChatClient(
        server,
        limits=Limits(silence=config.timeout),
        retry=RetryPolicy(config.retries, config.max_wait),
        log=log,
        frame_time=frame_time,
    )


class Connection:
    """Finds the key of the configured server and keeps a client for it.

    `read_again`: reads the settings again, after the server has rejected the key.
    `use_secret`: called with each key and secret header, so that it can be redacted.
    `log`: called with one line for each step and header.
    `library`: remembers the parameters that servers reject.
    `frame_time`: seconds between two deliveries of an answer's text.
    `is_explaining`: `explain` is running; Interrupted may be raised into it.
    """

    def __init__(
        self,
        resolved: Resolved,
        read_again: Callable[[], Resolved],
        *,
        use_secret: Callable[[str], None],
        log: Callable[[str], None],
        library: Library | None = None,
        frame_time: float = 0.0,
    ) -> None:
        self._frame_time = frame_time
        self._read_again = read_again
        self._use_secret = use_secret
        self._log = log
        self._library = library
        self.is_explaining = False
        self._known_refused: frozenset[str] = frozenset()
        self._resolved = resolved
        self._printed: dict[tuple[str, ...], str] = {}
        self._key_was_refused = False
        self._client: ChatClient | None = None
        self._client_config: Config | None = None

    def check_key(self) -> None:
        """Check that a key may be sent, without running the `api_key_command`.

        Raises MissingKeyError, ConfigError.
        """
        key_to_send(self._resolved)

    @property
    def is_ready(self) -> bool:
        """Whether a client can be made without asking the user or running a command."""
        command = self._resolved.key_command
        return not self._key_was_refused and (command is None or command in self._printed)

    def client(self, config: Config) -> "ChatClient":
        """Return the client for a configuration. The current one is reused if its connection fits.

        Raises ConfigError, MissingKeyError, APIError.
        """
        if self._key_was_refused:
            self._reload_key(config)
        if self._client is None or not _is_same_connection(config, self._client_config):
            self.close()
            self._client = self.new_client(config)
            self._client_config = config
            if self._library:
                self._client.refused.update(self._library.refused_parameters(config.base_url))
                self._known_refused = frozenset(self._client.refused)
        return self._client

    def new_client(
        self, config: Config, *, timeout: float | None = None, retries: int | None = None
    ) -> "ChatClient":
        """Return a client that the caller closes. Raises as `client`."""
        if timeout is not None:
            config = dataclasses.replace(config, timeout=timeout)
        if retries is not None:
            config = dataclasses.replace(config, retries=retries)
        return open_client(self.new_server(config), config, self._log, self._frame_time)

    def new_server(self, config: Config) -> "Server":
        """Return the configured server, with its key. Raises as `client`."""
        key = key_to_send(self._resolved, self._run_key_command)
        if key:
            self._use_secret(key)
        headers = self._resolved.headers
        for value in secret_headers(headers):
            self._use_secret(value)
        return open_server(config, key, headers)

    def list_models(self, config: Config, on_wait: Callable[[RetryWait], None]) -> "list[Model]":
        """Return the models of the server. Raises as `client`, and APIError."""
        try:
            return self.client(config).list_models(on_wait)
        except APIStatusError as exc:
            self.explain(exc, config)
            raise

    def explain(self, exc: APIStatusError, config: Config) -> None:
        """Add a hint to a status error. After a 401, the next request reads the key again.

        If the model is unknown, the hint is taken from the list of models. An Interrupted that a
        signal handler raises gets the message of the error, too.
        """
        if isinstance(exc, AuthenticationError):
            self._key_was_refused = True
            self.close()
        self.is_explaining = True
        try:
            exc.hint = exc.hint or self._hint_for(exc, config)
        except Interrupted as stop:
            stop.message = f"{exc.message}; {stop.message}"
            raise
        finally:
            self.is_explaining = False

    def close(self) -> None:
        """Close the client, if there is one."""
        client, self._client = self._client, None
        if client:
            self._remember(client.refused)
            client.close()

    def _remember(self, refused: Collection[str]) -> None:
        if self._library and self._client_config and refused != self._known_refused:
            self._library.save_refused_parameters(self._client_config.base_url, refused)

    def _reload_key(self, config: Config) -> None:
        self._printed.clear()
        now = self._read_again()
        if now.config.base_url == config.base_url:  # else the key belongs to another server
            self._resolved = now
        self._key_was_refused = False

    def _run_key_command(self, command: tuple[str, ...]) -> str:
        if command not in self._printed:
            from srchat.config.key_command import run_key_command  # noqa: PLC0415 - subprocess, 3 ms

            self._printed[command] = run_key_command(command)
        return self._printed[command]

    def _hint_for(self, exc: APIStatusError, config: Config) -> str:
        hint = hint_for_status(exc, self._resolved)
        if not is_about_model(exc, config.model):
            return hint
        try:
            with self.new_client(config, timeout=_LIST_TIMEOUT, retries=0) as client:
                names = [model.id for model in client.list_models(within=_LIST_TIMEOUT)]
        except SrchatError:
            return hint
        return "" if config.model in names else did_you_mean(config.model, names)


def _is_same_connection(config: Config, other: Config | None) -> bool:
    names = [name for name, entry in SETTINGS.items() if entry.connection]
    return all(getattr(config, name) == getattr(other, name, None) for name in names)
