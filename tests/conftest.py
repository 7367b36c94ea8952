"""Fixtures: servers, and srchat as a real process in a temporary home directory."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, suppress
from io import BufferedReader
from pathlib import Path
from typing import IO, Any, NamedTuple

import pytest
from hypothesis import HealthCheck, settings

from tests.support.batch_server import BatchServer
from tests.support.fork_server import BASE_ENV, can_fork, fork_server
from tests.support.server import Script, ScriptedServer
from tests.support.waiting import WAIT_TIMEOUT, unread, wait_until

Serve = Callable[..., ScriptedServer]
Limited = Callable[..., BatchServer]

# coverage.py measures processes that have these variables: see [tool.coverage].
COVERAGE_ENV = {name: value for name, value in os.environ.items() if name.startswith("COVERAGE_")}


def pytest_configure() -> None:
    """Restore signals ignored by nohup or by a shell's `&`: srchat would inherit that."""
    for signum in (signal.SIGINT, signal.SIGQUIT, signal.SIGHUP):
        if signal.getsignal(signum) == signal.SIG_IGN:
            signal.signal(signum, signal.SIG_DFL)
    disable_deadlines()


def pytest_xdist_auto_num_workers() -> int:
    """Use twice as many workers as CPUs: tests mostly wait for processes and sockets."""
    return 2 * (os.cpu_count() or 2) + 1


def disable_deadlines() -> None:
    """Disable the time limits of Hypothesis, because the machine may be slow."""
    checks = [*settings().suppress_health_check, HealthCheck.too_slow]
    settings.register_profile(
        "no deadline", settings(), deadline=None, suppress_health_check=checks
    )
    settings.load_profile("no deadline")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run slow tests first, so that no worker is still busy when the others are done."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)


class Result(NamedTuple):
    """The result of a process. `code` is the exit code in a shell: 130 after SIGINT."""

    code: int
    out: bytes
    err: str

    @property
    def text(self) -> str:
        return self.out.decode()

    @property
    def messages(self) -> list[str]:
        """The first line of each message, without hints."""
        return [line for line in self.err.splitlines() if line.startswith("srchat: ")]


def shell_exit_code(returncode: int) -> int:
    """Return the exit code as a shell shows it: 128 + N after signal N."""
    return returncode if returncode >= 0 else 128 - returncode


class Process(subprocess.Popen[bytes]):
    """A running process with pipes for its output. `stdin` is a pipe only if requested."""

    stdin: IO[bytes]
    stdout: BufferedReader
    stderr: BufferedReader

    def wait_for_result(self) -> Result:
        """Wait for the process to exit, and return the output that has not been read yet."""
        out, err = map(_read_buffered, (self.stdout, self.stderr))
        more_out, more_err = self.communicate(timeout=WAIT_TIMEOUT)
        return Result(shell_exit_code(self.returncode), out + more_out, (err + more_err).decode())


def _read_buffered(pipe: BufferedReader) -> bytes:
    """Return data in the reader's buffer, which `communicate` would lose."""
    os.set_blocking(pipe.fileno(), False)
    return pipe.read1() or b""


class Srchat:
    """Runs `python -m srchat` in a minimal environment, independent of the machine's."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.processes: list[Process] = []
        self.env = {
            "HOME": str(home),
            "TMPDIR": str(home),
            **BASE_ENV,
            "SRCHAT_CONFIG": str(home / "config.toml"),
        } | COVERAGE_ENV

    @property
    def plain_env(self) -> dict[str, str]:
        """The environment for processes whose imports, time or memory are measured."""
        return {name: value for name, value in self.env.items() if name not in COVERAGE_ENV}

    @property
    def history(self) -> Path:
        """The path of the conversation database."""
        return self.home / ".local" / "share" / "srchat" / "history.db"

    def configure(self, text: str) -> None:
        (self.home / "config.toml").write_text(text, encoding="utf-8")

    def command(self, *args: str) -> list[str]:
        return [sys.executable, "-m", "srchat", *args]

    def put_on_path(self) -> None:
        """Put a command `srchat` on the PATH, as an installation does."""
        program = self.home / "bin/srchat"
        program.parent.mkdir()
        root = Path(__file__).parent.parent
        program.write_text(
            f'#!/bin/sh\nPYTHONPATH="{root}" exec "{sys.executable}" -m srchat "$@"\n'
        )
        program.chmod(0o755)
        self.env["PATH"] = f"{program.parent}:{self.env['PATH']}"

    def __call__(
        self,
        *args: str,
        stdin: bytes | None = None,
        timeout: float = WAIT_TIMEOUT,
        **env: str,
    ) -> Result:
        if can_fork(self.env | env):
            result = fork_server().run(args, self.env | env, str(self.home), stdin or b"", timeout)
            return Result(shell_exit_code(result.returncode), result.out, result.err.decode())
        process = subprocess.run(
            self.command(*args),
            env=self.env | env,
            input=stdin or b"",
            capture_output=True,
            timeout=timeout,
            cwd=self.home,
            check=False,
        )
        return Result(shell_exit_code(process.returncode), process.stdout, process.stderr.decode())

    def start(self, *args: str, stdin: int = subprocess.DEVNULL, **env: str) -> Process:
        return self.start_program(self.command(*args), stdin=stdin, env=self.env | env)

    def run_nonblocking(self, *args: str, parts: Sequence[bytes]) -> Result:
        """Run srchat with a non-blocking pipe as stdin, which is empty between `parts`."""
        reading, writing = os.pipe()
        os.set_blocking(reading, False)
        process = self.start(*args, stdin=reading)
        os.close(reading)
        for part in parts:
            os.write(writing, part)
            wait_until(lambda: not unread(writing))
            time.sleep(0.1)  # srchat finds the pipe empty
        os.close(writing)
        return process.wait_for_result()

    def start_program(
        self,
        command: Sequence[str],
        *,
        stdin: int = subprocess.DEVNULL,
        env: Mapping[str, str] | None = None,
    ) -> Process:
        """Start a program, usually one that runs srchat. It is killed at the end of the test."""
        process = Process(
            command,
            env=env or self.env,
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=self.home,
        )
        self.processes.append(process)
        return process

    def kill_all(self) -> None:
        """Kill processes that a failed test left behind, so that they do not affect other tests."""
        for process in self.processes:
            process.kill()
            for pipe in (process.stdin, process.stdout, process.stderr):
                if pipe:
                    with suppress(BrokenPipeError):
                        pipe.close()
            process.wait()


@pytest.fixture
def srchat(tmp_path: Path) -> Iterator[Srchat]:
    program = Srchat(tmp_path)
    yield program
    program.kill_all()


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Start servers that play the given scripts. They stop at the end of the test."""
    with ExitStack() as stack:

        def start(*scripts: Script) -> ScriptedServer:
            return stack.enter_context(ScriptedServer(scripts))

        yield start


@pytest.fixture
def limited() -> Iterator[Limited]:
    """Start servers that limit requests. They stop at the end of the test."""
    with ExitStack() as stack:

        def start(**limits: Any) -> BatchServer:
            return stack.enter_context(BatchServer(**limits))

        yield start


@pytest.fixture
def full_backlog() -> Iterator[str]:
    """A base URL whose port neither accepts nor refuses connections."""
    with ExitStack() as stack:
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        port = listener.getsockname()[1]
        for _ in range(3):  # fills the backlog, so later connections wait
            client = stack.enter_context(socket.socket())
            client.setblocking(False)
            with suppress(BlockingIOError):
                client.connect(("127.0.0.1", port))
        yield f"http://127.0.0.1:{port}/v1"
