"""Shell completion: `srchat __complete bash|zsh|fish ...`.

The scripts in completions/ pass on the command line. Everything else is decided here, from the
command tree as data (`srchat.command_tree`) and from files. Errors are silent. No slow module is
loaded, so that TAB takes hardly longer than `srchat --version`.

bash  LINE TYPE BREAKS  the line up to the cursor, COMP_TYPE, COMP_WORDBREAKS
zsh   WORD...           the words up to the cursor as typed
fish  WORD... TYPED     the words before the cursor, and the one at the cursor as typed
"""

from __future__ import annotations

import os

from srchat import completion_values as values
from srchat.command_tree import COMMANDS, SETTINGS

TYPE_CHECKING = False  # importing it from typing costs 5 ms
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    Offer = tuple[str, str]  # a word and its description, or ""

_INSERTING = ("37", "42")  # COMP_TYPE: readline inserts one after the other, or all
_SAFE_IN_BASH = frozenset("%+,-./:=@^_")


class Line:
    """A command line up to the cursor, parsed with the command tree.

    `options`: values by their long spelling.
    `takes`: the kind of value at the cursor (see `srchat.command_tree`).
    `before`: the text before that value in the same word, such as `--model=`.
    """

    def __init__(self, words: Sequence[str], typed: str) -> None:
        self.options: dict[str, str] = {}
        self.typed = typed
        self.before = ""
        self._path = "srchat"
        self._arguments: list[str] = []
        self._is_ended = False  # after `--` there are no options
        waiting = ""
        for word in words:
            waiting = self._take(word, waiting)
        self.takes = self._taken(waiting)

    def _take(self, word: str, waiting: str) -> str:
        """Parse a word. Return the option that takes the next word as its value, "" if none."""
        if waiting:
            self.options[waiting] = word
        elif self._is_ended or word[:1] != "-" or word == "-":
            self._take_argument(word)
        elif word == "--":
            self._is_ended = True
        else:
            option, value = self._split(word)
            if value is None:
                return option
            self.options[option] = value
        return ""

    def _take_argument(self, word: str) -> None:
        path = f"{self._path} {word}"
        if path in COMMANDS:
            self._path = path
        else:
            self._arguments.append(word)

    def _split(self, word: str) -> tuple[str, str | None]:
        """Return the value option in a word, and its value if it is in the same word."""
        if word.startswith("--"):
            flag, equals, value = word.partition("=")
            option = self._option(flag)
            return option, value if equals or not option else None
        for place in range(1, len(word)):  # grouped short options; one takes the rest
            if option := self._option(f"-{word[place]}"):
                return option, word[place + 1 :] or None
        return "", ""

    def _option(self, flag: str) -> str:
        """Return the long spelling of an option that takes a value, "" for any other."""
        for flags, takes, _ in COMMANDS[self._path][1]:
            if takes and flag in flags:
                return flags[-1]
        return ""

    def _taken(self, waiting: str) -> str:
        _, options, arguments = COMMANDS[self._path]
        if not waiting and not self._is_ended and self.typed[:1] == "-":
            waiting, value = self._split(self.typed) if self.typed != "-" else ("", "")
            if not waiting or value is None:
                return "options"
            self.before = self.typed[: len(self.typed) - len(value)]
        if waiting:
            return next(takes for flags, takes, _ in options if flags[-1] == waiting)
        if COMMANDS[self._path][0]:
            return "commands"
        place = min(len(self._arguments), len(arguments) - 1)
        is_last = place == len(self._arguments) or (arguments and arguments[-1][-1:] == "*")
        return arguments[place].rstrip("*") if arguments and is_last else "free"

    def offers(self) -> Iterable[Offer]:
        """Return the candidates at the cursor, whether or not they begin with the typed text."""
        found = self._values(self.takes)
        return [(self.before + word, meaning) for word, meaning in found]

    def _values(self, takes: str) -> Iterable[Offer]:
        commands, options, _ = COMMANDS[self._path]
        match takes:
            case "free":
                return ()
            case "commands":
                return commands
            case "options":
                return [(flag, about) for flags, _, about in options for flag in flags]
            case "settings":
                return [(name, about) for name, (_, about) in SETTINGS.items()]
            case "setting_value":
                takes, _ = SETTINGS.get(self._arguments[0], ("free", ""))
                return self._values(takes)
            case "text_or_file":
                value = self.typed[len(self.before) :]
                files = values.files(value[1:]) if value[:1] == "@" else []
                return [(f"@{path}", "") for path in files]
            case "files" | "directories":
                found = values.files(self.typed[len(self.before) :])
                return [(path, "") for path in found if takes == "files" or path[-1] == "/"]
            case "models" | "profiles" | "conversations":
                return values.stored(takes, self.options)
        return [(word, "") for word in takes.removeprefix("choices ").split()]


def main(arguments: Sequence[str]) -> None:
    """Print the candidates for a shell. Raises nothing."""
    try:
        shell, *rest = arguments
        lines = {"bash": _bash, "zsh": _zsh, "fish": _fish}[shell](rest)
        data = "".join(f"{line}\n" for line in lines).encode()
        while data:
            data = data[os.write(1, data) :]
    except (Exception, KeyboardInterrupt):  # noqa: BLE001 - a shell that completes shows no errors
        return


def _zsh(words: Sequence[str]) -> Iterable[str]:
    """Return `word:description` for _describe, or the arguments of _files.

    zsh selects the matches itself, perhaps ignoring case or matching in the middle.
    """
    _, *before, typed = map(unquoted, words)
    line = Line(before, typed)
    if line.takes in ("files", "directories"):
        return [f"{line.takes} {len(line.before)}"]
    if line.takes == "text_or_file":
        is_file = typed.startswith(f"{line.before}@")
        return [f"files {len(line.before) + 1}"] if is_file else []
    offers = line.offers()
    if line.takes == "conversations":
        # _describe puts equal descriptions into one row, in an order of its own. For options that
        # is right. The titles of conversations are made different by spaces at their ends.
        offers = [(id_, title + " " * place) for place, (id_, title) in enumerate(offers)]
    return [
        ":".join(part.replace("\\", "\\\\").replace(":", "\\:") for part in offer if part)
        for offer in offers
    ]


def _fish(words: Sequence[str]) -> Iterable[str]:
    """Return word, tab and description. fish selects the matches."""
    _, *before, typed = words
    line = Line(before, unquoted(typed))
    return ["\t".join(filter(None, offer)) for offer in line.offers()]


def _bash(arguments: Sequence[str]) -> Iterable[str]:
    """Return quoted text for readline to insert; `files` or `directories` for its own completion.

    If there are several candidates, readline inserts only their common prefix and lists them, so
    each gets its description.
    """
    line, kind, breaks = arguments
    raw = split(line)
    words = [unquoted(word) for word in raw]
    understood = Line(words[1:-1], words[-1])
    is_word = not understood.before or (understood.before[-1] == "=" and "=" in breaks)
    if understood.takes in ("files", "directories") and is_word:
        return [understood.takes]
    found = [offer for offer in understood.offers() if offer[0].startswith(words[-1])]
    inserted = [_inserted(raw[-1], word, breaks) for word, _ in found]
    if len(found) == 1 or kind in _INSERTING:
        return inserted
    meanings = [f"  ({meaning})" if meaning else "" for _, meaning in found]
    return [word + meaning for word, meaning in zip(inserted, meanings, strict=True)]


def _inserted(raw: str, word: str, breaks: str) -> str:
    """Return the text with which readline replaces its part of the word."""
    if quote := open_quote(raw):
        start = len(unquoted(raw[: raw.rindex(quote)]))
        word = word[start:]
        if quote == "'":
            return word.replace("'", "'\\''")
        return "".join(f"\\{char}" if char in '\\"$`' else char for char in word)
    quoted = "".join(
        char if char.isalnum() or char in _SAFE_IN_BASH else f"\\{char}" for char in word
    )
    # readline replaces only the part after the last word break, but including an @.
    kept = max(0, *(raw.rfind(mark) + (mark != "@") for mark in ":=@" if mark in breaks), 0)
    return quoted[kept:] if quoted.startswith(raw[:kept]) else quoted


def split(line: str) -> list[str]:
    """Return the words of a line as typed. The last one may be empty."""
    words, word, quote, is_escaped = [], "", "", False
    for char in line:
        if char in " \t\n" and not quote and not is_escaped:
            words += [word] if word else []
            word = ""
            continue
        word += char
        quote, is_escaped = _quoting(char, quote, is_escaped=is_escaped)
    return [*words, word]


def unquoted(word: str) -> str:
    """Return a word without shell quoting. A quote may be open."""
    plain, quote, is_escaped = "", "", False
    for char in word:
        was = quote, is_escaped
        quote, is_escaped = _quoting(char, quote, is_escaped=is_escaped)
        if was[1] or (was[0] == quote and not is_escaped):
            plain += char
    return plain


def open_quote(word: str) -> str:
    """Return the quote that is open at the end of a word, "" if none."""
    quote, is_escaped = "", False
    for char in word:
        quote, is_escaped = _quoting(char, quote, is_escaped=is_escaped)
    return quote


def _quoting(char: str, quote: str, *, is_escaped: bool) -> tuple[str, bool]:
    """Return the open quote after a character, and whether the next one is escaped."""
    if is_escaped:
        return quote, False
    if char == "\\" and quote != "'":
        return quote, True
    if char in "\"'" and quote in ("", char):
        return "" if quote else char, False
    return quote, False
