"""The entry point: quick answers, signals at the start, and packages that cannot be loaded."""

import subprocess
import sys
import time

import pytest

import srchat as package
from tests.conftest import Serve, Srchat
from tests.support.server import HOLD
from tests.support.waiting import WAIT_TIMEOUT


def test_a_signal_at_any_moment_of_the_start_shows_no_traceback(
    srchat: Srchat, serve: Serve
) -> None:
    server = serve(*[[HOLD]] * 14)
    command = srchat.command("ask", "q", "--base-url", server.url)
    for moment in range(2, 30, 2):
        # Without coverage.py, which ignores signals while it starts.
        process = srchat.start_program(command, env=srchat.plain_env)
        time.sleep(moment / 100)
        process.send_signal(2)
        code, _, err = process.wait_for_result()
        # Python's own traceback, before main() is called.
        if err.endswith("KeyboardInterrupt\n") or err.startswith("Fatal Python error: init_"):
            assert "srchat/cli" not in err
        else:
            assert (code, err) in ((130, ""), (130, "srchat: interrupted\n"))


# Sends itself the signal while the first module is loaded.
EARLY = """
import os, sys
from srchat.__main__ import main
class Finder:
    def find_spec(self, name, *_):
        os.kill(os.getpid(), 2)
sys.meta_path.insert(0, Finder())
main()
"""


def test_a_signal_while_the_first_module_is_loaded_shows_no_traceback(srchat: Srchat) -> None:
    done = subprocess.run(
        [sys.executable, "-c", EARLY, "ask", "q"], env=srchat.env, stdin=subprocess.DEVNULL,
        capture_output=True, timeout=WAIT_TIMEOUT, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr) == (-2, b"", b"")


@pytest.mark.parametrize("args", [["--version"], ["--help"], ["-h"], ["help"], []])
def test_version_and_help_do_not_import_typer(args: list[str]) -> None:
    script = (
        "import sys; from srchat.__main__ import main; main(); assert 'typer' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", script, *args], check=True, timeout=WAIT_TIMEOUT)


@pytest.mark.parametrize(
    "args", [["--help"], ["--version"], ["ask", "--help"], ["completion", "bash"]]
)
def test_a_closed_stdout_is_an_error_also_for_help(srchat: Srchat, args: list[str]) -> None:
    done = subprocess.run(
        ["sh", "-c", 'exec "$@" >&-', "sh", *srchat.command(*args)],
        env=srchat.env, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, check=False,
    )  # fmt: skip
    assert done.returncode == 74
    assert b"cannot write the output" in done.stderr


def test_version_is_printed_in_every_way(srchat: Srchat) -> None:
    line = f"srchat {package.__version__}\n".encode()
    assert srchat("--version") == (0, line, "")
    assert srchat("--version", "ask") == (0, line, "")


@pytest.mark.parametrize("debug", ["", "1"])
@pytest.mark.parametrize(
    ("package", "text"),
    [
        ("typer", "import no_such_package"),
        ("typer", "= broken"),
        ("httpx", "import no_such_package"),  # imported on first use
    ],
)
def test_a_broken_installation_is_one_line_and_a_traceback_on_demand(
    srchat: Srchat, package: str, text: str, debug: str
) -> None:
    (srchat.home / f"{package}.py").write_text(text)
    srchat.env |= {"PYTHONPATH": str(srchat.home), "SRCHAT_DEBUG": debug}
    broken = srchat("ask", "-p", "demo", "hi")
    assert (broken.code, broken.out) == (1, b"")
    assert ("Traceback" in broken.err) == bool(debug)
    if not debug:
        assert broken.err.startswith("srchat: error: cannot start: ")
        assert "\nhint: unset PYTHONPATH, which may name another version, or rein" in broken.err
        assert broken.err.count("\n") == 2
