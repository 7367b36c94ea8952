"""The thread that reads one HTTP response into an inbox, and its cancellation.

The main thread owns the terminal, the clock and the signals; this thread only moves bytes. So the
read timeout is enforced in one place (a keep-alive comment restarts the timeout of a socket), and a
signal never interrupts a write to the terminal.
"""

import contextlib
import queue
import socket
import threading
import time
from typing import Any, Final, NamedTuple

from srchat.api.events import RequestSent, ResponseHead
from srchat.api.failures import translated
from srchat.api.http import PORTS, httpx
from srchat.errors import APIError, Interrupted, SrchatError

_MAX_QUEUED: Final = 512  # parts; when it is full, TCP flow control stops the server
_MAX_QUEUED_BYTES: Final = 8 << 20
_MAX_JOINED_BYTES: Final = 256 * 1024
_MAX_DISCARDED_BYTES: Final = 64 * 1024


class Connected(NamedTuple):
    """The connection is established, with or without TLS. Not sent for a reused one."""

    encrypted: bool = False


class ReadFailed(NamedTuple):
    """The exchange failed, with the translated error."""

    error: APIError


class End(NamedTuple):
    """The regular end of the response."""


Item = Connected | RequestSent | ResponseHead | bytes | ReadFailed | End


class Inbox:
    """Receives the items of the current reader, and signals, for the main thread.

    `frame_time`: seconds between two deliveries of bytes, for a display that is redrawn at most so
    often: one wake-up per frame, not one per token. The end of the body, a failure, a signal and a
    full queue do not wait.
    """

    def __init__(self, frame_time: float = 0.0) -> None:
        self.frame_time = frame_time
        self._next_frame = 0.0
        self._urgent: queue.SimpleQueue[None] = queue.SimpleQueue()
        self._queue: queue.SimpleQueue[tuple[object, Item]] = queue.SimpleQueue()
        self._held: tuple[object, Item] | None = None
        self._signum = 0

    def post(self, source: object, item: Item) -> None:
        """Add an item. Called by readers."""
        self._queue.put((source, item))
        if isinstance(item, (End, ReadFailed)):
            self._urgent.put(None)

    def interrupt(self, signum: int) -> None:
        """Make the current or the next `get` raise Interrupted. Safe in a signal handler."""
        self._signum = signum
        self._queue.put((None, End()))  # SimpleQueue.put is re-entrant
        self._urgent.put(None)

    def hurry(self) -> None:
        """End the wait for the next frame: a reader has no room left."""
        self._urgent.put(None)

    def has_room(self, part_size: int = 1) -> bool:
        """Tell whether a reader may continue. If not, it has to wait.

        `part_size`: bytes of its last part; the queue holds fewer large parts than small ones.
        """
        return self._queue.qsize() < min(_MAX_QUEUED, 1 + _MAX_QUEUED_BYTES // part_size)

    def get(self, source: object, timeout: float) -> Item | None:
        """Return the next item of `source`, None after `timeout` seconds without one.

        Queued bytes are joined. Raises Interrupted.
        """
        self._wait_for_frame()
        deadline = time.monotonic() + timeout
        while True:
            entry = self._next(deadline - time.monotonic())
            if self._signum:
                raise Interrupted(self._signum)
            if entry is None:
                return None
            origin, item = entry
            if origin is source:
                return self._joined(source, item) if isinstance(item, bytes) else item

    def _wait_for_frame(self) -> None:
        left = self._next_frame - time.monotonic()
        if left > 0 and not self._held:
            with contextlib.suppress(queue.Empty):
                self._urgent.get(timeout=left)

    def _next(self, timeout: float) -> tuple[object, Item] | None:
        if self._held:
            entry, self._held = self._held, None
            return entry
        try:
            return self._queue.get(timeout=max(timeout, 0.0))
        except queue.Empty:
            return None

    def _joined(self, source: object, first: bytes) -> bytes:
        parts, size = [first], len(first)
        while size < _MAX_JOINED_BYTES:
            try:
                entry = self._queue.get_nowait()
            except queue.Empty:
                self._next_frame = time.monotonic() + self.frame_time
                break
            if entry[0] is not source or not isinstance(entry[1], bytes):
                self._held = entry
                break
            parts.append(entry[1])
            size += len(entry[1])
        return first if len(parts) == 1 else b"".join(parts)


class StreamReader:
    """Sends one request in a thread and posts the response.

    `connection`: the socket; at first that of a kept-alive connection, if there is one.
    `reused`: the kept-alive connection is in use.
    `kept`: the answer was read to its end, so that the connection can be reused.
    """

    def __init__(
        self,
        client: httpx.Client,
        request: httpx.Request,
        inbox: Inbox,
        connection: socket.socket | None = None,
    ) -> None:
        self.connection: socket.socket | None = connection
        self.reused = connection is not None
        self.kept = False
        self._client = client
        self._request = request
        self._inbox = inbox
        self._proxy = ""  # that is being connected to
        self._discarding = False
        self._cancelled = False
        request.extensions["trace"] = self._trace
        self._thread = threading.Thread(target=self._run, name="srchat-reader", daemon=True)

    def start(self) -> None:
        """Send the request. Raises SrchatError if no thread can be started."""
        try:
            self._thread.start()
        except RuntimeError as exc:
            raise SrchatError(
                "cannot start a thread", hint="`ulimit -u` or `ulimit -v` is too low"
            ) from exc

    def cancel(self) -> None:
        """Stop at once. Shuts down the socket, because that wakes a blocked read."""
        self._cancelled = True
        if self.connection is not None:
            with contextlib.suppress(OSError):
                # shutdown() of a TLS socket would first remove its encryption.
                socket.socket.shutdown(self.connection, socket.SHUT_RDWR)

    def hand_over(self) -> socket.socket | None:
        """Return the socket if it can be reused for the next request, else None."""
        if self.kept:
            return self.connection
        self.cancel()
        return None

    def drain(self) -> None:
        """Read and discard the rest of the answer, so that the connection can be reused."""
        self._discarding = True

    def abandon(self) -> None:
        """Stop, unless the answer was read to its end or is being drained."""
        if not (self.kept or self._discarding):
            self.cancel()

    def join(self, timeout: float) -> None:
        """Wait until the thread has ended."""
        if self._thread.is_alive():  # it may never have been started
            self._thread.join(timeout)

    def _run(self) -> None:
        try:
            response = self._client.send(self._request, stream=True)
            try:
                self._read(response)
            finally:
                response.close()
        except Exception as exc:  # noqa: BLE001 - raised in the main thread
            self._inbox.post(self, ReadFailed(translated(exc, self._request.url, self._proxy)))

    def _read(self, response: httpx.Response) -> None:
        headers = {name.lower(): value for name, value in response.headers.items()}
        self._inbox.post(self, ResponseHead(response.status_code, headers))
        discarded = 0
        assert isinstance(response.stream, httpx.SyncByteStream)
        for part in response.stream:  # iter_raw() would cost a microsecond more per token
            if self._cancelled:
                return
            if not self._discarding:
                self._deliver(part)
            elif (discarded := discarded + len(part)) > _MAX_DISCARDED_BYTES:
                return
        response.close()  # frees the connection before the end is reported
        self.kept = True
        self._inbox.post(self, End())

    def _deliver(self, part: bytes) -> None:
        self._inbox.post(self, part)
        size = max(len(part), 1)
        if self._inbox.has_room(size):
            return
        self._inbox.hurry()
        while not (self._inbox.has_room(size) or self._cancelled or self._discarding):
            time.sleep(0.002)

    def _trace(self, event: str, info: dict[str, Any]) -> None:
        if event.endswith(".connect_tcp.started"):
            self.reused = False
            url, to = self._request.url, (info["host"], info["port"])
            if to != (url.raw_host.decode(), url.port or PORTS[url.scheme]):
                self._proxy = "{}:{}".format(*to)
        elif event.endswith((".connect_tcp.complete", ".start_tls.complete")):
            self._proxy = ""
            self.connection = info["return_value"].get_extra_info("socket")
            self._inbox.post(self, Connected(encrypted=".start_tls" in event))
            if self._cancelled:
                self.cancel()
        elif event.endswith(".receive_response_headers.started"):
            request = info["request"]
            if request.method != b"CONNECT":  # CONNECT to a proxy is not the request
                self._inbox.post(self, RequestSent())
