"""Fixtures for what no scripted answer can do."""

import contextlib
import socket
from collections.abc import Iterator

import pytest


@pytest.fixture
def full_backlog() -> Iterator[str]:
    """A base URL whose port neither takes nor refuses a connection."""
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        port = listener.getsockname()[1]
        for _ in range(3):  # nobody accepts: the kernel keeps one, and lets the others wait
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                waiting.connect(("127.0.0.1", port))
        yield f"http://127.0.0.1:{port}/v1"
