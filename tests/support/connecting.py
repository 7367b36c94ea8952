"""Connections to the server of a configuration."""

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from srchat.config.resolution import Resolved
from srchat.library import Library
from srchat.session.connection import Connection


@contextlib.contextmanager
def connected(
    *read: Resolved,
    use_secret: Callable[[str], None] = lambda _: None,
    library: Library | None = None,
) -> Iterator[Connection]:
    """Connect with the first of the settings. The others are read one after the other."""
    first, *later = read
    rest = iter(later)
    connection = Connection(
        first, lambda: next(rest), use_secret=use_secret, log=lambda _: None, library=library
    )
    with contextlib.closing(connection):
        yield connection


def library_in(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Library:
    """Return a library whose history and cache are in a directory."""
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    return Library({"SRCHAT_DATA": str(folder)}, lambda *_: None)
