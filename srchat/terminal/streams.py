"""Standard output and standard error, and what each of them is.

Bytes are written with `os.write`, past Python's own buffers: what was written has been
delivered, a failure is seen where it happens, and nothing is left for the interpreter to
trip over when it exits.
"""

import contextlib
import os
import re
import select
from collections.abc import Callable, Mapping
from typing import Final

from srchat.errors import ClosedPipeError, OutputError
from srchat.terminal.sanitize import one_line, sanitized
from srchat.terminal.word_wrap import wrapped_text
from srchat.theme import ERROR, HINT, WARNING, styled

_C1: Final = re.compile(rb"[\x80-\x9f]")
_CANNOT_MOVE: Final = (None, "", "dumb", "unknown")
_MAX_MESSAGE: Final = 1000  # characters of one message
_FRAME_TIME: Final = 1 / 12
_FALLBACK_SIZE: Final = os.terminal_size((80, 24))


class Output:
    """One file descriptor to write to, and what stands behind it.

    `is_terminal`: escape sequences may be useful, text from outside must be inert.
    `can_move`: the cursor may be moved (a terminal that is not `TERM=dumb`).
    `has_color`: colors are welcome (https://no-color.org, https://force-color.org).
    `renders`: answers are rendered here, not written byte for byte.
    `encoding`: the terminal's; always UTF-8 where it is not a terminal.
    """

    def __init__(self, fd: int, environ: Mapping[str, str], encoding: str = "utf-8") -> None:
        self.fd = fd
        self.is_terminal = is_terminal(fd)
        self.can_move = self.is_terminal and environ.get("TERM") not in _CANNOT_MOVE
        self.renders = self.is_terminal
        self.has_color = self.is_terminal and (
            _is_forced(environ) or (self.can_move and not environ.get("NO_COLOR"))
        )
        self.encoding = encoding if self.is_terminal else "utf-8"

    @property
    def is_utf8(self) -> bool:
        """Whether it can show any character."""
        return self.encoding.lower().replace("-", "") == "utf8"

    @property
    def frame_time(self) -> float:
        """The minimum time between two frames in seconds; 0 where nothing is rendered."""
        return _FRAME_TIME if self.renders else 0.0

    def use_color(self, when: str) -> None:
        """Follow the setting `color`: "always" renders also where no terminal is, for `less -R`."""
        if when == "always":
            self.renders = self.has_color = True
        elif when == "never":
            self.has_color = False

    def write(self, text: str) -> None:
        """Write trusted text. Raises OutputError or ClosedPipeError."""
        self.write_bytes(encoded(text, self.encoding))

    def write_foreign(self, text: str) -> None:
        """Write text from outside: exact into a pipe or file, inert on a terminal."""
        self.write(sanitized(text) if self.is_terminal else text)

    def write_bytes(self, data: bytes) -> None:
        """Write all of `data`. Raises OutputError or ClosedPipeError."""
        view = memoryview(data)
        try:
            while view:
                try:
                    view = view[os.write(self.fd, view) :]
                except BlockingIOError:
                    # Somebody (ssh, node) made the shared descriptor non-blocking: lose nothing.
                    select.select([], [self.fd], [])
        except BrokenPipeError as exc:
            raise ClosedPipeError("the reader of the output has gone") from exc
        except OSError as exc:
            raise OutputError(f"cannot write the output: {exc.strerror}") from exc

    def between_words(self, text: str, indent: str = "") -> str:
        """Return text as it is to be written; on a terminal, no word of it is torn by a row's end.

        `indent` stands before what is broken off a line.
        """
        return wrapped_text(text, self.size().columns, indent) if self.is_terminal else text

    def styled(self, text: str, style: str) -> str:
        """Return trusted text in a style of the theme; unchanged without colors."""
        return styled(text, style) if self.has_color else text

    def size(self) -> os.terminal_size:
        """Return columns and lines now; 80x24 where nothing tells."""
        for fd in (self.fd, 2) if self.renders else (self.fd,):  # the terminal behind a pager
            with contextlib.suppress(OSError):
                size = os.get_terminal_size(fd)
                return os.terminal_size((size.columns or 80, size.lines or 24))
        return _FALLBACK_SIZE


class Messages:
    """Errors, warnings and other messages beside the answer, on standard error.

    Each is a line, its hints are lines of their own below. On a terminal long lines are wrapped.

    `quiet` suppresses warnings and information, never errors. `redact` removes secrets.
    `make_room` clears the row where a line will begin.
    `shares_screen`: answers are shown on the same terminal. `is_after_answer`: one ends above, so
    a blank line comes first. `is_before_answer`: lines stand where one will begin.
    A standard error that is closed or full is ignored: no reason to lose an answer.
    """

    def __init__(self, output: Output, *, quiet: bool = False) -> None:
        self.output = output
        self.quiet = quiet
        self.redact: Callable[[str], str] = str
        self.make_room: Callable[[], None] = lambda: None
        self.shares_screen = False
        self.is_after_answer = False
        self.is_before_answer = False

    def error(self, text: str, hint: str = "") -> None:
        """Print an error. Each line of `hint` says what to do next."""
        self._print(text, "error: ", ERROR, hint)

    def warning(self, text: str, hint: str = "") -> None:
        """Print a warning unless quiet."""
        if not self.quiet:
            self._print(text, "warning: ", WARNING, hint)

    def info(self, text: str) -> None:
        """Print what was done unless quiet."""
        if not self.quiet:
            self._print(text)

    def print(self, text: str, hint: str = "") -> None:
        """Print what was asked for, quiet or not."""
        self._print(text, hint=hint)

    def _print(self, text: str, label: str = "", style: str = "", hint: str = "") -> None:
        self.make_room()
        if self.is_after_answer:
            self.is_after_answer = False
            self.write_raw("\n")
        self.is_before_answer = True
        self._print_line("srchat: ", label, style, text)
        for line in hint.splitlines():
            indent = " " * (len(line) - len(line.lstrip(" ")))  # of a command to be copied
            self._print_line("", f"hint: {indent}", HINT, line)

    def _print_line(self, start: str, label: str, style: str, text: str) -> None:
        line = f"{start}{label}{one_line(self.redact(text), _MAX_MESSAGE)}\n"
        line = self.output.between_words(line)
        if label:
            line = line.replace(label.strip(), self.output.styled(label.strip(), style), 1)
        self.write_raw(line)

    def make_blank(self) -> None:
        """Set the answer that begins apart from the lines above it, on a screen that both share."""
        if self.is_before_answer and self.shares_screen:
            self.write_raw("\n")
        self.is_before_answer = False

    def write_raw(self, text: str) -> None:
        """Write trusted text as it is."""
        with contextlib.suppress(OutputError, ClosedPipeError):
            self.output.write(text)


def encoded(text: str, encoding: str) -> bytes:
    """Return text in a terminal's encoding, "?" for what that cannot say.

    Code pages have signs (the euro) where others have C1 controls, and a terminal may obey those:
    they are replaced, too. In UTF-8 and where two bytes are one character there is no such byte.
    """
    data = text.encode(encoding, errors="replace")
    if not _C1.search(data) or encoding.lower().replace("-", "") == "utf8":
        return data
    return b"".join(
        b"?" if len(each) == 1 and _C1.match(each) else each
        for each in (character.encode(encoding, errors="replace") for character in text)
    )


def reserve_standard_descriptors() -> None:
    """Fill the place of each standard stream that is closed.

    Else the next file or socket would get its number, and the answer be written into it. A
    standard input is empty then, an output cannot be written, and errors go nowhere.
    """
    for fd, flags in ((0, os.O_RDONLY), (1, os.O_RDONLY), (2, os.O_WRONLY)):
        try:
            os.fstat(fd)
        except OSError:
            os.open(os.devnull, flags)  # the lowest free number, which is this one


def _is_forced(environ: Mapping[str, str]) -> bool:
    return environ.get("FORCE_COLOR", "0") not in ("", "0")


def is_terminal(fd: int) -> bool:
    """Tell whether a descriptor is a terminal; a closed one is none."""
    return os.isatty(fd)
