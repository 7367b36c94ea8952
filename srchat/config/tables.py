"""Settings that are tables of named values: template variables and request headers. Pure."""

import re
from collections.abc import Iterable
from typing import Any, Final

from srchat.config.value_types import ValueType
from srchat.template import is_placeholder_name

_TOKEN: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # a field name (RFC 9110, 5.6.2)
_RESERVED_HEADERS: Final = (
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
    """Texts by name."""

    def check(self, value: object) -> object:
        """Return the table."""
        if not isinstance(value, dict):
            raise ValueError
        for name, text in value.items():
            self._check_entry(name, text)
        return value

    def parse(self, text: str) -> object:
        """Return the table with the one entry of `NAME=TEXT`."""
        name, equals, value = text.partition("=")
        if not equals:
            raise ValueError
        return self.check({name: value})

    def _check_entry(self, name: str, text: object) -> None:
        raise NotImplementedError


class Variables(_TextTable):
    """Variables of a prompt template."""

    description = "NAME=TEXT; NAME is an identifier other than input and prompt"

    def _check_entry(self, name: str, text: object) -> None:
        if not is_placeholder_name(name) or name in _RESERVED_VARIABLES:
            raise ValueError
        if not isinstance(text, str):
            raise ValueError


class Headers(_TextTable):
    """Headers that are sent with every request."""

    description = "names and ASCII texts of headers, except Authorization, Host and Content-*"

    def _check_entry(self, name: str, text: object) -> None:
        lower = name.lower()
        if not _TOKEN.fullmatch(name) or lower in _RESERVED_HEADERS or lower.startswith("content-"):
            raise ValueError
        if not isinstance(text, str) or not text.isascii() or not text.isprintable():
            raise ValueError  # a line break would begin another header
