"""The types of setting values: how they are parsed, checked and described. Pure.

A value comes from TOML (already typed) or as text (from a variable, an option, `config set`).
"""

import dataclasses
from collections.abc import Iterable
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit


class Range(NamedTuple):
    """The smallest and the largest allowed value; None means no upper bound."""

    low: float
    high: float | None = None

    def contains(self, value: float) -> bool:
        """Tell whether `value` is in the range; nan never is."""
        return value >= self.low and (self.high is None or value <= self.high)

    def __str__(self) -> str:
        low = f"{self.low:g}"
        return f"at least {low}" if self.high is None else f"from {low} to {self.high:g}"


class ValueType:
    """Base class. `check` and `parse` raise ValueError if the value is not allowed."""

    @property
    def description(self) -> str:
        """The allowed values, for messages and help."""
        return "text"

    def check(self, value: object) -> object:
        """Return a typed value (from TOML), converted for Config."""
        if not isinstance(value, str):
            raise ValueError
        return value

    def parse(self, text: str) -> object:
        """Return the value of `text` (from a variable or the command line)."""
        return self.check(text)

    def suggestion(self, text: str) -> str:  # noqa: ARG002 - for subclasses
        """Return the value that a wrong text may stand for, "" if there is none."""
        return ""

    def combine(self, values: Iterable[Any]) -> object:
        """Return the value of an option that was given several times."""
        raise NotImplementedError  # pragma: no cover - only some types may be repeated


class String(ValueType):
    """Any text, including ""."""


class NonEmptyString(ValueType):
    """A text that is not blank."""

    description = "non-empty text"

    def check(self, value: object) -> object:
        """Return the text."""
        if not str(super().check(value)).strip():
            raise ValueError
        return value


class Url(ValueType):
    """The base URL of a server."""

    description = "an http:// or https:// URL with a host and without user name or query"

    def check(self, value: object) -> object:
        """Return the URL without a trailing slash."""
        text = str(super().check(value)).strip()
        parts = urlsplit(text)
        plain = text.isascii() and text.isprintable() and " " not in text
        if parts.scheme not in ("http", "https") or not parts.hostname or not plain:
            raise ValueError
        if "@" in parts.netloc or any(mark in text for mark in "?#\\"):
            raise ValueError
        _ = parts.port  # raises ValueError if invalid
        return parts.scheme + text[len(parts.scheme) :].rstrip("/")  # HTTP:// is http://

    def suggestion(self, text: str) -> str:
        """Return the base URL for a host like `localhost:8000` or `llm.example.com/v1`."""
        import re  # noqa: PLC0415 - 5 ms, only for an error

        authority, _, path = text.strip().partition("/")
        near = r"(?i:localhost|127(\.\d+){3}|[\w.-]+:\d+|\[[\da-f:]+\](:\d+)?)"
        if re.fullmatch(near, authority):
            scheme = "http"
        elif re.fullmatch(r"[\w-]+(\.[\w-]+)+", authority):
            scheme = "https"
        else:
            return ""
        try:
            return str(self.check(f"{scheme}://{authority}/{path or 'v1'}"))
        except ValueError:
            return ""


class Number(ValueType):
    """A number within a range; an integer if `whole`."""

    def __init__(self, allowed: Range, *, whole: bool = False) -> None:
        self.allowed = allowed
        self.whole = whole

    @property
    def description(self) -> str:
        """The allowed values, for messages and help."""
        number = "an integer" if self.whole else "a number"
        return f"{number}{' of' if self.allowed.high is None else ''} {self.allowed}"

    def check(self, value: object) -> object:
        """Return the number."""
        types = int if self.whole else (int, float)
        if isinstance(value, bool) or not isinstance(value, types):
            raise ValueError
        if not self.allowed.contains(value):
            raise ValueError
        return value

    def parse(self, text: str) -> object:
        """Return the number in `text`."""
        return self.check(int(text) if self.whole else float(text))


class CodeTheme(ValueType):
    """The color theme for code: the terminal's colors or a Pygments style."""

    description = "terminal, ansi_dark, ansi_light, or a Pygments style such as monokai"
    _OWN: Final = ("terminal", "ansi_dark", "ansi_light")

    def check(self, value: object) -> object:
        """Return the name of the theme."""
        if value not in self._OWN:
            from pygments.styles import get_all_styles  # noqa: PLC0415 - only for other names

            if value not in list(get_all_styles()):
                raise ValueError
        return value


class Boolean(ValueType):
    """True or false."""

    description = "true or false"
    _WORDS: Final = {
        "true": True,
        "yes": True,
        "on": True,
        "1": True,
        "false": False,
        "no": False,
        "off": False,
        "0": False,
    }

    def check(self, value: object) -> object:
        """Return the bool."""
        if not isinstance(value, bool):
            raise ValueError
        return value

    def parse(self, text: str) -> object:
        """Return the bool in `text`: true, yes, on, 1 or their opposites."""
        if (value := self._WORDS.get(text.strip().lower())) is None:
            raise ValueError
        return value


class Choice(ValueType):
    """One of several words."""

    def __init__(self, words: tuple[str, ...]) -> None:
        self.words = words

    @property
    def description(self) -> str:
        """The allowed values, for messages and help."""
        *words, last = self.words
        return f"{', '.join(words)} or {last}"

    def check(self, value: object) -> object:
        """Return the word."""
        if value not in self.words:
            raise ValueError
        return value


class StringList(ValueType):
    """A list of non-empty texts; a single text is a list of one."""

    description = "a list of non-empty strings"

    def check(self, value: object) -> object:
        """Return the list as a tuple."""
        texts = (value,) if isinstance(value, str) else _texts(value)
        if not all(texts):
            raise ValueError
        return texts

    def combine(self, values: Iterable[Any]) -> object:
        """Return the list of the values of several options."""
        return tuple(values)

    def parse(self, text: str) -> object:
        """Return the list in `text`: a TOML array, or a single text."""
        if text.lstrip().startswith("["):
            import tomllib  # noqa: PLC0415 - 8 ms, only for a list in a variable

            return self.check(tomllib.loads(f"value = {text}")["value"])
        return self.check(text)


def _texts(value: object) -> tuple[str, ...]:
    if not isinstance(value, (list, tuple)) or not all(isinstance(v, str) for v in value):
        raise ValueError
    return tuple(value)


class CommandLine(StringList):
    """A command as a list of arguments; it runs without a shell."""

    description = 'a list of strings: the command and its arguments, like ["pass", "srchat"]'

    def check(self, value: object) -> object:
        """Return the arguments as a tuple."""
        words = _texts(value)  # splitting a single text into arguments would be a guess
        if not words:
            raise ValueError
        return words

    def parse(self, text: str) -> object:
        """Return the arguments in `text`: a TOML array, or words quoted as in a shell."""
        if text.lstrip().startswith("["):
            return super().parse(text)
        import shlex  # noqa: PLC0415 - 5 ms, only for a command in a variable

        return self.check(shlex.split(text))


class Setting(NamedTuple):
    """A setting. Help, options, variables and `/set` are all derived from these fields.

    `default`: None means not set. `secret`: never shown. `parameter`: sent in the request under
    its own name. `connection`: a change needs a new client. `in_chat`: `/set` may change it.
    `flags`: the options that set it. `metavar`: the name of the option's value in help.
    `has_variable`: an environment variable sets it.
    """

    name: str
    value_type: ValueType
    default: object
    help: str
    secret: bool = False
    parameter: bool = False
    connection: bool = False
    in_chat: bool = False
    flags: tuple[str, ...] = ()
    metavar: str = ""
    has_variable: bool = True

    @property
    def variable(self) -> str:
        """The environment variable that sets it, "" if none does."""
        return f"SRCHAT_{self.name.upper()}" if self.has_variable else ""

    @property
    def may_be_empty(self) -> bool:
        """Tell whether "" is a value rather than not set."""
        return type(self.value_type) is String and not self.secret


def setting(value_type: ValueType, default: object, help: str, **marks: Any) -> Any:  # noqa: ANN401 - as dataclasses.field
    """Declare a dataclass field as a setting; `marks` are further fields of Setting."""
    metadata = {"value_type": value_type, "help": help, **marks}
    return dataclasses.field(default=default, metadata=metadata)


def settings_of(config: type) -> dict[str, Setting]:
    """Return the settings declared by a dataclass, by name and in order."""
    return {
        field.name: Setting(name=field.name, default=field.default, **field.metadata)
        for field in dataclasses.fields(config)
    }
