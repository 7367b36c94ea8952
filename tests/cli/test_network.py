"""Every scenario of the table, with srchat as a process and a real socket."""

import os
import subprocess
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import IO, NamedTuple

import pytest

from tests.conftest import Srchat
from tests.support.costs import start_measured
from tests.support.fork_server import BASE_ENV, can_fork, fork_server
from tests.support.scenarios import Scenario, all_scenarios
from tests.support.server import ScriptedServer

SCENARIOS = {scenario.name: scenario for scenario in all_scenarios()}
CONCURRENCY = 6  # scenarios at a time; they mostly wait
BASE_MEMORY = 40  # MiB of a process that sends a request
MAX_SECONDS = 60  # a run that hangs never ends


class Outcome(NamedTuple):
    """The result of a scenario."""

    code: int
    out: str
    err: str
    attempts: int
    seconds: float
    memory: float


def played(scenario: Scenario, home: Path) -> Outcome:
    """Play one scenario."""
    srchat = Srchat(home)
    with (
        ScriptedServer(scenario.scripts) as server,
        tempfile.TemporaryFile() as out,
        tempfile.TemporaryFile() as err,
    ):
        args = ["ask", "q", "--base-url", server.url, *scenario.args]
        begin = time.monotonic()
        code, memory = run(args, srchat.plain_env | scenario.env, home, out, err)
        seconds = time.monotonic() - begin
        out.seek(0)
        err.seek(0)
        stdout, stderr = out.read().decode(), err.read().decode()
        return Outcome(code, stdout, stderr, len(server.requests), seconds, memory)


def run(
    args: list[str], env: dict[str, str], home: Path, out: IO[bytes], err: IO[bytes]
) -> tuple[int, float]:
    """Run srchat, and return its exit code and its peak memory in MiB."""
    if not can_fork(env):
        process, costs = start_measured(
            args, env=env, stdin=subprocess.DEVNULL, stdout=out, stderr=err
        )
        return process.wait(), costs().memory
    with Path(os.devnull).open("rb") as null:
        fds = [file.fileno() for file in (null, out, err)]
        pid = fork_server().start(args, env, str(home), fds)
    _, status, usage = os.wait4(pid, 0)
    return os.waitstatus_to_exitcode(status), usage.ru_maxrss / 1024 - preloaded_memory()


@cache
def preloaded_memory() -> float:
    """Return the memory in MiB of modules that a fork has loaded and srchat does not need."""
    with Path(os.devnull).open("r+b") as null:
        pid = fork_server().start(["--version"], BASE_ENV, "/", [null.fileno()] * 3)
    return os.wait4(pid, 0)[2].ru_maxrss / 1024 - BASE_MEMORY


@pytest.fixture(scope="module")
def outcomes(
    tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[dict[str, Future[Outcome]]]:
    """Play the selected scenarios, several at a time."""
    home = tmp_path_factory.mktemp("home")
    wanted = [
        item.callspec.params["name"]
        for item in request.session.items
        if item.path == request.path and hasattr(item, "callspec")
    ]
    with ThreadPoolExecutor(CONCURRENCY) as pool:
        yield {name: pool.submit(played, SCENARIOS[name], home) for name in wanted}


@pytest.mark.parametrize("name", SCENARIOS)
def test_scenario(outcomes: dict[str, Future[Outcome]], name: str) -> None:
    scenario, outcome = SCENARIOS[name], outcomes[name].result()
    assert outcome.code == scenario.code, outcome.err
    assert outcome.out == scenario.out
    assert outcome.attempts == scenario.attempts
    for message in scenario.err:
        assert message in outcome.err
    if scenario.lines is not None:
        assert outcome.err.count("srchat: ") == scenario.lines, outcome.err
    assert "Traceback" not in outcome.err
    assert all(len(line) < 1100 for line in outcome.err.splitlines())
    assert outcome.seconds < MAX_SECONDS
    assert outcome.memory < scenario.memory


def test_the_table_is_large() -> None:
    assert len(SCENARIOS) == len(all_scenarios()) >= 150
