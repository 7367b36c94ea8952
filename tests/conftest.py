"""Fixtures: servers, and srchat as a real process with a home of its own."""

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
from typing import IO, NamedTuple

import pytest
from hypothesis import HealthCheck, settings

from tests.support.fork_server import BASE_ENV, can_fork, fork_server
from tests.support.server import Script, ScriptedServer
from tests.support.waiting import PATIENCE, unread, wait_until

Serve = Callable[..., ScriptedServer]

# With these in its environment, coverage.py measures a process: see [tool.coverage].
MEASURED = {name: value for name, value in os.environ.items() if name.startswith("COVERAGE_")}


def pytest_configure() -> None:
    """Let no signal be ignored, as nohup and a shell's & have it: srchat would keep to it."""
    for signum in (signal.SIGINT, signal.SIGQUIT, signal.SIGHUP):
        if signal.getsignal(signum) == signal.SIG_IGN:
            signal.signal(signum, signal.SIG_DFL)
    at_any_speed()


def pytest_xdist_auto_num_workers() -> int:
    """Return the number of workers: most of a test is waiting for processes and sockets."""
    return (os.cpu_count() or 2) + 1


def at_any_speed() -> None:
    """Let no example of Hypothesis fail because the machine is slow; keep all else as it is."""
    checks = [*settings().suppress_health_check, HealthCheck.too_slow]
    settings.register_profile(
        "at any speed", settings(), deadline=None, suppress_health_check=checks
    )
    settings.load_profile("at any speed")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest: else it keeps one worker when the others have done."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)


class Result(NamedTuple):
    """How a process ended. `code` is what a shell shows: 130 if SIGINT ended it."""

    code: int
    out: bytes
    err: str

    @property
    def text(self) -> str:
        return self.out.decode()

    @property
    def messages(self) -> list[str]:
        """The first lines of errors, warnings and other messages; hints follow them."""
        return [line for line in self.err.splitlines() if line.startswith("srchat: ")]


def as_in_a_shell(returncode: int) -> int:
    """Return the exit code that a shell shows for a process, which a signal may have ended."""
    return returncode if returncode >= 0 else 128 - returncode


class Process(subprocess.Popen[bytes]):
    """A process that runs, its output in pipes; `stdin` is one only if that was asked for."""

    stdin: IO[bytes]
    stdout: BufferedReader
    stderr: BufferedReader

    def ended(self) -> Result:
        """Wait for the end; `out` and `err` are what nobody has read before."""
        out, err = map(_read_ahead, (self.stdout, self.stderr))
        more_out, more_err = self.communicate(timeout=PATIENCE)
        return Result(as_in_a_shell(self.returncode), out + more_out, (err + more_err).decode())


def _read_ahead(pipe: BufferedReader) -> bytes:
    """Return what came together with what was read, and `communicate` would not see."""
    os.set_blocking(pipe.fileno(), False)
    return pipe.read1() or b""


class Srchat:
    """Runs `python -m srchat` in an environment that nothing of the machine leaks into."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.processes: list[Process] = []
        self.env = {
            "HOME": str(home),
            "TMPDIR": str(home),
            **BASE_ENV,
            "SRCHAT_CONFIG": str(home / "config.toml"),
        } | MEASURED

    @property
    def unmeasured_env(self) -> dict[str, str]:
        """The environment of a process that is itself measured by what it loads or takes."""
        return {name: value for name, value in self.env.items() if name not in MEASURED}

    @property
    def history(self) -> Path:
        """Where it keeps conversations."""
        return self.home / ".local" / "share" / "srchat" / "history.db"

    def configure(self, text: str) -> None:
        (self.home / "config.toml").write_text(text, encoding="utf-8")

    def command(self, *args: str) -> list[str]:
        return [sys.executable, "-m", "srchat", *args]

    def put_on_path(self) -> None:
        """Have shells find it as the command `srchat`, as where it is installed."""
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
        timeout: float = PATIENCE,
        **env: str,
    ) -> Result:
        if can_fork(self.env | env):
            ended = fork_server().run(args, self.env | env, str(self.home), stdin or b"", timeout)
            return Result(as_in_a_shell(ended.returncode), ended.out, ended.err.decode())
        done = subprocess.run(
            self.command(*args),
            env=self.env | env,
            input=stdin or b"",
            capture_output=True,
            timeout=timeout,
            cwd=self.home,
            check=False,
        )
        return Result(as_in_a_shell(done.returncode), done.stdout, done.stderr.decode())

    def start(self, *args: str, stdin: int = subprocess.DEVNULL, **env: str) -> Process:
        return self.start_program(self.command(*args), stdin=stdin, env=self.env | env)

    def fed_unready(self, *args: str, parts: Sequence[bytes]) -> Result:
        """Run it on a pipe that somebody made non-blocking, and that is empty between parts."""
        reading, writing = os.pipe()
        os.set_blocking(reading, False)
        process = self.start(*args, stdin=reading)
        os.close(reading)
        for part in parts:
            os.write(writing, part)
            wait_until(lambda: not unread(writing))
            time.sleep(0.1)  # for it to find nothing more
        os.close(writing)
        return process.ended()

    def start_program(
        self,
        command: Sequence[str],
        *,
        stdin: int = subprocess.DEVNULL,
        env: Mapping[str, str] | None = None,
    ) -> Process:
        """Start a program that itself runs srchat; what still runs then ends with the test."""
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

    def end_all(self) -> None:
        """End what a failed test has left, and close its pipes: the next test would be blamed."""
        for process in self.processes:
            process.kill()
            for pipe in (process.stdin, process.stdout, process.stderr):
                if pipe:
                    with suppress(BrokenPipeError):
                        pipe.close()
            process.wait()


@pytest.fixture
def srchat(tmp_path: Path) -> Iterator[Srchat]:
    running = Srchat(tmp_path)
    yield running
    running.end_all()


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Start servers that play the given scripts; they stop with the test."""
    with ExitStack() as stack:

        def start(*scripts: Script) -> ScriptedServer:
            return stack.enter_context(ScriptedServer(scripts))

        yield start


@pytest.fixture
def full_backlog() -> Iterator[str]:
    """A base URL whose port neither takes nor refuses a connection."""
    with ExitStack() as stack:
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        port = listener.getsockname()[1]
        for _ in range(3):  # nobody accepts: the kernel keeps one, and lets the others wait
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            with suppress(BlockingIOError):
                waiting.connect(("127.0.0.1", port))
        yield f"http://127.0.0.1:{port}/v1"
