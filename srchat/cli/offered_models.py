"""What a server offered last: the names of its models for completion, their context windows."""

import contextlib
import time
from collections.abc import Sequence
from typing import Final

from srchat import model_cache, paths
from srchat.api.models import Model
from srchat.cli.runtime import Runtime
from srchat.errors import StoreError

_BRIEFLY: Final = 0.2  # seconds to wait for others that use the history


def windows_of(models: Sequence[Model]) -> dict[str, int]:
    """Return the context windows in tokens, by model, as far as the server tells them."""
    return {model.id: model.context_window for model in models if model.context_window}


def remember(runtime: Runtime, models: Sequence[Model]) -> None:
    """Keep names and context windows; a history that cannot be used is no matter."""
    remember_names(runtime, models)
    windows = windows_of(models)
    if windows and runtime.config.history:
        with contextlib.suppress(StoreError):
            store = runtime.open_store(_BRIEFLY)
            store.learn_windows(runtime.config.base_url, windows, time.time())


def remember_names(runtime: Runtime, models: Sequence[Model]) -> None:
    """Keep the names alone, without the history: for a thread beside the one that uses it."""
    names = [model.id for model in models]
    model_cache.write(str(paths.cache_path()), runtime.config.base_url, names)


def remembered_names(runtime: Runtime) -> list[str]:
    """Return the names of the configured server's models as they were kept last."""
    return model_cache.read(str(paths.cache_path()), runtime.config.base_url)
