"""Servers on this machine are found by their ports."""

import socket

from srchat.config.local_servers import LocalServer, find_servers


def test_only_ports_that_accept_connections_are_found() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as one,
        socket.socket() as refusing,
        socket.create_server(("127.0.0.1", 0)) as two,
    ):
        refusing.bind(("127.0.0.1", 0))  # taken, but nobody listens
        servers = [
            LocalServer(name, used.getsockname()[1])
            for name, used in (("one", one), ("none", refusing), ("two", two))
        ]
        assert list(find_servers(servers)) == [servers[0], servers[2]]


def test_the_base_url_of_a_local_server_is_on_loopback() -> None:
    assert LocalServer("vLLM", 8000).base_url == "http://127.0.0.1:8000/v1"
