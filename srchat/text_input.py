"""Reads text from files, stdin, the command line and the editor: UTF-8, otherwise unchanged."""

import errno
import os
import select
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from srchat.attachments import Attachment
from srchat.errors import Interrupted, UsageError, reason_of

_WAIT_NOTICE_DELAY: Final = 1.0  # seconds without input before `on_wait` is called
_READ_SIZE: Final = 64 * 1024
MAX_INPUT: Final = 64 * 1024 * 1024  # bytes of a file, of stdin, of a message


def read_file(path: str, limit: int = MAX_INPUT) -> Attachment:
    """Read a text file of at most `limit` bytes.

    Raises UsageError if it cannot be read, is larger, or is not UTF-8.
    """
    try:
        with Path(path).open("rb") as file:
            data = file.read(limit + 1)
    except (OSError, ValueError) as exc:
        hint = "`srchat ask` reads piped input without an option" if path == "-" else ""
        raise UsageError(f"cannot read {path}: {reason_of(exc)}", hint=hint) from exc
    check_size(len(data), limit, path)
    return Attachment(path, decoded(data, path))


def check_size(size: int, limit: int, name: str) -> None:
    """Raise UsageError if a size exceeds a limit. `name`: what is too large, for the message."""
    if size > limit:
        raise UsageError(f"{name} is over {limit >> 20} MB", hint="split it")


def text_or_file(text: str) -> str:
    """Return `text`, or for `@FILE` the content of the file. A leading `@@` stands for @.

    Raises UsageError if it is not UTF-8.
    """
    argument_text(text)
    if text == "@":
        raise UsageError(
            "@ without a file name", hint="use @FILE, or @@ for text that starts with @"
        )
    if text.startswith("@@"):
        return text[1:]
    if not text.startswith("@"):
        return text
    # Shells do not expand ~ after an @.
    return read_file(os.path.expanduser(text[1:])).text  # noqa: PTH111 - Path.expanduser raises for ~nobody


def read_stdin(fd: int, on_wait: Callable[[], None] | None, limit: int = MAX_INPUT) -> Attachment:
    """Read standard input to its end. A closed one counts as empty.

    There is no timeout, because the producer may be slow. If nothing arrives for a second,
    `on_wait` is called once. Raises UsageError if it cannot be read, exceeds `limit` bytes, or is
    not UTF-8.
    """
    parts: list[bytes] = []
    size = 0
    try:
        if on_wait and not select.select([fd], [], [], _WAIT_NOTICE_DELAY)[0]:
            on_wait()
        while part := read_part(fd):
            parts.append(part)
            size += len(part)
            check_size(size, limit, "standard input")
    except OSError as exc:
        if exc.errno != errno.EBADF:  # closed
            raise UsageError(f"cannot read standard input: {exc.strerror}") from exc
    return Attachment("stdin", decoded(b"".join(parts), "standard input"))


def has_data(fd: int) -> bool:
    """Tell whether a read would return at once. False for a closed file."""
    try:
        return bool(select.select([fd], [], [], 0)[0])
    except OSError:
        return False


def read_part(fd: int) -> bytes:
    """Return the next bytes, b"" at the end. Raises OSError.

    Waits on a non-blocking file, too: ssh and node set O_NONBLOCK on pipes and terminals that they
    share with srchat.
    """
    while True:
        try:
            return os.read(fd, _READ_SIZE)
        except BlockingIOError:
            select.select([fd], [], [])


class LineReader:
    """Reads single lines from a descriptor, as they are needed."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._buffer = b""

    def read(self) -> bytes | None:
        """Return the next line without its newline, None at the end. Raises Interrupted."""
        while b"\n" not in self._buffer:
            try:
                part = read_part(self._fd)
            except OSError:  # pragma: no cover - a closing terminal sends SIGHUP first
                part = b""
            if not part:
                break
            self._buffer += part
        line, found, self._buffer = self._buffer.partition(b"\n")
        return line if line or found else None

    def forget(self) -> None:
        """Forget the beginning of a line."""
        self._buffer = b""


def decoded(data: bytes, name: str) -> str:
    """Return UTF-8 text without its byte order mark. Raises UsageError if it is not UTF-8."""
    if (place := data.find(b"\0")) >= 0:
        raise UsageError(
            f"{name} is not text: there is a NUL byte at offset {place}",
            hint="send text; for UTF-16 try: iconv -f utf-16 -t utf-8",
        )
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as exc:
        raise UsageError(
            f"{name} is not UTF-8 text: byte 0x{data[exc.start]:02x} at offset {exc.start}",
            hint="convert it first, for example: iconv -f latin1 -t utf-8",
        ) from exc


def argument_text(text: str, name: str = "the command line") -> str:
    """Return `text`. Raises UsageError that mentions `name` if it was not UTF-8."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as exc:
        raise UsageError(f"{name} is not UTF-8 text: {text!a}") from exc
    return text


def edited(text: str, environ: Mapping[str, str]) -> str:
    """Return text that the user writes in `$VISUAL` or `$EDITOR`. `text`: its initial content.

    Raises UsageError if there is no editor or it fails, and Interrupted. The file is then kept if
    it is not empty, and its name is in the message.
    """
    import tempfile  # noqa: PLC0415 - with random and hashlib, 4 ms that few prompts need

    from srchat.editor import open_in_editor  # noqa: PLC0415 - few prompts need it

    fd, name = tempfile.mkstemp(prefix="srchat-", suffix=".md")  # with mode 0600
    path = Path(name)
    with os.fdopen(fd, "w", encoding="utf-8") as file:
        file.write(text)
    try:
        code = open_in_editor(path, environ)
        if code:
            raise UsageError(f"the editor exited with {code}")
        written = read_file(name).text
    except UsageError as exc:
        raise UsageError(exc.message + _draft_location(path), hint=exc.hint) from exc
    except Interrupted as exc:
        exc.message += _draft_location(path)
        raise
    path.unlink()
    return written


def _draft_location(path: Path) -> str:
    """Return a text that says where the file is. An empty file is deleted."""
    if path.exists() and path.stat().st_size:
        return f"; your text is in {path}"
    path.unlink(missing_ok=True)
    return ""
