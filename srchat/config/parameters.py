"""Request parameters that srchat passes on unchanged. Pure."""

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from srchat.config.tables import Table

KNOWN_PARAMETERS: Final = (
    "seed",
    "top_k",
    "min_p",
    "presence_penalty",
    "frequency_penalty",
    "reasoning_effort",
    "response_format",
    "chat_template_kwargs.enable_thinking",
)
_ALWAYS_SENT: Final = ("model", "messages", "stream")
_NOT_SUPPORTED: Final = ("stream_options", "n", "tools")
REMOVED: Final = object()  # the value of a parameter that a stronger layer removes


class Parameters(Table):
    """Further request parameters: a flat dict, in which dotted names stand for nested objects.

    `with_setting`: returns the parameters that have a setting of their own, which are refused.
    """

    def __init__(self, with_setting: Callable[[], Iterable[str]]) -> None:
        self._with_setting = with_setting

    @property
    def description(self) -> str:
        """The allowed values, for messages and help."""
        *names, last = self._refused()
        return f"parameters such as top_k=40, except {', '.join(names)} and {last}"

    def check(self, value: object) -> object:
        """Return the parameters of a table."""
        if not isinstance(value, dict):
            raise ValueError
        flat = _flattened(value)
        if not all(map(self._may_be_sent, flat)):
            raise ValueError
        try:
            json.dumps(flat)
        except TypeError as exc:  # a date of TOML
            raise ValueError from exc
        return flat

    def parse(self, text: str) -> object:
        """Return the parameter in `NAME=VALUE`. VALUE is JSON or text; "" removes the parameter."""
        if text.lstrip().startswith("{"):
            return self.check(json.loads(text))
        name, equals, value = text.partition("=")
        if not equals or not self._may_be_sent(name):
            raise ValueError
        return {name: _json_or_text(value) if value else REMOVED}

    def _may_be_sent(self, name: str) -> bool:
        parts = name.split(".")
        return all(parts) and parts[0] not in self._refused()

    def _refused(self) -> tuple[str, ...]:
        return (*_ALWAYS_SENT, *self._with_setting(), *_NOT_SUPPORTED)


def nested(parameters: Mapping[str, object]) -> dict[str, Any]:
    """Return flat parameters as nested objects: `a.b=1` is `{"a": {"b": 1}}`."""
    body: dict[str, Any] = {}
    for name, value in parameters.items():
        *outer, last = name.split(".")
        place = body
        for part in outer:
            inner = place.get(part)
            place[part] = place = inner if isinstance(inner, dict) else {}
        place[last] = value
    return body


def _flattened(table: Mapping[str, object], before: str = "") -> dict[str, object]:
    flat: dict[str, object] = {}
    for name, value in table.items():
        if isinstance(value, dict) and value:
            flat |= _flattened(value, f"{before}{name}.")
        else:
            flat[f"{before}{name}"] = value
    return flat


def _json_or_text(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text
