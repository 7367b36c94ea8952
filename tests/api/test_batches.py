"""Batches that run on the server: unreadable responses, and results that cannot be written."""

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing

import pytest

from srchat.api.batches import Batches
from srchat.api.exchange import Limits
from srchat.api.retry import RetryPolicy
from srchat.api.sender import Sender
from srchat.api.server import Server
from srchat.errors import APIStatusError, OutputError, ProtocolError
from tests.conftest import Serve
from tests.support.server import error, json_response

Open = Callable[[str], Batches]


@pytest.fixture
def open_batches() -> Iterator[Open]:
    with ExitStack() as stack:

        def start(url: str) -> Batches:
            sender = stack.enter_context(closing(Sender(Server(url, None), Limits(silence=5))))
            return Batches(sender, RetryPolicy(0), lambda *_: None, lambda _: None)

        yield start


@pytest.mark.parametrize("value", [{}, {"data": None}, {"data": {"id": "batch_1"}}])
def test_a_list_without_batches_is_refused(serve: Serve, open_batches: Open, value: object) -> None:
    with pytest.raises(ProtocolError, match="not a list of batches"):
        open_batches(serve(json_response(value)).url).newest()


@pytest.mark.parametrize(
    ("status", "hint"),
    [
        (404, "use srchat batch run"),
        (400, "if this server has no batches, use srchat batch run"),
        (403, ""),
    ],
)
def test_only_some_statuses_mean_that_there_may_be_no_batches(
    serve: Serve, open_batches: Open, status: int, hint: str
) -> None:
    with pytest.raises(APIStatusError) as caught:
        open_batches(serve(error(status)).url).newest()
    assert caught.value.hint == hint


def test_results_that_cannot_be_written_are_reported(serve: Serve, open_batches: Open) -> None:
    batches = open_batches(serve(json_response({"custom_id": "row-1"})).url)
    fd = os.memfd_create("results", os.MFD_ALLOW_SEALING)
    fcntl.fcntl(fd, fcntl.F_ADD_SEALS, fcntl.F_SEAL_GROW)  # like a full disk
    message = "cannot write the results: Operation not permitted"
    with open(fd, "r+b", buffering=0) as file, pytest.raises(OutputError, match=message):  # noqa: PTH123 - a descriptor
        batches.download("file-1", file)
