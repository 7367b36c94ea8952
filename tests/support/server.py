"""ScriptedServer: an HTTP server on loopback that plays scripts of bytes.

    with ScriptedServer([answer("Hello")]) as server:
        ... server.url, server.requests

A script is a list of steps for one request. Bytes are sent as they are. A `Pause` waits some
seconds, an `Event` waits until it is set. `CLOSE` closes the connection (FIN). `RESET` resets it
(RST), but only after the client has read all data, which a RST would discard. `HOLD` keeps it open
until the client disconnects. After a script without one of these, the connection is used for the
next request; this requires a response with a length. The last script is repeated for all further
requests.
"""

import contextlib
import json
import select
import socket
import struct
import threading
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from pathlib import Path
from typing import Any, NamedTuple, Self

CHUNKED = {"Transfer-Encoding": "chunked"}  # a header
_POLL_INTERVAL = 0.05  # seconds


class Pause(NamedTuple):
    """Wait some seconds."""

    seconds: float


class Ending(Enum):
    """What happens to the connection at the end of a script."""

    CLOSE = auto()
    RESET = auto()
    HOLD = auto()


CLOSE, RESET, HOLD = Ending.CLOSE, Ending.RESET, Ending.HOLD

Step = bytes | Pause | threading.Event | Ending
Script = Sequence[Step]


@dataclass
class Request:
    """A received request. Header names are in lower case; `at` is the monotonic time."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    at: float = field(default_factory=time.monotonic)

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class ScriptedServer:
    """Plays one of `scripts` per request, and records the requests. A context manager."""

    def __init__(self, scripts: Iterable[Script], port: int = 0) -> None:
        self._scripts = list(scripts)
        self.requests: list[Request] = []
        self.connections = 0
        self.connections_ended = 0
        self.client_disconnected = threading.Event()
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", port))
        self._threads: list[threading.Thread] = []

    @property
    def port(self) -> int:
        return int(self._listener.getsockname()[1])

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    def __enter__(self) -> Self:
        self._start(self._accept)
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join(5)

    def _start(self, target: Any, *args: Any) -> None:
        thread = threading.Thread(target=target, args=args, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            self._start(self._serve, connection)

    def _serve(self, connection: socket.socket) -> None:
        connection.settimeout(_POLL_INTERVAL)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with connection, contextlib.suppress(OSError):
            buffer = b""
            while (read := self._read_request(connection, buffer)) is not None:
                request, buffer = read
                with self._lock:
                    script = self._script_for(request)
                    self.requests.append(request)
                if not self._play(connection, script):
                    break
        self.connections_ended += 1

    def _script_for(self, _request: Request) -> Script:
        """Return the script for the next request."""
        return self._scripts[min(len(self.requests), len(self._scripts) - 1)]

    def _read_request(
        self, connection: socket.socket, buffer: bytes
    ) -> tuple[Request, bytes] | None:
        while b"\r\n\r\n" not in buffer:
            if not (part := self._receive(connection)):
                return None
            buffer += part
        head, _, body = buffer.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        method, path, _ = lines[0].split(" ")
        headers = {
            name.lower(): value.strip() for name, _, value in (x.partition(":") for x in lines[1:])
        }
        length = int(headers.get("content-length", "0"))
        while len(body) < length:
            if not (part := self._receive(connection)):
                return None
            body += part
        return Request(method, path, headers, body[:length]), body[length:]

    def _receive(self, connection: socket.socket) -> bytes:
        while not self._stopping.is_set():
            try:
                return connection.recv(65536)
            except TimeoutError:
                continue
        return b""

    def _play(self, connection: socket.socket, script: Script) -> bool:
        """Play a script, and return whether the connection stays open for another request."""
        for step in script:
            if isinstance(step, bytes):
                if not self._send(connection, step):
                    return False
            elif isinstance(step, Pause | threading.Event):
                if not self._wait(step):
                    return False
            elif step is RESET:
                self._wait_until_read(connection)
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                return False
            else:
                if step is HOLD:
                    self._hold(connection)
                return False
        return True

    def _wait(self, step: Pause | threading.Event) -> bool:
        if isinstance(step, Pause):
            return not self._stopping.wait(step.seconds)
        while not step.wait(_POLL_INTERVAL):
            if self._stopping.is_set():
                return False
        return True

    def _wait_until_read(self, connection: socket.socket) -> None:
        while not _is_all_read(connection) and not self._stopping.wait(0.01):
            pass

    def _send(self, connection: socket.socket, data: bytes) -> bool:
        view = memoryview(data)
        while view and not self._stopping.is_set():
            try:
                view = view[connection.send(view) :]
            except TimeoutError:
                if _has_disconnected(connection):
                    break
            except OSError:
                break
        if view:
            self.client_disconnected.set()
        return not view

    def _hold(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while self._receive(connection):
                pass
        self.client_disconnected.set()


def _has_disconnected(connection: socket.socket) -> bool:
    """Tell whether the client has closed the connection, even if its receive window is full."""
    readable, _, _ = select.select([connection], [], [], 0)
    return bool(readable) and not connection.recv(1, socket.MSG_PEEK)


def _is_all_read(connection: socket.socket) -> bool:
    """Tell whether the client has read all data, by the queue sizes that Linux reports."""
    ours, theirs = (
        f":{name[1]:04X}" for name in (connection.getsockname(), connection.getpeername())
    )
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        _, local, remote, _, queues, *_ = line.split()
        sending, receiving = queues.split(":")
        if (local[8:], remote[8:]) == (ours, theirs) and int(sending, 16):
            return False
        if (local[8:], remote[8:]) == (theirs, ours) and int(receiving, 16):
            return False
    return True


def head(
    status: int = 200, headers: dict[str, str] | None = None, *, type: str = "text/event-stream"
) -> bytes:
    """Return a response head. Without Content-Length, the end of the connection ends the body."""
    lines = [f"HTTP/1.1 {status} Scripted", f"Content-Type: {type}"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


def event(value: object) -> bytes:
    """Return an event with JSON data."""
    return b"data: " + json.dumps(value).encode() + b"\n\n"


def delta(
    content: str | None = None, finish: str | None = None, model: str = "vllm-primary", **more: Any
) -> dict[str, Any]:
    """Return a chat.completion.chunk."""
    change = {} if content is None else {"content": content}
    choice = {"index": 0, "delta": {**change, **more}, "finish_reason": finish}
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion.chunk",
        "created": 1_700_000_000,
        "model": model,
        "choices": [choice],
    }


def chunk(content: str | None = None, finish: str | None = None, **more: Any) -> bytes:
    """Return an event with a chunk."""
    return event(delta(content, finish, **more))


DONE = b"data: [DONE]\n\n"


def answer(*pieces: str, finish: str = "stop", headers: dict[str, str] | None = None) -> Script:
    """Return the script of a complete streamed answer, with one chunk per piece."""
    return [
        head(headers=headers),
        *(chunk(piece) for piece in pieces),
        chunk(finish=finish),
        DONE,
        CLOSE,
    ]


def part(data: bytes) -> bytes:
    """Return one chunk in chunked transfer coding."""
    return b"%x\r\n%s\r\n" % (len(data), data)


def command_answer(command: str) -> Script:
    """Return an answer with a command in a code block."""
    return answer(f"```sh\n{command}\n```")


def chunked(*parts: bytes) -> bytes:
    """Return body parts in chunked transfer coding, with the last chunk."""
    return b"".join(part(data) for data in (*parts, b""))


def json_response(
    value: object, status: int = 200, headers: dict[str, str] | None = None
) -> Script:
    """Return the script of a JSON response with a Content-Length."""
    body = value if isinstance(value, bytes) else json.dumps(value).encode()
    length = {"Content-Length": str(len(body)), **(headers or {})}
    return [head(status, length, type="application/json"), body]


def error(
    status: int, message: str = "no", headers: dict[str, str] | None = None, **more: object
) -> Script:
    """Return the script of an error in OpenAI's format."""
    return json_response({"error": {"message": message, **more}}, status, headers)


def completion(content: str, finish: str = "stop") -> dict[str, Any]:
    """Return a chat.completion."""
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "model": "vllm-primary",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": content},
                "finish_reason": finish,
            }
        ],
        "usage": {"prompt_tokens": 3, "completion_tokens": 5, "total_tokens": 8},
    }
