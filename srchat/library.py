"""The data on this machine: the history and the cached properties of servers."""

import contextlib
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from srchat import model_cache, paths
from srchat.api.models import Model
from srchat.errors import StoreError, reason_of
from srchat.history import LOCK_TIMEOUT

if TYPE_CHECKING:
    from srchat.history.store import ConversationStore

_REFUSED_MAX_AGE: Final = 7 * 86400.0  # seconds; servers are updated
_CACHE_LOCK_TIMEOUT: Final = 0.2  # seconds; losing a cached value does no harm


class Library:
    """Opens the history on first use. `warn`: reports a damaged one that was set aside."""

    def __init__(self, environ: Mapping[str, str], warn: Callable[[str, str], None]) -> None:
        self._environ = environ
        self._warn = warn
        self._store: ConversationStore | None = None

    def open(self, timeout: float = LOCK_TIMEOUT) -> "ConversationStore":
        """Open or create the history; wait `timeout` seconds for locks. Raises StoreError."""
        store = self._open(timeout, may_replace=True)
        store.database.lock_timeout = timeout
        store.database.may_replace = True
        return store

    def open_existing(self) -> "ConversationStore | None":
        """Open the history for reading; None if there is none. Raises StoreError.

        A damaged history is an error, because reading must not replace it.
        """
        path = paths.database_path(self._environ)
        try:
            path.stat()  # exists() hides permission errors, from Python 3.14 on
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as exc:  # no permission for its directory
            raise StoreError(f"cannot use the history {path}: {reason_of(exc)}") from exc
        return self._open(LOCK_TIMEOUT, may_replace=False)

    def _open(self, timeout: float, *, may_replace: bool) -> "ConversationStore":
        if self._store is None:
            try:
                from srchat.history.store import ConversationStore  # noqa: PLC0415 - sqlite3, 10 ms
            except ImportError as exc:  # pragma: no cover - Python built without sqlite3
                raise StoreError("no history: this Python was built without sqlite3") from exc
            path = paths.database_path(self._environ)
            self._store = ConversationStore(path, timeout, may_replace=may_replace)
        return self._store

    def context_window(self, base_url: str, model: str) -> int | None:
        """Return the saved context window of a model, in tokens."""
        with contextlib.suppress(StoreError):
            if store := self.open_existing():
                return store.context_window(base_url, model, time.time())
        return None

    def model_names(self, base_url: str) -> list[str]:
        """Return the cached names of a server's models."""
        return model_cache.read(str(paths.cache_path()), base_url)

    def refused_parameters(self, base_url: str) -> list[str]:
        """Return the parameters that a server has rejected lately, as "PARAMETER MODEL"."""
        path = str(paths.cache_path())
        return model_cache.read(path, base_url, "refused", max_age=_REFUSED_MAX_AGE)

    def save_refused_parameters(self, base_url: str, names: Iterable[str]) -> None:
        """Save the parameters that a server rejects, as "PARAMETER MODEL"."""
        model_cache.write(str(paths.cache_path()), base_url, names, "refused")

    def save_model_names(self, base_url: str, models: Sequence[Model]) -> None:
        """Cache the names of a server's models. Thread-safe."""
        model_cache.write(str(paths.cache_path()), base_url, [model.id for model in models])

    def save_models(self, base_url: str, models: Sequence[Model], *, windows: bool) -> None:
        """Cache the names and, if `windows`, save the context windows; errors are ignored."""
        self.save_model_names(base_url, models)
        known = {model.id: model.context_window for model in models if model.context_window}
        if known and windows:
            with contextlib.suppress(StoreError):
                self.open(_CACHE_LOCK_TIMEOUT).save_windows(base_url, known, time.time())

    def close(self) -> None:
        """Close the history if it is open."""
        if self._store:
            if warning := self._store.take_warning():
                self._warn(warning.message, warning.hint)
            self._store.close()
