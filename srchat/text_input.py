"""The user's message: words, files and standard input made into one text, none of it altered.

What was put together can be taken apart again.
"""

import errno
import os
import re
import select
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from srchat.editor import open_in_editor
from srchat.errors import Interrupted, UsageError, reason_of

_PATIENCE: Final = 1.0  # seconds until the wait for standard input is worth a word
_PART: Final = 64 * 1024
MAX_INPUT: Final = 64 * 1024 * 1024  # bytes of a file, of standard input, of a message
_OPENING: Final = re.compile(r'<(file_*) name="([^"\n]*)">\n')


class Attachment(NamedTuple):
    """A text that goes with a prompt, under the name it is shown to the model by."""

    name: str
    text: str


class MessageParts(NamedTuple):
    """A message taken apart. `files`: all that came before the words, as it stands there."""

    files: str
    names: list[str]
    words: str

    @property
    def brief(self) -> str:
        """The words, and of the files only the names."""
        return " ".join([*(f"[{name}]" for name in self.names), self.words]).rstrip()


def user_message(words: str, attachments: Sequence[Attachment]) -> str:
    """Return attachments and words as one message, separated by blank lines.

    One attachment without words is the message itself, exactly. Otherwise each stands
    between tags that do not occur in it, so that the model can tell it from the question.
    """
    if not words and len(attachments) == 1:
        return attachments[0].text
    parts = [_delimited(attachment) for attachment in attachments]
    return "\n\n".join([*parts, words] if words else parts)


def split_message(message: str) -> MessageParts:
    """Return the parts that `user_message` made a message of."""
    names: list[str] = []
    end = 0
    while opening := _OPENING.match(message, end):
        closing = f"</{opening[1]}>"
        behind = message.find(closing, opening.end()) + len(closing)
        if behind < opening.end() or message[behind : behind + 2] not in ("", "\n\n"):
            break  # no attachment, but words that look like one
        names.append(opening[2].replace("&quot;", '"').replace("&amp;", "&"))
        end = behind + len("\n\n")
    return MessageParts(message[:end].removesuffix("\n\n"), names, message[end:])


def _delimited(attachment: Attachment) -> str:
    name, text = attachment
    tag = "file"
    while f"</{tag}>" in text:
        tag += "_"
    end = "" if text.endswith("\n") else "\n"
    return f'<{tag} name="{_attribute(name)}">\n{text}{end}</{tag}>'


def _attribute(name: str) -> str:
    """Return a file's name, which may hold any bytes, so that it can stand between quotes."""
    text = name.encode("utf-8", "replace").decode()
    return text.replace("&", "&amp;").replace('"', "&quot;").replace("\n", " ")


def read_file(path: str, limit: int = MAX_INPUT) -> Attachment:
    """Read a text file of at most `limit` bytes.

    Raises UsageError where it cannot be read, is larger, or is not UTF-8 text.
    """
    try:
        with Path(path).open("rb") as file:
            data = file.read(limit + 1)
    except (OSError, ValueError) as exc:
        hint = "`srchat ask` takes what is piped in without an option" if path == "-" else ""
        raise UsageError(f"cannot read {path}: {reason_of(exc)}", hint=hint) from exc
    check_size(len(data), limit, path)
    return Attachment(path, decoded(data, path))


def check_size(size: int, limit: int, name: str) -> None:
    """Raise UsageError, about what `name` says, where a size is over a limit."""
    if size > limit:
        raise UsageError(f"{name} is over {limit >> 20} MB", hint="send a part of it")


def text_or_file(text: str) -> str:
    """Return `text`, or for `@FILE` what the file holds; `@@` begins a text with one @.

    Raises UsageError where either is not UTF-8 text.
    """
    argument_text(text)
    if text == "@":
        raise UsageError("@ names no file", hint="@FILE reads one; @@ begins a text with one @")
    if text.startswith("@@"):
        return text[1:]
    if not text.startswith("@"):
        return text
    # Behind an @ no shell expands the ~.
    return read_file(os.path.expanduser(text[1:])).text  # noqa: PTH111 - Path's own fails for ~nobody


def read_stdin(fd: int, on_wait: Callable[[], None] | None, limit: int = MAX_INPUT) -> Attachment:
    """Read standard input to its end.

    There is no deadline: a slow producer is never cut off. When nothing at all has come for a
    second, `on_wait` is called once. A closed standard input counts as empty.
    Raises UsageError where it cannot be read to its end, is over `limit` bytes, or is not UTF-8
    text.
    """
    parts: list[bytes] = []
    size = 0
    try:
        if on_wait and not select.select([fd], [], [], _PATIENCE)[0]:
            on_wait()
        while part := read_part(fd):
            parts.append(part)
            size += len(part)
            check_size(size, limit, "standard input")
    except OSError as exc:
        if exc.errno != errno.EBADF:  # that is: closed
            raise UsageError(f"cannot read standard input: {exc.strerror}") from exc
    return Attachment("stdin", decoded(b"".join(parts), "standard input"))


def read_part(fd: int) -> bytes:
    """Return the next bytes, b"" at the end; wait for them on a non-blocking pipe, too.

    ssh and node make a pipe or a terminal that they share with us non-blocking. Raises OSError.
    """
    while True:
        try:
            return os.read(fd, _PART)
        except BlockingIOError:
            select.select([fd], [], [])


def decoded(data: bytes, name: str) -> str:
    """Return UTF-8 text without its byte order mark. Raises UsageError for anything else."""
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
    """Return `text`. Raises UsageError, about what `name` says, where it was not UTF-8."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as exc:
        raise UsageError(f"{name} is not UTF-8 text: {text!a}") from exc
    return text


def edited(text: str, environ: Mapping[str, str]) -> str:
    """Let the user write a text in `$VISUAL` or `$EDITOR`, and return it.

    Raises UsageError when there is no editor or it fails, and Interrupted; then a file with a
    text in it stays, and is named.
    """
    import tempfile  # noqa: PLC0415 - with random and hashlib, 4 ms that few prompts need

    fd, name = tempfile.mkstemp(prefix="srchat-", suffix=".md")  # 0600, so nobody reads along
    path = Path(name)
    with os.fdopen(fd, "w", encoding="utf-8") as file:
        file.write(text)
    try:
        code = open_in_editor(path, environ)
        if code:
            raise UsageError(f"the editor ended with {code}")
        written = read_file(name).text
    except UsageError as exc:
        raise UsageError(exc.message + _left_in(path), hint=exc.hint) from exc
    except Interrupted as exc:
        exc.message += _left_in(path)
        raise
    path.unlink()
    return written


def _left_in(path: Path) -> str:
    """Return the words that tell where a text is; a file without one is deleted."""
    if path.exists() and path.stat().st_size:
        return f"; your text is in {path}"
    path.unlink(missing_ok=True)
    return ""
