"""What is kept on this machine: conversations, and what servers said of their models."""

import contextlib
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from srchat import model_cache, paths
from srchat.api.models import Model
from srchat.errors import StoreError, reason_of
from srchat.history import PATIENCE

if TYPE_CHECKING:
    from srchat.history.store import ConversationStore

_SHORT_WAIT: Final = 0.2  # seconds to wait for a lock where nothing depends on it


class Library:
    """Opens the history on first use. `warn` is told of a damaged one that was set aside."""

    def __init__(self, environ: Mapping[str, str], warn: Callable[[str, str], None]) -> None:
        self._environ = environ
        self._warn = warn
        self._store: ConversationStore | None = None

    def open(self, timeout: float = PATIENCE) -> "ConversationStore":
        """Return the history, created where there is none; wait `timeout` seconds for a lock.

        Raises StoreError.
        """
        store = self._opened(timeout, may_replace=True)
        store.database.patience = timeout
        store.database.may_replace = True
        return store

    def existing(self) -> "ConversationStore | None":
        """Return the history, None where nothing was ever kept. Raises StoreError.

        A damaged one is an error, and stays where it is: who only reads does not replace it.
        """
        path = paths.database_path(self._environ)
        try:
            path.stat()  # exists() says no of what it may not look at, from Python 3.14 on
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as exc:  # its directory is not ours to look into
            raise StoreError(f"cannot use the history {path}: {reason_of(exc)}") from exc
        return self._opened(PATIENCE, may_replace=False)

    def _opened(self, timeout: float, *, may_replace: bool) -> "ConversationStore":
        if self._store is None:
            try:
                from srchat.history.store import ConversationStore  # noqa: PLC0415 - sqlite3, 10 ms
            except ImportError as exc:  # pragma: no cover - another build of Python
                raise StoreError("no history: this Python was built without sqlite3") from exc
            path = paths.database_path(self._environ)
            self._store = ConversationStore(path, timeout, may_replace=may_replace)
        return self._store

    def context_window(self, base_url: str, model: str) -> int | None:
        """Return what is stored of a model's context window, in tokens."""
        with contextlib.suppress(StoreError):
            if store := self.existing():
                return store.context_window(base_url, model, time.time())
        return None

    def model_names(self, base_url: str) -> list[str]:
        """Return the names of a server's models as it listed them last."""
        return model_cache.read(str(paths.cache_path()), base_url)

    def remember_names(self, base_url: str, models: Sequence[Model]) -> None:
        """Remember the names of a server's models; safe in a thread beside the history's."""
        model_cache.write(str(paths.cache_path()), base_url, [model.id for model in models])

    def remember_models(self, base_url: str, models: Sequence[Model], *, windows: bool) -> None:
        """Remember names and, in the history, context windows; nothing depends on it."""
        self.remember_names(base_url, models)
        known = {model.id: model.context_window for model in models if model.context_window}
        if known and windows:
            with contextlib.suppress(StoreError):
                self.open(_SHORT_WAIT).learn_windows(base_url, known, time.time())

    def close(self) -> None:
        """Close the history, if it was opened."""
        if self._store:
            if warning := self._store.take_warning():
                self._warn(warning.message, warning.hint)
            self._store.close()
