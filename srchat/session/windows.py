"""Context windows by server and model, from the settings or from the server. Pure.

Also the ratio of counted to estimated tokens, learned from rejected requests.
"""

from srchat.config.settings import Config


class Windows:
    """Remembers the context windows of models, in tokens."""

    def __init__(self) -> None:
        self._windows: dict[tuple[str, str], int] = {}
        self._factors: dict[tuple[str, str], float] = {}

    def learn(self, base_url: str, model: str, tokens: int | None) -> None:
        """Remember the window of a model, unless it is None."""
        if tokens:
            self._windows[base_url, model] = tokens

    def window(self, config: Config) -> int | None:
        """Return the window of the configured model, None if unknown."""
        return config.context_window or self._windows.get((config.base_url, config.model))

    def learn_factor(self, config: Config, factor: float) -> None:
        """Remember the ratio of counted to estimated tokens."""
        key = config.base_url, config.model
        self._factors[key] = max(factor, self._factors.get(key, 0.0))

    def factor(self, config: Config) -> float:
        """Return the learned ratio, 0 if there is none."""
        return self._factors.get((config.base_url, config.model), 0.0)
