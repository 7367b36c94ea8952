"""Standard output and standard error, and their properties.

Bytes are written with `os.write`, without Python's buffers: written text has been delivered, errors
are raised where they occur, and the interpreter has nothing to flush at exit.
"""

import contextlib
import os
import re
import select
import stat
from collections.abc import Callable, Mapping
from typing import Final

from srchat.errors import ClosedPipeError, OutputError
from srchat.terminal.sanitize import one_line, sanitized
from srchat.terminal.word_wrap import wrapped_text
from srchat.theme import ERROR, HINT, WARNING, styled

_C1: Final = re.compile(rb"[\x80-\x9f]")
_CANNOT_MOVE: Final = (None, "", "dumb", "unknown")
_MAX_MESSAGE: Final = 1000  # characters of one message
_FRAME_TIME: Final = 1 / 12  # seconds
_FALLBACK_SIZE: Final = os.terminal_size((80, 24))


class Output:
    """A file descriptor to write to, and its properties.

    `is_terminal`: escape sequences may be useful, and text from outside must be sanitized.
    `can_move`: the cursor may be moved (a terminal that is not `TERM=dumb`).
    `has_color`: use colors (https://no-color.org, https://force-color.org).
    `renders`: render answers instead of writing them byte for byte.
    `encoding`: of the terminal; otherwise UTF-8.
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
        """The minimum time between two frames in seconds; 0 if nothing is rendered."""
        return _FRAME_TIME if self.renders else 0.0

    def use_color(self, when: str) -> None:
        """Apply the setting `color`. "always" renders also without a terminal, for `less -R`."""
        if when == "always":
            self.renders = self.has_color = True
        elif when == "never":
            self.has_color = False

    def write(self, text: str) -> None:
        """Write trusted text. Raises OutputError or ClosedPipeError."""
        self.write_bytes(encoded(text, self.encoding))

    def write_foreign(self, text: str) -> None:
        """Write text from outside: exact into a pipe or file, sanitized to a terminal."""
        self.write(sanitized(text) if self.is_terminal else text)

    def write_bytes(self, data: bytes) -> None:
        """Write all of `data`. Raises OutputError or ClosedPipeError."""
        view = memoryview(data)
        try:
            while view:
                try:
                    view = view[os.write(self.fd, view) :]
                except BlockingIOError:
                    # ssh and node make descriptors non-blocking that they share with srchat.
                    select.select([], [self.fd], [])
        except BrokenPipeError as exc:
            raise ClosedPipeError("the reader of the output closed the pipe") from exc
        except OSError as exc:
            raise OutputError(f"cannot write the output: {exc.strerror}") from exc

    def between_words(self, text: str, indent: str = "") -> str:
        """Return the text with lines wrapped between words on a terminal, otherwise unchanged.

        `indent`: put before continuation lines.
        """
        return wrapped_text(text, self.size().columns, indent) if self.is_terminal else text

    def styled(self, text: str, style: str) -> str:
        """Return trusted text in a style of the theme; unchanged without colors."""
        return styled(text, style) if self.has_color else text

    def size(self) -> os.terminal_size:
        """Return the current columns and lines; 80x24 if unknown."""
        for fd in (self.fd, 2) if self.renders else (self.fd,):  # the terminal behind a pager
            with contextlib.suppress(OSError):
                size = os.get_terminal_size(fd)
                return os.terminal_size((size.columns or 80, size.lines or 24))
        return _FALLBACK_SIZE


class Messages:
    """Errors, warnings and other messages on stderr.

    A message is one line, with its hints on lines below. On a terminal long lines are wrapped.

    `quiet`: suppress warnings and information, but not errors.
    `redact`: removes secrets.
    `make_room`: clears the row where the next line begins.
    `shares_screen`: answers are shown on the same terminal.
    `has_own_screen`: nobody shows answers there, not even a program that reads them from a pipe.
    `is_after_answer`: an answer ends above, so that a blank line comes first.
    `is_before_answer`: a message is displayed where the next answer will begin.

    Errors of a closed or full stderr are ignored, because an answer must not be lost for them.
    """

    def __init__(self, output: Output, *, quiet: bool = False) -> None:
        self.output = output
        self.quiet = quiet
        self.redact: Callable[[str], str] = str
        self.make_room: Callable[[], None] = lambda: None
        self.shares_screen = False
        self.has_own_screen = False
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
        """Print a confirmation unless quiet."""
        if not self.quiet:
            self._print(text)

    def print(self, text: str, hint: str = "") -> None:
        """Print requested information, even if quiet."""
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
        """Separate the next answer from messages above it on the same screen."""
        if self.is_before_answer and self.shares_screen:
            self.write_raw("\n")
        self.is_before_answer = False

    def write_raw(self, text: str) -> None:
        """Write trusted text as it is."""
        with contextlib.suppress(OutputError, ClosedPipeError):
            self.output.write(text)


def encoded(text: str, encoding: str) -> bytes:
    """Return text in a terminal's encoding, with "?" for characters that it does not have.

    Some code pages have characters (the euro sign) at the bytes of C1 controls, which a terminal
    may interpret. They become "?", too. UTF-8 and multi-byte encodings have no such bytes.
    """
    data = text.encode(encoding, errors="replace")
    if not _C1.search(data) or encoding.lower().replace("-", "") == "utf8":
        return data
    return b"".join(
        b"?" if len(each) == 1 and _C1.match(each) else each
        for each in (character.encode(encoding, errors="replace") for character in text)
    )


def reserve_standard_descriptors() -> None:
    """Open a replacement for each standard stream that is closed.

    Otherwise the next file or socket would get its number, and receive the answer. The replacements
    are an empty stdin, an unwritable stdout, and a discarding stderr.
    """
    for fd, flags in ((0, os.O_RDONLY), (1, os.O_RDONLY), (2, os.O_WRONLY)):
        try:
            os.fstat(fd)
        except OSError:
            os.open(os.devnull, flags)  # gets the lowest free number, which is this one


def _is_forced(environ: Mapping[str, str]) -> bool:
    return environ.get("FORCE_COLOR", "0") not in ("", "0")


def is_file(fd: int) -> bool:
    """Tell whether a descriptor is a file or a device such as /dev/null. False for a closed one."""
    try:
        mode = os.fstat(fd).st_mode
    except OSError:
        return False
    return stat.S_ISREG(mode) or (stat.S_ISCHR(mode) and not os.isatty(fd))


def is_terminal(fd: int) -> bool:
    """Tell whether a descriptor is a terminal. False for a closed one."""
    return os.isatty(fd)
