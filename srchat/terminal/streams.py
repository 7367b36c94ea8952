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

_C1: Final = re.compile(rb"[\x80-\x9f]")
_CANNOT_MOVE: Final = (None, "", "dumb", "unknown")
_LONGEST: Final = 1000  # characters of one message
_FALLBACK_SIZE: Final = os.terminal_size((80, 24))


class Output:
    """One file descriptor to write to, and what stands behind it.

    `is_terminal`: escape sequences may be useful, text from outside must be inert.
    `can_move`: the cursor may be moved (a terminal that is not `TERM=dumb`).
    `has_color`: colours are welcome (https://no-color.org).
    `encoding`: the terminal's; always UTF-8 where it is not a terminal.
    """

    def __init__(self, fd: int, environ: Mapping[str, str], encoding: str = "utf-8") -> None:
        self.fd = fd
        self.is_terminal = is_terminal(fd)
        self.can_move = self.is_terminal and environ.get("TERM") not in _CANNOT_MOVE
        self.has_color = self.can_move and not environ.get("NO_COLOR")
        self.encoding = encoding if self.is_terminal else "utf-8"

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

    def size(self) -> os.terminal_size:
        """Return columns and lines now; 80x24 where nothing tells."""
        try:
            size = os.get_terminal_size(self.fd)
        except OSError:
            return _FALLBACK_SIZE
        return os.terminal_size((size.columns or 80, size.lines or 24))


class Messages:
    """What is said to the user beside the answer, a line each, on standard error.

    On a terminal a line that is longer than the screen is broken between words.

    `quiet` keeps notices back, never errors. `redact` takes secrets out of every line.
    `make_room` takes away what stands on the row where a line will begin.
    A standard error that is closed or full is no reason to lose an answer: ignored.
    """

    def __init__(self, output: Output, *, quiet: bool = False) -> None:
        self.output = output
        self.quiet = quiet
        self.redact: Callable[[str], str] = str
        self.make_room: Callable[[], None] = lambda: None

    def notice(self, text: str) -> None:
        """Tell something worth knowing, unless quiet."""
        if not self.quiet:
            self.tell(text)

    def tell(self, text: str) -> None:
        """Tell something that has to be known, quiet or not: an error, or what was asked for."""
        self.make_room()
        self.write_raw(
            self.output.between_words(f"srchat: {one_line(self.redact(text), _LONGEST)}\n")
        )

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


def is_terminal(fd: int) -> bool:
    """Tell whether a descriptor is a terminal; a closed one is none."""
    return os.isatty(fd)
