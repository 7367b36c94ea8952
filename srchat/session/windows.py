"""Context windows, by server and model: what the user set, else what servers said."""

from srchat.config.settings import Config


class Windows:
    """Remembers the context windows of models, in tokens."""

    def __init__(self) -> None:
        self._windows: dict[tuple[str, str], int] = {}

    def learn(self, base_url: str, model: str, tokens: int | None) -> None:
        """Remember a model's window; None tells nothing."""
        if tokens:
            self._windows[base_url, model] = tokens

    def window(self, config: Config) -> int | None:
        """Return the window of the configured model, None while it is not known."""
        return config.context_window or self._windows.get((config.base_url, config.model))
