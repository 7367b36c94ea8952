"""Prompt templates: text with {placeholders}. Pure.

A placeholder is an identifier in braces. Doubled braces around an identifier stand for single
ones (`{{name}}` is the text `{name}`). All other braces are text, so JSON and code need no
escapes.
"""

import re
from collections.abc import Mapping
from typing import Final

_NAME: Final = r"[^\W\d]\w*"
_PLACEHOLDER: Final = re.compile(rf"\{{\{{({_NAME})\}}\}}|\{{({_NAME})\}}")


class UnsetPlaceholderError(Exception):
    """A placeholder without a value. `line`: in the template, from 1."""

    def __init__(self, name: str, line: int) -> None:
        super().__init__(f"line {line}: no value for {{{name}}}")
        self.name = name
        self.line = line


def placeholders(template: str) -> frozenset[str]:
    """Return the names of the placeholders in a template."""
    return frozenset(match[2] for match in _PLACEHOLDER.finditer(template) if match[2])


def filled(template: str, values: Mapping[str, str]) -> str:
    """Return the template with the values in place of the placeholders.

    Braces in a value are text. Raises UnsetPlaceholderError for the first name without a value.
    """

    def value_of(match: re.Match[str]) -> str:
        literal, name = match.groups()
        if literal:
            return f"{{{literal}}}"
        if name not in values:
            raise UnsetPlaceholderError(name, template.count("\n", 0, match.start()) + 1)
        return values[name]

    return _PLACEHOLDER.sub(value_of, template)


def is_placeholder_name(name: str) -> bool:
    """Tell whether a placeholder can have this name."""
    return bool(re.fullmatch(_NAME, name))
