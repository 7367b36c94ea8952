"""`srchat batch run`: each request once, through failures and restarts."""

import os
import random
import re
import signal
import subprocess
import sys
import threading
import time
from functools import partial

import pytest
import trustme

from tests.conftest import Limited, Process, Srchat
from tests.support.batch_running import answers, errors, out, run, write_requests
from tests.support.batch_server import BatchServer
from tests.support.costs import start_measured
from tests.support.pseudo_terminal import TerminalSession
from tests.support.server import HOLD, completion, error, json_response
from tests.support.tls_server import TLSServer
from tests.support.waiting import WAIT_TIMEOUT, wait_until


def test_every_request_is_sent_once_and_answered(srchat: Srchat, limited: Limited) -> None:
    server = limited()
    asked = write_requests(srchat, 100)
    result = run(srchat, server)
    assert (result.code, result.out) == (0, b"")
    assert result.err == "srchat: 100 of 100 done: in.out.jsonl\n"
    assert sorted(answers(out(srchat))) == sorted(f"answer to {prompt}" for prompt in asked)
    assert server.request_counts == dict.fromkeys(asked, 1)
    assert out(srchat).stat().st_mode & 0o777 == 0o600
    request = server.requests[0]
    assert request.json == {
        "model": "vllm-primary",
        "messages": [{"role": "user", "content": request.json["messages"][0]["content"]}],
    }


def test_repeating_a_finished_run_sends_nothing(srchat: Srchat, limited: Limited) -> None:
    server = limited()
    write_requests(srchat, 5)
    run(srchat, server)
    before = out(srchat).read_bytes()
    result = run(srchat, server)
    assert result.code == 0
    assert "continuing after 5 answers in in.out.jsonl" in result.err
    assert (len(server.requests), out(srchat).read_bytes()) == (5, before)


def test_changed_requests_are_sent_again_and_reported(srchat: Srchat, limited: Limited) -> None:
    server = limited()
    write_requests(srchat, 3)
    run(srchat, server)
    text = (srchat.home / "in.jsonl").read_text()
    (srchat.home / "in.jsonl").write_text(text.replace("q2", "changed"))
    result = run(srchat, server)
    assert "sending 1 request again" in result.err
    assert sorted(answers(out(srchat))) == ["answer to changed", "answer to q1", "answer to q3"]


def test_failures_are_in_a_separate_file_and_retried(srchat: Srchat, limited: Limited) -> None:
    server = limited()
    write_requests(srchat, 4)
    server.scripts["q2"] = [error(400, "too hot", code="hot"), error(400, "still too hot")]
    result = run(srchat, server)
    assert result.code == 6
    assert "1 of 4 requests failed: see in.out.errors.jsonl" in result.err
    (failed,) = errors(srchat)
    assert failed["custom_id"] == "row-000002"
    assert failed["response"]["status_code"] == 400
    assert failed["error"] == {
        "code": "hot",
        "message": f"127.0.0.1:{server.port} returned 400: too hot",
    }
    assert run(srchat, server, "--only-new").code == 6
    assert server.request_counts["q2"] == 1
    assert run(srchat, server).code == 6
    assert "still too hot" in errors(srchat)[0]["error"]["message"]
    assert run(srchat, server).code == 0
    assert not (srchat.home / "in.out.errors.jsonl").exists()
    assert server.request_counts == {"q1": 1, "q2": 3, "q3": 1, "q4": 1}


def test_a_missing_key_is_reported_before_any_request(srchat: Srchat) -> None:
    write_requests(srchat, 1)
    result = srchat("batch", "run", "in.jsonl")
    assert result.code == 4
    assert "no API key" in result.err
    assert not out(srchat).exists()


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("run", "none.jsonl"), "cannot read none.jsonl"),
        (("run", "/proc/self/mem"), "cannot read /proc/self/mem: Input/output error"),
        (("run", "-"), "requests from stdin need a file for the results"),
        (("run", "in.jsonl", "-o", "-"), "the results need a file"),
        (("run", "in.jsonl", "-o", "in.jsonl"), "is the file of the requests"),
        (("run", "in.jsonl", "-o", "/dev/null"), "not a regular file"),
        (("run", "in.jsonl", "-j", "0"), "0 is not in the range"),
        (("run", "in.jsonl", "--rpm", "0"), "is not in the range"),
    ],
)
def test_a_wrong_command_line_sends_nothing(
    srchat: Srchat, args: tuple[str, ...], message: str
) -> None:
    write_requests(srchat, 1)
    result = srchat("batch", *args, "-p", "demo")
    assert (result.code, result.out) == (2, b"")
    assert message in result.err


def test_a_second_run_on_the_same_results_is_refused(srchat: Srchat, limited: Limited) -> None:
    server = limited()
    write_requests(srchat, 2)
    server.scripts["q1"] = [[HOLD]]
    first = srchat.start("batch", "run", "in.jsonl", "--base-url", server.url)
    assert server.first_request.wait(WAIT_TIMEOUT)
    second = run(srchat, server)
    assert (second.code, second.messages) == (
        2,
        ["srchat: error: in.out.jsonl is in use: another run writes to it"],
    )
    first.send_signal(signal.SIGKILL)
    first.wait_for_result()


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_the_run_and_keeps_the_answers(
    srchat: Srchat, limited: Limited, signum: signal.Signals
) -> None:
    server = limited(latency=0.05)
    write_requests(srchat, 400)
    process = srchat.start("batch", "run", "in.jsonl", "--base-url", server.url)
    wait_until(lambda: len(server.requests) > 20)
    process.send_signal(signum)
    result = process.wait_for_result()
    assert result.code == 128 + signum
    kept = len(answers(out(srchat)))
    assert f"{kept} of 400 done; run the same command to continue" in result.err
    assert kept >= 16
    sent = len(server.requests)
    assert run(srchat, server).code == 0
    assert len(set(answers(out(srchat)))) == len(answers(out(srchat))) == 400
    assert len(server.requests) == sent + 400 - kept


def test_a_file_that_changes_during_the_run_ends_it(srchat: Srchat, limited: Limited) -> None:
    server = limited()
    write_requests(srchat, 1000)
    gate = threading.Event()
    for n in range(1, 1001):
        server.scripts[f"q{n}"] = [[gate, *json_response(completion("x"))]]
    process = srchat.start("batch", "run", "in.jsonl", "--base-url", server.url)
    assert server.first_request.wait(WAIT_TIMEOUT)
    path = srchat.home / "in.jsonl"
    changed = path.read_bytes().replace(b'"q', b'"Q')
    with path.open("r+b") as file:  # the same file, not a new one of that name
        file.write(changed)
    gate.set()
    result = process.wait_for_result()
    assert result.code == 2
    kept = len(answers(out(srchat)))
    assert 0 < kept < 1000
    assert result.err == (
        "srchat: error: the batch file has changed during the run\n"
        "hint: run the same command to continue\n"
    )


def test_results_of_other_requests_are_kept_and_reported(srchat: Srchat, limited: Limited) -> None:
    server = limited()
    write_requests(srchat, 3)
    run(srchat, server)
    write_requests(srchat, 1)
    result = run(srchat, server)
    assert result.code == 0
    assert "in.out.jsonl has 2 results of requests that are not in this file" in result.messages[1]
    assert (len(server.requests), len(answers(out(srchat)))) == (3, 3)


NO_THREADS = """
import resource, threading
threading.stack_size(1 << 30)
resource.setrlimit(resource.RLIMIT_AS, (int({gigabytes} * (1 << 30)),) * 2)
from srchat.__main__ import main
main()
"""


@pytest.mark.parametrize(("gigabytes", "code"), [(0.5, 1), (1.75, 0)])
def test_only_the_first_thread_is_needed(
    srchat: Srchat, limited: Limited, gigabytes: float, code: int
) -> None:
    server = limited()
    write_requests(srchat, 8)
    done = subprocess.run(
        [sys.executable, "-c", NO_THREADS.format(gigabytes=gigabytes), "batch", "run", "in.jsonl"],
        env=srchat.env | {"SRCHAT_BASE_URL": server.url}, cwd=srchat.home, capture_output=True,
        timeout=WAIT_TIMEOUT, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (code, b""), done.stderr
    if code:
        assert done.stderr.startswith(b"srchat: error: cannot start a thread\nhint: ")
    else:
        assert server.connections == 1
        assert len(answers(out(srchat))) == 8


def killed_and_resumed(srchat: Srchat, server: BatchServer, lines: int, kills: int) -> None:
    """Kill runs at random moments, then complete one. Check that each answer is written once."""
    asked = write_requests(srchat, lines)
    rng = random.Random(7)
    killed = 0

    def has_begun(before: int, process: Process) -> bool:
        return len(server.requests) > before or process.poll() is not None

    while killed < kills:
        process = srchat.start("batch", "run", "in.jsonl", "--base-url", server.url, "-j", "16")
        wait_until(partial(has_begun, len(server.requests), process))
        time.sleep(rng.uniform(0, 0.1))
        if process.poll() is not None:
            break
        process.kill()
        process.wait_for_result()
        killed += 1
    assert run(srchat, server, "-j", "16").code == 0
    assert sorted(answers(out(srchat))) == sorted(f"answer to {prompt}" for prompt in asked)
    assert len(server.requests) <= lines + killed * 16
    assert killed > kills / 2


def test_nothing_is_lost_or_doubled_by_kills(srchat: Srchat, limited: Limited) -> None:
    killed_and_resumed(srchat, limited(latency=0.02), lines=300, kills=4)


@pytest.mark.slow
def test_nothing_is_lost_or_doubled_by_fifty_kills(srchat: Srchat, limited: Limited) -> None:
    killed_and_resumed(srchat, limited(latency=0.05), lines=2000, kills=50)


def test_a_restarted_server_loses_no_request(srchat: Srchat) -> None:
    asked = write_requests(srchat, 300)
    with BatchServer(latency=0.02) as first:
        port = first.port
        process = srchat.start("batch", "run", "in.jsonl", "--base-url", first.url)
        wait_until(lambda: len(first.requests) > 60)
    time.sleep(0.5)  # the server is not running
    with BatchServer(port=port):
        result = process.wait_for_result()
    assert result.code == 0, result.err
    assert sorted(answers(out(srchat))) == sorted(f"answer to {prompt}" for prompt in asked)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a disk")
def test_a_full_disk_leaves_complete_lines_and_the_run_can_be_resumed(
    srchat: Srchat, limited: Limited
) -> None:
    disk = srchat.home / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "none", str(disk)]
    if subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("no file system can be mounted here")
    try:
        server = limited()
        asked = write_requests(srchat, 400)
        result = run(srchat, server, "-o", "disk/out.jsonl")
        assert result.code == 74
        assert "cannot write" in result.err
        assert "No space left on device" in result.err
        path = disk / "out.jsonl"
        kept = answers(path)
        assert 50 < len(kept) == len(set(kept)) < 400
        assert f"{len(kept)} of 400 done; run the same command to continue" in result.err
        subprocess.run(["mount", "-o", "remount,size=4m", str(disk)], check=True)
        assert run(srchat, server, "-o", "disk/out.jsonl").code == 0
        assert sorted(answers(path)) == sorted(f"answer to {prompt}" for prompt in asked)
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def test_a_bar_on_a_terminal_leaves_no_trace(srchat: Srchat, limited: Limited) -> None:
    server = limited(latency=0.1)
    write_requests(srchat, 30)
    command = srchat.command("batch", "run", "in.jsonl", "--base-url", server.url)
    with TerminalSession(command, srchat.env, cwd=str(srchat.home)) as session:
        session.wait_for_text(" at once, ")
        # The first frame may come after one line or after many: the bar may still be empty.
        assert re.search(r"[━─]{20} \d+ of 30 done, .*/s, \d+ at once, ", "".join(session.lines))
        assert session.wait() == 0
        assert session.lines == ["srchat: 30 of 30 done: in.out.jsonl"]


def test_verbose_logs_each_request_but_never_the_key(srchat: Srchat, limited: Limited) -> None:
    server = limited()
    write_requests(srchat, 2)
    result = run(srchat, server, "-v", SRCHAT_API_KEY="sk-0123456789abcdef")
    assert "> row-000001" in result.err
    assert "< row-000002: 200" in result.err
    assert "0123456789" not in result.err
    assert server.requests[0].headers["authorization"] == "Bearer sk-0123456789abcdef"


def test_the_key_in_an_error_is_not_written_to_the_file(srchat: Srchat, limited: Limited) -> None:
    key = "sk-0123456789abcdef"
    server = limited()
    write_requests(srchat, 2)
    server.scripts["q1"] = [error(400, f"bad key {key}")]
    server.scripts["q2"] = [json_response({"error": {"message": f"bad key {key}"}})]
    assert run(srchat, server, SRCHAT_API_KEY=key).code == 6
    assert [failed["error"]["message"].count("bad key") for failed in errors(srchat)] == [1, 1]
    assert key not in (srchat.home / "in.out.errors.jsonl").read_text()


def test_an_untrusted_certificate_ends_the_run_at_once(srchat: Srchat) -> None:
    write_requests(srchat, 3)
    with TLSServer([error(500)], trustme.CA()) as server:
        result = run(srchat, server.url)
    assert result.code == 8
    assert "certificate" in result.err
    assert "waiting" not in result.err


@pytest.mark.slow
def test_memory_is_flat(srchat: Srchat) -> None:
    """100,000 requests to the demo server inside the process."""
    write_requests(srchat, 100_000)
    process, costs = start_measured(
        ["batch", "run", "in.jsonl", "-p", "demo", "-q"],
        cwd=srchat.home,
        env=srchat.plain_env,
    )
    assert process.wait(WAIT_TIMEOUT * 10) == 0
    assert costs().memory < 150
