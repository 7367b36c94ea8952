"""Resource usage of srchat, in counts: times vary on a shared machine."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import Serve, Srchat
from tests.support.answers import long_answer, tokens
from tests.support.costs import Costs, measured_command, read_costs, start_measured
from tests.support.pseudo_terminal import TerminalSession
from tests.support.server import DONE, Pause, Script, chunk, chunked, head
from tests.support.waiting import WAIT_TIMEOUT

TOKENS = 160
PACE = 1 / 80  # seconds


def library_module_count() -> int:
    """Return the number of modules of Typer and httpx, without httpx's command line."""
    script = (
        "import sys; sys.modules['click'] = None; import typer, httpcore, httpx; "
        "print(len(sys.modules))"
    )
    return int(subprocess.check_output([sys.executable, "-c", script], timeout=WAIT_TIMEOUT))


def piped_costs(srchat: Srchat, url: str, *options: str) -> Costs:
    """Return the costs of a question with the answer written to a pipe."""
    args = ["ask", "--no-stdin", "--base-url", url, *options, "hi"]
    process, costs = start_measured(args, env=srchat.plain_env, stdout=subprocess.PIPE)
    process.communicate(timeout=WAIT_TIMEOUT)
    assert process.returncode == 0
    return costs()


def terminal_costs(srchat: Srchat, url: str) -> Costs:
    """Return the costs of a question with the answer rendered on a terminal."""
    path = srchat.home / "costs"
    command = measured_command(path, "ask", "--no-stdin", "--base-url", url, "hi")
    with TerminalSession(command, srchat.plain_env, cwd=str(srchat.home)) as session:
        assert session.wait() == 0
    return read_costs(path)


def answer(count: int, pace: float = 0.0) -> Script:
    """Return the script of an answer of `count` tokens."""
    parts = [chunked(chunk(piece)).removesuffix(chunked()) for piece in pieces(count)]
    steps = [step for part in parts for step in (part, Pause(pace))] if pace else [b"".join(parts)]
    ending = chunked(chunk(finish="stop"), DONE)
    return [head(headers={"Transfer-Encoding": "chunked"}), *steps, ending]


def pieces(count: int) -> list[str]:
    """Return `count` tokens."""
    return tokens(long_answer(8 * count))[:count]


def test_ask_imports_little_more_than_typer_and_httpx(srchat: Srchat, serve: Serve) -> None:
    own = piped_costs(srchat, serve(answer(2)).url).modules - library_module_count()
    assert own < 115  # fewer from Python 3.15 on


def test_the_first_frame_imports_only_what_it_shows(srchat: Srchat, serve: Serve) -> None:
    server = serve(answer(2), answer(2))
    own = terminal_costs(srchat, server.url).modules - piped_costs(srchat, server.url).modules
    assert 0 < own < 145


def test_a_terminal_causes_one_wakeup_per_frame_and_a_pipe_one_per_token(
    srchat: Srchat, serve: Serve
) -> None:
    server = serve(answer(2), answer(TOKENS, PACE))
    start = terminal_costs(srchat, server.url).wakeups
    wakeups = terminal_costs(srchat, server.url).wakeups - start
    assert wakeups < 1.5 * TOKENS  # it was 2 per token before text was collected into frames


def test_a_terminal_gets_one_write_per_frame(srchat: Srchat, serve: Serve) -> None:
    server = serve(answer(2), answer(TOKENS, PACE))
    start = terminal_costs(srchat, server.url).writes
    writes = terminal_costs(srchat, server.url).writes - start
    assert writes < TOKENS / 2  # 12 frames and one write of the history per second


def test_text_that_arrives_together_is_written_together(srchat: Srchat, serve: Serve) -> None:
    server = serve(answer(2), answer(20_000))
    start = piped_costs(srchat, server.url, "--no-save").writes
    writes = piped_costs(srchat, server.url, "--no-save").writes - start
    assert writes < 2_000


@pytest.mark.parametrize("args", [["--version"], ["--help"], ["__complete", "bash", "--", "ask"]])
def test_completion_imports_very_little(srchat: Srchat, args: list[str]) -> None:
    script = "import sys; print(len(sys.modules))"
    bare = int(subprocess.check_output([sys.executable, "-c", script], timeout=WAIT_TIMEOUT))
    process, costs = start_measured(args, env=srchat.plain_env, stdout=subprocess.DEVNULL)
    assert process.wait(WAIT_TIMEOUT) == 0
    assert costs().modules - bare < 25


def test_the_costs_are_measured_in_the_process(tmp_path: Path, srchat: Srchat) -> None:
    path = tmp_path / "costs"
    path.touch()
    assert read_costs(path) == Costs()
    subprocess.run(
        measured_command(path, "--version"),
        env=srchat.plain_env,
        check=True,
        capture_output=True,
    )
    assert read_costs(path).memory > 1


def test_a_long_chat_takes_little_more_memory_than_its_text(srchat: Srchat, serve: Serve) -> None:
    reply = 20_000
    text = chunked(*[chunk("x" * 100)] * (reply // 100), chunk(finish="stop"), DONE)
    server = serve([head(headers={"Transfer-Encoding": "chunked"}), text])

    def memory(turns: int) -> float:
        env = srchat.plain_env | {
            "SRCHAT_DATA": str(srchat.home / str(turns)),
            "SRCHAT_CONTEXT_WINDOW": "32768",  # otherwise each request contains the whole chat
        }
        process, costs = start_measured(
            ["chat", "--base-url", server.url, "-q"], env=env, stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
        )  # fmt: skip
        process.communicate(b"".join(b"prompt %d\n" % n for n in range(turns)), WAIT_TIMEOUT)
        return costs().memory

    few, many = 10, 310
    assert (memory(many) - memory(few)) * 1024**2 < 3 * reply * (many - few)
