"""TLSServer: a ScriptedServer behind TLS."""

import datetime as dt
import socket
import ssl
import threading
from collections.abc import Iterable

import trustme

from tests.support.server import Script, ScriptedServer


class TLSServer(ScriptedServer):
    """Plays `scripts` over TLS, with a certificate for `host`.

    `ready`: if given, no handshake starts before it is set. `not_after`: when the certificate
    expires; None means in a year. `wants_certificate`: require a client certificate. `newest`: the
    newest TLS version to accept. `handshakes`: the number of handshakes started.
    """

    def __init__(
        self,
        scripts: Iterable[Script],
        authority: trustme.CA,
        host: str = "127.0.0.1",
        *,
        ready: threading.Event | None = None,
        not_after: dt.datetime | None = None,
        wants_certificate: bool = False,
        newest: ssl.TLSVersion = ssl.TLSVersion.MAXIMUM_SUPPORTED,
    ) -> None:
        super().__init__(scripts)
        self.handshakes = 0
        self._ready = ready
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.maximum_version = newest
        authority.issue_cert(host, not_after=not_after).configure_cert(self._context)
        if wants_certificate:
            self._context.verify_mode = ssl.CERT_REQUIRED
            authority.configure_trust(self._context)

    @property
    def url(self) -> str:
        return super().url.replace("http", "https")

    def _serve(self, connection: socket.socket) -> None:
        while self._ready and not self._ready.wait(0.05) and not self._stopping.is_set():
            pass
        connection.settimeout(5)
        self.handshakes += 1
        try:
            connection = self._context.wrap_socket(connection, server_side=True)
        except OSError:  # the client does not trust the certificate
            connection.close()
            return
        super()._serve(connection)
