"""The models of the server: listed, and cached for completion and context windows."""

import contextlib
import threading
from collections.abc import Callable
from typing import Final

from srchat.api.events import RetryWait
from srchat.api.models import Model
from srchat.config.settings import Config
from srchat.errors import SrchatError
from srchat.library import Library
from srchat.session.connection import Connection
from srchat.session.windows import Windows

_FETCH_TIMEOUT: Final = 5.0  # seconds to list the models for completion


class ModelList:
    """Lists models and remembers their names.

    `keeps`: store context windows in the history.
    `on_change`: called from a thread when `names` has fetched new names.
    """

    def __init__(
        self, connection: Connection, library: Library, windows: Windows, *, keeps: bool
    ) -> None:
        self.on_change: Callable[[], None] = lambda: None
        self._connection = connection
        self._library = library
        self._windows = windows
        self._keeps = keeps
        self._is_asked = False

    def ask(self, config: Config, on_wait: Callable[[RetryWait], None]) -> list[Model]:
        """Request the list of models and remember it. Raises APIError."""
        found = self._connection.list_models(config, on_wait)
        for model in found:
            self._windows.learn(config.base_url, model.id, model.context_window)
        self._library.save_models(config.base_url, found, windows=self._keeps)
        return found

    def names(self, config: Config, *, ask: bool) -> list[str]:
        """Return the known names. With `ask`, also request the list once, in the background.

        Nothing is requested if a command would have to be run for the key.
        """
        if ask and not self._is_asked and self._connection.is_ready:
            self._is_asked = True
            with contextlib.suppress(RuntimeError):  # no thread can be started
                threading.Thread(target=self._fetch, args=(config,), daemon=True).start()
        return self._library.model_names(config.base_url)

    def _fetch(self, config: Config) -> None:
        # The session's client belongs to the main thread.
        try:
            with self._connection.new_client(config, timeout=_FETCH_TIMEOUT, retries=0) as client:
                self._library.save_model_names(config.base_url, client.list_models())
        except SrchatError:
            return  # completion works without it
        self.on_change()
