"""What a command needs, built on first use.

The slow parts (httpx, Rich) are imported here, when a command asks for them, so that help,
completion and the configuration start at once.
"""

import contextlib
import sys
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Final

from srchat import config_file, paths
from srchat.api.key import redacted
from srchat.config import (
    DEMO_BASE_URL,
    SETTINGS,
    Config,
    Resolved,
    did_you_mean,
    key_to_send,
    resolve,
)
from srchat.errors import APIStatusError, SrchatError
from srchat.hints import hint_for_status, is_about_model
from srchat.output.plain import PlainWriter
from srchat.output.streams import Messages, Output
from srchat.painter import AnswerWriter, Painter
from srchat.session import ChatSession

if TYPE_CHECKING:
    from srchat.api.client import ChatClient

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

    def read_options(self, parameters: Mapping[str, object]) -> None:
        """Take from a command's parameters those that are settings or about all commands."""
        given = {name: value for name, value in parameters.items() if value not in (None, [])}
        self._options = {name: given[name] for name in SETTINGS if name in given}
        if "stop" in self._options:
            self._options["stop"] = tuple(self._options["stop"])  # type: ignore[arg-type] # a list of typer's
        self._profile = str(given["profile"]) if "profile" in given else None
        self._verbose = bool(given.get("verbose"))
        self.messages.quiet = bool(given.get("quiet"))

    @cached_property
    def settings(self) -> Resolved:
        """The configuration in force. Raises ConfigError."""
        file = config_file.load(paths.config_path(self.environ))
        return resolve(file, self.environ, self._options, self._profile)

    @property
    def config(self) -> Config:
        """The values of the settings in force."""
        return self.settings.config

    @cached_property
    def client(self) -> "ChatClient":
        """The client of the configured server. Raises ConfigError, MissingKeyError, APIError."""
        return self._new_client(self.config.timeout, self.config.retries)

    def _new_client(self, timeout: float, retries: int) -> "ChatClient":
        key = key_to_send(self.settings)
        self.messages.redact = lambda text: redacted(text, key)

        from srchat.api.client import ChatClient  # noqa: PLC0415 - httpx, 60 ms
        from srchat.api.exchange import Timeouts  # noqa: PLC0415
        from srchat.api.retry import RetryPolicy  # noqa: PLC0415

        transport = None
        if self.config.base_url == DEMO_BASE_URL:
            from srchat.api.demo import DemoTransport  # noqa: PLC0415

            transport = DemoTransport()
        return ChatClient(
            self.config.base_url,
            key,
            timeouts=Timeouts(silence=timeout),
            retry=RetryPolicy(retries, self.config.max_wait),
            transport=transport,
            log=self.messages.tell if self._verbose else lambda _: None,
        )

    @property
    def session(self) -> ChatSession:
        """A session with the configured server."""
        return ChatSession(self.client, self.config)

    def painter(self, writer: AnswerWriter | None = None) -> Painter:
        """Return what shows an answer: through `writer`, or as standard output deserves."""
        return Painter(self.messages, lambda: writer or self._answer_writer())

    def plain_writer(self) -> PlainWriter:
        """Return a writer of the answer's text without any dress."""
        return PlainWriter(self.stdout)

    def _answer_writer(self) -> AnswerWriter:
        if not self.stdout.is_terminal:
            return self.plain_writer()
        from srchat.output.markdown import MarkdownWriter  # noqa: PLC0415 - Rich, 120 ms

        return MarkdownWriter(self.stdout, code_theme=self.config.code_theme)

    def hint_for(self, exc: SrchatError) -> str:
        """Return the way out of a failure; for an unknown model, with the models there are."""
        if not isinstance(exc, APIStatusError):
            return ""
        hint = hint_for_status(exc, self.settings)
        if not is_about_model(exc, self.config.model):
            return hint
        with contextlib.suppress(SrchatError), self._new_client(_HINT_TIME, 0) as client:
            names = [model.id for model in client.list_models()]
            return did_you_mean(self.config.model, names)
        return hint

    def close(self) -> None:
        """Close the connection, if there was one."""
        if "client" in self.__dict__:
            self.client.close()
