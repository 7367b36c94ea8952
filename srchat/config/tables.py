"""Settings that are tables of named values: template variables and request headers. Pure."""

import re
from collections.abc import Callable, Iterable
from typing import Any, Final

from srchat.config.value_types import ValueType

_TOKEN: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # a field name (RFC 9110, 5.6.2)
_RESERVED_HEADERS: Final = (
    "accept-encoding",
    "authorization",
    "connection",
    "host",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
)
_RESERVED_VARIABLES: Final = ("input", "prompt")


class Table(ValueType):
    """Values by name. Tables of several layers are merged name by name."""

    def combine(self, values: Iterable[Any]) -> object:
        """Return the table of several options; the last one of a name counts."""
        return {name: value for each in values for name, value in each.items()}


class _TextTable(Table):
    """Texts by name. `_allows`: whether a name may have a text."""

    _allows: Callable[[str, str], bool]

    def check(self, value: object) -> object:
        """Return the table."""
        if not isinstance(value, dict):
            raise ValueError
        if not all(isinstance(t, str) and self._allows(name, t) for name, t in value.items()):
            raise ValueError
        return value

    def parse(self, text: str) -> object:
        """Return the table with the one entry of `NAME=TEXT`."""
        name, equals, value = text.partition("=")
        if not equals:
            raise ValueError
        return self.check({name: value})


class Variables(_TextTable):
    """Variables of a prompt template."""

    description = "NAME=TEXT; NAME is an identifier other than input and prompt"

    @staticmethod
    def _allows(name: str, text: str) -> bool:  # noqa: ARG004 - any text
        from srchat.template import is_placeholder_name  # noqa: PLC0415 - few have variables

        return is_placeholder_name(name) and name not in _RESERVED_VARIABLES


class Headers(_TextTable):
    """Headers that are sent with every request."""

    description = "names and ASCII texts of headers, except Authorization, Host and Content-*"

    @staticmethod
    def _allows(name: str, text: str) -> bool:
        lower = name.lower()
        is_ours = lower in _RESERVED_HEADERS or lower.startswith("content-")
        # A line break would begin another header.
        is_plain = text.isascii() and text.isprintable()
        return bool(_TOKEN.fullmatch(name)) and not is_ours and is_plain
