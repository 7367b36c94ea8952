"""Threads that send requests: what they return, and what happens to unexpected exceptions."""

import threading

import pytest

from srchat.api.exchange import Limits
from srchat.api.sender import Sender
from srchat.api.server import Server
from srchat.batch.workers import Workers
from srchat.errors import APIError, ProtocolError
from tests.conftest import Serve
from tests.support.server import completion, json_response
from tests.support.waiting import WAIT_TIMEOUT, wait_until


def test_an_unexpected_exception_is_raised_and_its_thread_goes_on(serve: Serve) -> None:
    url = serve(json_response(completion("hi"))).url
    failures: list[Exception] = [MemoryError("no room"), ValueError("not a URL")]

    def open_sender() -> Sender:
        if failures:
            raise failures.pop(0)
        return Sender(Server(url, None), Limits(silence=5))

    workers = Workers[int](open_sender)
    workers.send(1, b"{}")
    with pytest.raises(MemoryError, match="no room"):
        workers.outcome(WAIT_TIMEOUT)
    for job in (2, 3):
        workers.send(job, b"{}")
        outcome = workers.outcome(WAIT_TIMEOUT)
        assert outcome is not None
        assert outcome.job == job
        if job == 2:
            assert isinstance(outcome.error, ProtocolError)
            assert outcome.error.message == "not a URL"
        else:
            assert outcome.answer is not None
            assert outcome.answer[1].content == "hi"
    workers.close()
    wait_until(lambda: not running_senders(), "the end of the thread")


def running_senders() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "srchat-sender"]


def test_a_thread_that_never_got_a_connection_ends() -> None:
    def open_sender() -> Sender:
        raise APIError("no certificates")

    workers = Workers[int](open_sender)
    workers.send(1, b"{}")
    outcome = workers.outcome(WAIT_TIMEOUT)
    assert outcome is not None
    assert outcome.error is not None
    assert outcome.error.message == "no certificates"
    workers.close()
    wait_until(lambda: not running_senders(), "the end of the thread")
