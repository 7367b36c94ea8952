"""Servers on this machine that srchat could talk to, at the ports where they usually listen."""

import socket
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

_PATIENCE: Final = 0.3  # seconds; on loopback a port answers at once or never


class LocalServer(NamedTuple):
    """A kind of server and the port that it listens on unless told otherwise."""

    name: str
    port: int

    @property
    def base_url(self) -> str:
        """Where its API begins."""
        return f"http://127.0.0.1:{self.port}/v1"


USUAL: Final = (
    LocalServer("vLLM", 8000),
    LocalServer("LiteLLM", 4000),
    LocalServer("llama.cpp", 8080),
    LocalServer("Ollama", 11434),
    LocalServer("LM Studio", 1234),
)


def listening(servers: Iterable[LocalServer] = USUAL) -> Iterator[LocalServer]:
    """Yield those of the servers at whose port something listens."""
    for server in servers:
        try:
            socket.create_connection(("127.0.0.1", server.port), _PATIENCE).close()
        except OSError:
            continue
        yield server
