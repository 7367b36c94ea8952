"""The inbox that the main thread waits on, and the reader thread that fills it."""

import os
import signal
import subprocess
import sys
import threading
import time

import httpx  # noqa: TID251 - for a fake transport
import pytest

from srchat.api.client import ChatClient
from srchat.api.exchange import Limits
from srchat.api.models import ChatCompletionChunk
from srchat.api.reader import Connected, End, Inbox, ReadFailed
from srchat.api.server import Server
from srchat.errors import APIConnectionError, APITimeoutError, Interrupted
from tests.conftest import Serve
from tests.support.asking import HELLO, NO_RETRIES, collect
from tests.support.server import CLOSE, DONE, HOLD, Pause, chunk, head
from tests.support.waiting import WAIT_TIMEOUT

ME, OTHER = object(), object()


def test_items_are_returned_in_order() -> None:
    inbox = Inbox()
    for item in (Connected(), b"a", End()):
        inbox.post(ME, item)
    assert [inbox.get(ME, 1) for _ in range(3)] == [Connected(), b"a", End()]


def test_queued_bytes_are_joined() -> None:
    inbox = Inbox()
    for item in (b"a", b"b", b"c", End(), b"d"):
        inbox.post(ME, item)
    assert [inbox.get(ME, 1) for _ in range(3)] == [b"abc", End(), b"d"]


def test_joined_bytes_are_bounded() -> None:
    inbox = Inbox()
    for _ in range(20):
        inbox.post(ME, bytes(100_000))
    first = inbox.get(ME, 1)
    assert isinstance(first, bytes)
    assert 100_000 < len(first) < 500_000


def test_items_of_an_earlier_reader_are_dropped() -> None:
    inbox = Inbox()
    for source, item in ((OTHER, b"x"), (ME, b"a"), (OTHER, b"y"), (OTHER, End()), (ME, b"b")):
        inbox.post(source, item)
    assert inbox.get(ME, 1) == b"a"
    assert inbox.get(ME, 1) == b"b"
    assert inbox.get(ME, 0.01) is None


@pytest.mark.parametrize("timeout", [0.05, 0.0, -1.0])
def test_an_empty_inbox_gives_none_after_the_timeout(timeout: float) -> None:
    assert Inbox().get(ME, timeout) is None


def test_an_item_within_the_timeout_is_returned() -> None:
    inbox = Inbox()
    threading.Timer(0.1, inbox.post, [ME, b"a"]).start()
    assert inbox.get(ME, 30) == b"a"


def test_an_interrupt_overtakes_queued_items() -> None:
    inbox = Inbox()
    inbox.post(ME, b"a")
    inbox.interrupt(signal.SIGTERM)
    with pytest.raises(Interrupted, match="terminated"):
        inbox.get(ME, 1)
    with pytest.raises(Interrupted):
        inbox.get(ME, 1)


def test_an_interrupt_wakes_the_waiting_thread() -> None:
    inbox = Inbox()
    threading.Timer(0.1, inbox.interrupt, [2]).start()
    begun = time.monotonic()
    with pytest.raises(Interrupted):
        inbox.get(ME, 30)
    assert time.monotonic() - begun < 20  # did not wait for the timeout


@pytest.mark.parametrize("item", [End(), ReadFailed(APIConnectionError("lost"))])
def test_bytes_are_collected_until_the_next_frame_or_the_end(item: End | ReadFailed) -> None:
    inbox = Inbox(frame_time=WAIT_TIMEOUT)
    inbox.post(ME, b"a")
    assert inbox.get(ME, 1) == b"a"
    inbox.post(ME, b"b")

    def post_more() -> None:
        inbox.post(ME, b"c")
        inbox.post(ME, item)

    threading.Timer(0.2, post_more).start()
    begun = time.monotonic()
    assert [inbox.get(ME, 1), inbox.get(ME, 1)] == [b"bc", item]
    assert time.monotonic() - begun < WAIT_TIMEOUT / 2  # did not wait for the frame


def test_a_full_inbox_does_not_wait_for_the_next_frame() -> None:
    inbox = Inbox(frame_time=WAIT_TIMEOUT)
    inbox.post(ME, b"a")
    assert inbox.get(ME, 1) == b"a"
    begun = time.monotonic()
    while inbox.has_room():
        inbox.post(ME, b"b")
    threading.Timer(0.1, inbox.hurry).start()
    assert inbox.get(ME, 1)
    assert time.monotonic() - begun < WAIT_TIMEOUT / 2  # as above


def test_an_interrupt_ends_the_wait_for_a_frame() -> None:
    inbox = Inbox(frame_time=WAIT_TIMEOUT)
    inbox.post(ME, b"a")
    assert inbox.get(ME, 1) == b"a"
    threading.Timer(0.1, inbox.interrupt, [2]).start()
    begun = time.monotonic()
    with pytest.raises(Interrupted):
        inbox.get(ME, WAIT_TIMEOUT)
    assert time.monotonic() - begun < WAIT_TIMEOUT / 2  # as above


def test_an_interrupt_while_bytes_are_joined_is_not_lost() -> None:
    inbox = Inbox()
    inbox.post(ME, b"a")
    inbox.post(None, End())  # what interrupt() posts, seen before its number
    inbox.post(ME, b"b")
    assert inbox.get(ME, 1) == b"a"
    assert inbox.get(ME, 1) == b"b"
    inbox.interrupt(2)
    with pytest.raises(Interrupted):
        inbox.get(ME, 1)


def test_an_inbox_has_room_for_fewer_large_parts() -> None:
    inbox = Inbox()
    for _ in range(100):
        assert inbox.has_room(200_000) is (inbox._queue.qsize() <= 41)
        inbox.post(ME, b"a")
    assert inbox.has_room()
    inbox = Inbox()
    assert inbox.has_room(1 << 30)
    inbox.post(ME, b"a")
    assert not inbox.has_room(1 << 30)


def test_a_full_inbox_has_no_room() -> None:
    inbox = Inbox()
    assert inbox.has_room()
    for _ in range(600):
        inbox.post(ME, b"a")
    assert not inbox.has_room()
    inbox.get(ME, 1)
    assert inbox.has_room()


URL = httpx.URL("https://chat.test:8443/v1/chat/completions")
WHERE = "chat.test:8443"


def test_a_failed_read_has_the_error() -> None:
    error = APIConnectionError("gone")
    inbox = Inbox()
    inbox.post(ME, ReadFailed(error))
    assert inbox.get(ME, 1) == ReadFailed(error)


class Transport(httpx.BaseTransport):
    """Counts requests. Each fails at once, or when `release` is set."""

    def __init__(self, release: threading.Event | None = None) -> None:
        self.requests = 0
        self.release = release

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.requests += 1
        if self.release:
            self.release.wait(30)
        raise httpx.ConnectError("connection refused")


def test_a_failure_to_connect_is_not_a_stale_connection() -> None:
    transport = Transport()
    with ChatClient(Server(str(URL), None, transport=transport), retry=NO_RETRIES) as client:
        got = collect(client.stream(HELLO))
    assert got.message == f"cannot connect to {WHERE}: connection refused"
    assert transport.requests == 1


def test_an_endless_name_lookup_times_out() -> None:
    release = threading.Event()
    limits = Limits(connect=0.3, silence=30)
    with ChatClient(
        Server(str(URL), None, transport=Transport(release)), limits=limits, retry=NO_RETRIES
    ) as client:
        got = collect(client.stream(HELLO))
        release.set()
    assert isinstance(got.error, APITimeoutError)
    assert got.message == f"cannot connect to {WHERE}: timed out after 0.3 s"


# Stops itself (SIGSTOP) while it waits for the answer, and reports when it waits again.
ASKER = """
import os, signal, sys
from srchat.api.client import ChatClient
from srchat.api.server import Server
from srchat.api.exchange import Limits
from srchat.api.models import ChatCompletionChunk
from tests.support.asking import HELLO, NO_RETRIES, collect
events = []
def seen(event):
    events.append(type(event).__name__)
    if events[-3:] == ["ResponseHead", "NoneType", "NoneType"]:
        os.kill(os.getpid(), signal.SIGSTOP)
    if events[-4:] == ["ResponseHead", "NoneType", "NoneType", "NoneType"]:
        print("waits again", flush=True)
with ChatClient(Server(sys.argv[1], None), limits=Limits(silence=2), retry=NO_RETRIES) as client:
    print(collect(client.stream(HELLO), seen).text, flush=True)
"""


def test_a_stopped_process_does_not_time_out(serve: Serve) -> None:
    gone_on = threading.Event()
    server = serve([head(), gone_on, chunk("Hello"), DONE, CLOSE])
    with subprocess.Popen(
        [sys.executable, "-c", ASKER, server.url], stdout=subprocess.PIPE
    ) as process:
        os.waitid(os.P_PID, process.pid, os.WSTOPPED | os.WNOWAIT)
        time.sleep(2.2)  # longer than the silence that is allowed
        process.send_signal(signal.SIGCONT)
        assert process.stdout
        assert process.stdout.readline() == b"waits again\n"
        gone_on.set()
        assert process.stdout.read() == b"Hello\n"


def test_the_first_text_is_shown_without_waiting_for_a_frame(serve: Serve) -> None:
    server = serve([head(), chunk(""), Pause(0.1), chunk("Hello"), HOLD])
    begun = time.monotonic()
    with ChatClient(Server(server.url, None), frame_time=WAIT_TIMEOUT) as client:
        for event in client.stream(HELLO):
            if isinstance(event, ChatCompletionChunk) and event.content:
                break
    assert time.monotonic() - begun < WAIT_TIMEOUT / 2  # as above
