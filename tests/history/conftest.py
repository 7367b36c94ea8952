"""A history on a real file."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from srchat.history.store import ConversationStore


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return where srchat, run with `tmp_path` as home, has its history."""
    folder = tmp_path / ".local" / "share" / "srchat"
    folder.mkdir(parents=True)
    return folder / "history.db"


@pytest.fixture
def store(path: Path) -> Iterator[ConversationStore]:
    opened = ConversationStore(path, lock_timeout=0.2)
    yield opened
    opened.close()
