"""Inputs are bounded, and exhausted resources are named."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from srchat.errors import UsageError
from srchat.text_input import read_file, read_stdin
from tests.conftest import Result, Serve, Srchat
from tests.support.server import CLOSE, DONE, answer, chunk, head


def limited(srchat: Srchat, limits: str, *args: str, stdin: bytes = b"") -> Result:
    """Run srchat with limits set by `ulimit`."""
    command = ["bash", "-c", f'{limits}; exec "$@"', "bash", *srchat.command(*args)]
    done = subprocess.run(
        command,
        env=srchat.env,
        input=stdin,
        capture_output=True,
        cwd=srchat.home,
        check=False,
    )
    return Result(done.returncode, done.stdout, done.stderr.decode())


def test_an_endless_file_ends_at_64_mb(srchat: Srchat) -> None:
    result = limited(srchat, "ulimit -v 600000", "ask", "q", "-f", "/dev/zero", "-p", "demo")
    assert result == (2, b"", "srchat: error: /dev/zero is over 64 MB\nhint: split it\n")


def test_endless_standard_input_ends_at_64_mb(srchat: Srchat) -> None:
    command = ["bash", "-c", 'yes | "$@"', "bash", *srchat.command("ask", "q", "-p", "demo")]
    done = subprocess.run(command, env=srchat.env, capture_output=True, check=False)
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr == b"srchat: error: standard input is over 64 MB\nhint: split it\n"


def test_the_limit_itself_is_allowed(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"x" * 100)
    assert len(read_file(str(path), 100).text) == 100
    with pytest.raises(UsageError, match="over 0 MB"):
        read_file(str(path), 99)
    with path.open() as file:
        assert len(read_stdin(file.fileno(), None, 100).text) == 100
    with path.open() as file, pytest.raises(UsageError, match="standard input is over"):
        read_stdin(file.fileno(), None, 99)


def test_files_that_are_too_large_together_are_refused(srchat: Srchat) -> None:
    for name in ("a", "b"):
        (srchat.home / name).write_bytes(b"x" * (40 << 20))
    result = srchat("ask", "q", "-f", "a", "-f", "b", "-p", "demo")
    assert (result.code, result.out) == (2, b"")
    assert "the message is over 64 MB" in result.err


# The limits hold only for srchat; coverage.py needs memory at exit.
LIMITED = """
import atexit, resource, sys
_, maximum = resource.getrlimit(resource.RLIMIT_AS)
resource.setrlimit(resource.RLIMIT_AS, (int(sys.argv.pop(1)) << 20, maximum))
atexit.register(resource.setrlimit, resource.RLIMIT_AS, (maximum, maximum))
from srchat.__main__ import main
main()
"""


def run_script(srchat: Srchat, script: str, *args: str) -> Result:
    """Run a script that runs srchat."""
    done = subprocess.run(
        [sys.executable, "-c", script, *args],
        env=srchat.env, stdin=subprocess.DEVNULL, cwd=srchat.home, capture_output=True, check=False,
    )  # fmt: skip
    return Result(done.returncode, done.stdout, done.stderr.decode())


@pytest.mark.parametrize("megabytes", [150, 250])
def test_an_answer_larger_than_memory_is_kept_in_part(
    srchat: Srchat, serve: Serve, megabytes: int
) -> None:
    piece = chunk("x" * 1_000_000)
    server = serve([head(), *[piece] * 240, chunk(finish="stop"), DONE, CLOSE])
    result = run_script(srchat, LIMITED, str(megabytes), "ask", "q", "--base-url", server.url)
    # Whether all of it can be shown before memory runs out depends on the machine.
    assert result.code in (0, 6), result.err
    assert "out of memory" in result.err
    assert "unexpected" not in result.err
    shown = len(result.out.rstrip(b"\n"))
    assert shown > 10_000_000
    stored = srchat("history", "show", "--json")
    (turn,) = json.loads(stored.text)["turns"]
    assert 0 < len(turn["reply"]) <= shown
    assert not turn["complete"]


def test_a_failure_to_start_a_thread_is_reported(srchat: Srchat, serve: Serve) -> None:
    server = serve(answer("x"))
    # A thread gets a stack of the size of `ulimit -s`, which is too large here.
    limits = "ulimit -s 8000000; ulimit -v 4000000"
    result = limited(srchat, limits, "ask", "q", "--base-url", server.url)
    assert (result.code, result.out) == (1, b"")
    assert result.err.startswith("srchat: error: cannot start a thread\nhint: ")


# As much memory as now, and 40 MB.
LITTLE_MEMORY = """
import atexit, resource
from pathlib import Path
import srchat.cli.ask, srchat.text_input
pages = int(Path("/proc/self/statm").read_text().split()[0])
_, maximum = resource.getrlimit(resource.RLIMIT_AS)
resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + (40 << 20), maximum))
atexit.register(resource.setrlimit, resource.RLIMIT_AS, (maximum, maximum))
from srchat.__main__ import main
main()
"""


def test_a_file_larger_than_memory_is_reported(srchat: Srchat) -> None:
    (srchat.home / "file").write_bytes(b"x" * (60 << 20))
    result = run_script(srchat, LITTLE_MEMORY, "ask", "q", "-f", "file", "-p", "demo")
    assert result == (1, b"", "srchat: error: out of memory\n")
