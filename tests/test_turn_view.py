"""A turn whose answer cannot be displayed."""

import json
import subprocess
from pathlib import Path

from tests.conftest import Serve, Srchat
from tests.support.server import CLOSE, DONE, Pause, chunk, head
from tests.support.waiting import WAIT_TIMEOUT


def test_a_turn_is_stored_with_the_reason_if_the_output_fails(srchat: Srchat, serve: Serve) -> None:
    url = serve([head(), chunk("one"), Pause(0.2), chunk(" two", "stop"), DONE, CLOSE]).url
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            srchat.command("ask", "q", "--base-url", url), env=srchat.env, stdout=full,
            stderr=subprocess.PIPE, timeout=WAIT_TIMEOUT, check=False,
        )  # fmt: skip
    message = "cannot write the output: No space left on device"
    assert (done.returncode, done.stderr) == (74, f"srchat: error: {message}\n".encode())
    (turn,) = json.loads(srchat("history", "show", "--json").text)["turns"]
    assert (turn["reply"], turn["complete"], turn["reason"]) == ("one", False, message)
