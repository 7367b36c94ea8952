"""The settings that can be changed while a chat is under way."""

import dataclasses
from typing import Any, Final

from srchat.chat.chat import Chat
from srchat.config.settings import SETTINGS, did_you_mean, parsed
from srchat.errors import UsageError

NAMES: Final = (
    "model", "temperature", "top_p", "max_tokens", "stop", "stream", "context_window",
    "timeout", "retries", "max_wait", "fallback_models", "code_theme", "keys",
)  # fmt: skip
_AS_BEFORE: Final = "-"


def change(chat: Chat, **values: Any) -> None:  # noqa: ANN401 - values of Config's fields
    """Put other values in force for the rest of the chat."""
    chat.config = dataclasses.replace(chat.config, **values)
    if "model" in values:
        chat.model_once = None


def set_value(chat: Chat, name: str, text: str) -> None:
    """Set a setting to what `text` means; "-" is the value that the chat began with.

    Raises UsageError for a name, ConfigError for a value that is not allowed.
    """
    _check(name)
    before = getattr(chat.began_with, name)
    change(chat, **{name: before if text == _AS_BEFORE else parsed(name, text, "/set")})


def shown(chat: Chat, name: str) -> str:
    """Return a setting and its value on one line. Raises UsageError."""
    _check(name)
    value = getattr(chat.config, name)
    if value is None:
        return f"{name} is not set ({SETTINGS[name].help})"
    if isinstance(value, bool):
        value = str(value).lower()
    if isinstance(value, tuple):
        value = ", ".join(map(repr, value))
    return f"{name} = {value}"


def _check(name: str) -> None:
    if name in NAMES:
        return
    hint = did_you_mean(name, NAMES)
    if name == "system":
        hint = "/system changes it"
    elif name in SETTINGS:
        hint = f"it holds from the next start on: srchat config set {name}"
    raise UsageError(f"/set cannot change {name}", hint=hint)
