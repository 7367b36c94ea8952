"""Displays long output in a pager on a terminal."""

import contextlib
import itertools
import shlex
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from typing import IO, Final

from srchat.signals import ctrl_c_left_to_child
from srchat.terminal.streams import Output

_CHUNK: Final = 200  # lines per write


class CollectedOutput(Output):
    """Collects the output for a terminal, without cursor movements."""

    def __init__(self, output: Output, environ: Mapping[str, str]) -> None:
        super().__init__(output.fd, environ, output.encoding)
        self.can_move = False
        self.renders, self.has_color = output.renders, output.has_color
        self._parts: list[bytes] = []

    def write_bytes(self, data: bytes) -> None:
        """Collect `data`."""
        self._parts.append(bytes(data))

    def taken_lines(self) -> Iterator[str]:
        r"""Yield the lines since the last call, each with its "\n"."""
        text = b"".join(self._parts).decode(self.encoding, "replace")
        self._parts.clear()
        *lines, rest = text.split("\n")
        yield from (f"{line}\n" for line in lines)
        if rest:
            yield rest


def write_lines(output: Output, environ: Mapping[str, str], lines: Iterable[str]) -> None:
    """Write trusted lines, each with its newline; in `$PAGER` if they exceed the screen.

    The pager gets the first lines before the last are generated, and may be closed at any time.
    """
    rest = iter(lines)
    if output.can_move:
        screen = list(itertools.islice(rest, output.size().lines - 1))
        more = list(itertools.islice(rest, 1))
        everything = itertools.chain(screen, more, rest)
        if more and _paged(output, environ, everything):
            return
        rest = everything
    while chunk := list(itertools.islice(rest, _CHUNK)):
        output.write("".join(chunk))


def _paged(output: Output, environ: Mapping[str, str], lines: Iterable[str]) -> bool:
    try:
        command = shlex.split(environ.get("PAGER", "less"))
        if not command or command == ["cat"]:
            return False
        pager = subprocess.Popen(  # noqa: S603 - the user's own pager
            command,
            stdin=subprocess.PIPE,
            stdout=output.fd,
            # As git sets it: pass colors, do not wrap, do not clear the screen.
            env={"LESS": "FRX", "LESSCHARSET": "utf-8", **environ},
        )
    except (OSError, ValueError):  # not found, or an unclosed quote
        return False
    # Closing the pager breaks the pipe.
    with ctrl_c_left_to_child(), contextlib.suppress(BrokenPipeError), pager:
        assert pager.stdin
        _feed(pager.stdin, lines, output.encoding)
    return True


def _feed(stdin: IO[bytes], lines: Iterable[str], encoding: str) -> None:
    rest = iter(lines)
    while chunk := list(itertools.islice(rest, _CHUNK)):
        stdin.write("".join(chunk).encode(encoding, "replace"))
        stdin.flush()
