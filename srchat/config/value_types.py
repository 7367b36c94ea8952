"""What a setting can be: the kinds of values, how they are read and what is allowed. Pure.

A value comes as TOML (already typed) or as text (a variable, an option, `config set`);
either way the kind checks it, and tells in words what it would have taken.
"""

import dataclasses
from dataclasses import dataclass
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit


class Range(NamedTuple):
    """The smallest and the largest value that is allowed; None is no bound."""

    low: float
    high: float | None = None

    def holds(self, value: float) -> bool:
        """Tell whether `value` lies within the range (nan lies in none)."""
        return value >= self.low and (self.high is None or value <= self.high)

    def __str__(self) -> str:
        low = f"{self.low:g}"
        return f"at least {low}" if self.high is None else f"from {low} to {self.high:g}"


class ValueType:
    """A kind of value. `check` and `parse` raise ValueError where a value is not allowed."""

    @property
    def description(self) -> str:
        """What is allowed, in words."""
        return "text"

    def check(self, value: object) -> object:
        """Return a typed value (from TOML) as the setting holds it."""
        if not isinstance(value, str):
            raise ValueError
        return value

    def parse(self, text: str) -> object:
        """Return the value that `text` (from a variable or the command line) means."""
        return self.check(text)


class Text(ValueType):
    """Any text; "" is a value."""


class Name(ValueType):
    """A text with something in it."""

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
        """Return the URL without a slash at its end."""
        text = str(super().check(value)).strip()
        parts = urlsplit(text)
        plain = text.isascii() and text.isprintable() and " " not in text
        if parts.scheme not in ("http", "https") or not parts.hostname or not plain:
            raise ValueError
        if "@" in parts.netloc or any(mark in text for mark in "?#\\"):
            raise ValueError
        _ = parts.port  # raises ValueError where it is none
        return parts.scheme + text[len(parts.scheme) :].rstrip("/")  # HTTP:// is http://


@dataclass(frozen=True)
class Number(ValueType):
    """A number within a range; whole where `whole` says so."""

    allowed: Range
    whole: bool = False

    @property
    def description(self) -> str:
        """What is allowed, in words."""
        number = "an integer" if self.whole else "a number"
        return f"{number}{' of' if self.allowed.high is None else ''} {self.allowed}"

    def check(self, value: object) -> object:
        """Return the number."""
        types = int if self.whole else (int, float)
        if isinstance(value, bool) or not isinstance(value, types):
            raise ValueError
        if not self.allowed.holds(value):
            raise ValueError
        return value

    def parse(self, text: str) -> object:
        """Return the number that `text` means."""
        return self.check(int(text) if self.whole else float(text))


class CodeTheme(ValueType):
    """The colours of code: the terminal's own, or a style of Pygments."""

    description = "terminal, ansi_dark, ansi_light, or a Pygments style such as monokai"
    _OWN: Final = ("terminal", "ansi_dark", "ansi_light")

    def check(self, value: object) -> object:
        """Return the name of the theme."""
        if value not in self._OWN:
            from pygments.styles import get_all_styles  # noqa: PLC0415 - only other names need it

            if value not in list(get_all_styles()):
                raise ValueError
        return value


class Flag(ValueType):
    """Yes or no."""

    description = "true or false"
    _WORDS: Final = {
        "true": True, "yes": True, "on": True, "1": True,
        "false": False, "no": False, "off": False, "0": False,
    }  # fmt: skip

    def check(self, value: object) -> object:
        """Return the bool."""
        if not isinstance(value, bool):
            raise ValueError
        return value

    def parse(self, text: str) -> object:
        """Return the bool that `text` means."""
        if (value := self._WORDS.get(text.strip().lower())) is None:
            raise ValueError
        return value


@dataclass(frozen=True)
class Choice(ValueType):
    """One of a few words."""

    words: tuple[str, ...]

    @property
    def description(self) -> str:
        """What is allowed, in words."""
        return " or ".join(self.words)

    def check(self, value: object) -> object:
        """Return the word."""
        if value not in self.words:
            raise ValueError
        return value


class TextList(ValueType):
    """A list of texts with something in them; one text alone is a list of one."""

    description = "a list of non-empty strings"

    def check(self, value: object) -> object:
        """Return the list as a tuple."""
        texts = (value,) if isinstance(value, str) else _texts(value)
        if not all(texts):
            raise ValueError
        return texts

    def parse(self, text: str) -> object:
        """Return the list that `text` means: a TOML array, or one text."""
        if text.lstrip().startswith("["):
            import tomllib  # noqa: PLC0415 - 8 ms that only a list in a variable needs

            return self.check(tomllib.loads(f"value = {text}")["value"])
        return self.check(text)


def _texts(value: object) -> tuple[str, ...]:
    if not isinstance(value, (list, tuple)) or not all(isinstance(v, str) for v in value):
        raise ValueError
    return tuple(value)


class Command(TextList):
    """A command as the list of its words; it is run without a shell."""

    description = 'a list of strings: the command and its arguments, like ["pass", "srchat"]'

    def check(self, value: object) -> object:
        """Return the words as a tuple."""
        words = _texts(value)  # of one text alone, where its words end would be a guess
        if not words:
            raise ValueError
        return words

    def parse(self, text: str) -> object:
        """Return the words that `text` means: a TOML array, or quoted as in a shell."""
        if text.lstrip().startswith("["):
            return super().parse(text)
        import shlex  # noqa: PLC0415 - 5 ms that only a command in a variable needs

        return self.check(shlex.split(text))


@dataclass(frozen=True, kw_only=True)
class Setting:
    """One setting; everything about it is read off this table.

    `default`: None is unset. `secret`: never shown. `parameter`: part of the request, under its
    own name. `connection`: about the way to the server; a change needs a new client. `in_chat`:
    `/set` may change it. `flags`: the options that set it, none where there are none. `metavar`:
    what help calls the option's value.
    """

    name: str
    kind: ValueType
    default: object
    help: str
    secret: bool = False
    parameter: bool = False
    connection: bool = False
    in_chat: bool = False
    flags: tuple[str, ...] = ()
    metavar: str = ""

    @property
    def variable(self) -> str:
        """The environment variable that sets it."""
        return f"SRCHAT_{self.name.upper()}"

    @property
    def may_be_empty(self) -> bool:
        """Tell whether "" is a value of its own, and not the lack of one."""
        return type(self.kind) is Text and not self.secret


def setting(kind: ValueType, default: object, help: str, **marks: Any) -> Any:  # noqa: ANN401 - as dataclasses.field
    """Declare a dataclass field as a setting; `marks` are further fields of Setting."""
    metadata = {"kind": kind, "help": help, **marks}
    return dataclasses.field(default=default, metadata=metadata, repr=not marks.get("secret"))


def settings_of(config: type) -> dict[str, Setting]:
    """Return the settings that a dataclass declares, by name, in its order."""
    return {
        field.name: Setting(name=field.name, default=field.default, **field.metadata)
        for field in dataclasses.fields(config)
    }
