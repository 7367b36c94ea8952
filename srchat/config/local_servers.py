"""Finds model servers on this machine at their default ports."""

import socket
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

_CONNECT_TIMEOUT: Final = 0.3  # seconds; on loopback a port answers at once or never


class LocalServer(NamedTuple):
    """A server program and its default port."""

    name: str
    port: int

    @property
    def base_url(self) -> str:
        """The base URL of its API."""
        return f"http://127.0.0.1:{self.port}/v1"


KNOWN_SERVERS: Final = (
    LocalServer("vLLM", 8000),
    LocalServer("LiteLLM", 4000),
    LocalServer("llama.cpp", 8080),
    LocalServer("Ollama", 11434),
    LocalServer("LM Studio", 1234),
)


def find_servers(servers: Iterable[LocalServer] = KNOWN_SERVERS) -> Iterator[LocalServer]:
    """Yield the servers whose port accepts connections."""
    for server in servers:
        try:
            socket.create_connection(("127.0.0.1", server.port), _CONNECT_TIMEOUT).close()
        except OSError:
            continue
        yield server
