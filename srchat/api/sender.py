"""Requests without streaming: the calling thread sends, waits and gets the whole response.

`ChatClient` streams and can be interrupted, which many concurrent requests do not need. One sender
per thread costs less than half of a connection pool that threads share.
"""

import contextlib
import math
import time
from collections.abc import Callable, Mapping
from typing import BinaryIO, Final, NamedTuple

from srchat.api.encoding import BodyDecoder
from srchat.api.error_body import MAX_ERROR_BYTES, status_error
from srchat.api.exchange import Limits
from srchat.api.failures import redirect_error, translated
from srchat.api.http import httpx
from srchat.api.server import Server
from srchat.errors import (
    APIConnectionError,
    APIError,
    APIStatusError,
    APITimeoutError,
    OutputError,
    ProtocolError,
)

_MAX_BODY_BYTES: Final = 64 * 1024 * 1024
# An answer that is not streamed is sent when it is complete, with no data before.
_RESPONSE_TIMEOUTS: Final = 10  # read timeouts


class Response(NamedTuple):
    """A complete response. `headers`: names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Sender:
    """Sends one request after the other to a server. Not thread-safe.

    `max_bytes`: maximum size of a response body in memory.
    """

    def __init__(self, server: Server, limits: Limits, max_bytes: int = _MAX_BODY_BYTES) -> None:
        self._server = server
        self._max_bytes = max_bytes
        self._response_time = _RESPONSE_TIMEOUTS * limits.silence
        self._timeout = httpx.Timeout(
            limits.silence, connect=limits.connect, read=self._response_time
        ).as_dict()
        self._transport = server.open_transport()
        self._may_be_stale = False

    def send(self, method: str, path: str, content: bytes | None = None) -> Response:
        """Send JSON or nothing and return the response, whatever its status. Raises APIError.

        A kept-alive connection that the server has closed is replaced once.
        """
        return self._send(self._server.request(method, path, content))

    def expect(
        self,
        method: str,
        path: str,
        content: bytes | None = None,
        *,
        is_repeatable: bool = True,
    ) -> Response:
        """Send a request and return a 2xx response. Raises APIError for any other.

        `is_repeatable`: may be sent again even if the server may have received it.
        """
        request = self._server.request(method, path, content)
        return self._checked(self._send(request, is_repeatable=is_repeatable))

    def upload(self, path: str, fields: Mapping[str, str], name: str, file: BinaryIO) -> Response:
        """Send a form with the file in its field `file`. Raises as `expect`."""
        return self._checked(self._send(self._server.upload(path, fields, name, file)))

    def download(self, path: str, write: Callable[[bytes], object]) -> None:
        """Pass the body of a 2xx response to `write`, piece by piece. Raises as `expect`."""
        self._checked(self._send(self._server.request("GET", path), write))

    def _send(
        self,
        request: httpx.Request,
        write: Callable[[bytes], object] | None = None,
        *,
        is_repeatable: bool = True,
    ) -> Response:
        request.extensions = {"timeout": self._timeout}
        while True:
            is_reused, self._may_be_stale = self._may_be_stale, False
            try:
                response = self._answer(request, write)
            except OutputError:
                raise
            except Exception as exc:  # any exception of httpx and the layers below it
                lost = isinstance(exc, httpx.NetworkError | httpx.RemoteProtocolError)
                lost = lost and not isinstance(exc, httpx.ConnectError)
                if is_reused and lost and is_repeatable:
                    continue
                raise self._failure(exc, request) from exc
            self._may_be_stale = True
            return response

    def _checked(self, response: Response) -> Response:
        if 200 <= response.status < 300:
            return response
        raise self.status_error_of(response)

    def status_error_of(self, response: Response) -> APIStatusError:
        """Return the exception for a response with an error status."""
        error = status_error(self._server.where, response.status, response.body)
        error.message = self._server.redacted(error.message)
        return error

    def redacted(self, text: str) -> str:
        """Return `text` without the key and secret headers."""
        return self._server.redacted(text)

    def close(self) -> None:
        """Close the connection."""
        self._transport.close()

    def _answer(
        self,
        request: httpx.Request,
        write: Callable[[bytes], object] | None,
    ) -> Response:
        end = math.inf if write else time.monotonic() + self._response_time
        response = self._transport.handle_request(request)
        with contextlib.closing(response):
            status = response.status_code
            headers = {name.lower(): value for name, value in response.headers.items()}
            if 300 <= status < 400:
                target = headers.get("location") or "elsewhere"
                raise redirect_error(self._server.where, target, status)
            limit = self._max_bytes if status < 300 else MAX_ERROR_BYTES
            take = write if write and status < 300 else None
            decoder = BodyDecoder(headers.get("content-encoding", ""))
            body = bytearray()
            for part in response.iter_raw():
                for piece in decoder.feed(part):
                    if take:
                        take(piece)
                    else:
                        body += piece
                if len(body) > limit or time.monotonic() > end:
                    break
            else:
                return Response(status, headers, bytes(body))
        if status >= 300:
            return Response(status, headers, bytes(body[:limit]))
        if len(body) > limit:
            raise ProtocolError(f"the answer is over {limit >> 20} MB")
        raise self._timeout_error()

    def _failure(self, exc: Exception, request: httpx.Request) -> APIError:
        if isinstance(exc, APIError):
            error = exc
        elif isinstance(exc, httpx.ReadTimeout):
            error = self._timeout_error()
        elif isinstance(exc, ValueError):
            error = ProtocolError(str(exc))  # from the decoder
        else:
            error = translated(exc, request.url)
            if isinstance(error, APIConnectionError):
                error.is_unreachable = isinstance(
                    exc, httpx.ConnectError | httpx.ConnectTimeout | httpx.ProxyError
                )
        error.message = self._server.redacted(error.message)
        return error

    def _timeout_error(self) -> APITimeoutError:
        return APITimeoutError(
            f"timed out: no answer from {self._server.where} for {self._response_time:g} s",
            hint="raise --timeout; an answer may take ten times as long",
        )
