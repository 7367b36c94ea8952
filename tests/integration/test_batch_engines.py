"""Each available engine gives the same answers to a batch file.

SRCHAT_TEST_VLLM: base URL of a vLLM server. SRCHAT_TEST_BATCHES: base URL of a server with
/v1/batches and the same model. SRCHAT_TEST_RUN_BATCH, SRCHAT_TEST_RAY: commands that take the paths
of requests and results.
"""

import os
import shlex
import subprocess

import pytest

from tests.conftest import Srchat

VLLM = os.environ.get("SRCHAT_TEST_VLLM", "")
BATCHES = os.environ.get("SRCHAT_TEST_BATCHES", "")
COMMANDS = {name: os.environ.get(name, "") for name in ("SRCHAT_TEST_RUN_BATCH", "SRCHAT_TEST_RAY")}
LINES = "hi 1\nunicode 2\ncode 3\nnothing 4\ncafé 😀 5\n".encode()
pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(not VLLM, reason="SRCHAT_TEST_VLLM names no server"),
]


@pytest.fixture
def engine(srchat: Srchat) -> Srchat:
    srchat.env |= {"SRCHAT_API_KEY": "sk-vllm", "SRCHAT_BASE_URL": VLLM}
    return srchat


def made(srchat: Srchat, model: str) -> None:
    made = srchat("batch", "make", "-m", model, "-t", "0", "-o", "in.jsonl", stdin=LINES)
    assert made.code == 0


def answers(srchat: Srchat, path: str) -> bytes:
    read = srchat("batch", "read", path, "--in", "in.jsonl")
    assert read.code == 0, read.err
    return read.out


def run_here(srchat: Srchat) -> bytes:
    made(srchat, "vllm-primary")
    assert srchat("batch", "run", "in.jsonl").code == 0
    return answers(srchat, "in.out.jsonl")


@pytest.mark.parametrize("name", COMMANDS)
def test_another_engine_gives_the_same_answers(engine: Srchat, name: str) -> None:
    if not COMMANDS[name]:
        pytest.skip(f"{name} names no command")
    expected = run_here(engine)
    paths = [str(engine.home / each) for each in ("in.jsonl", "other.jsonl")]
    command = [*shlex.split(COMMANDS[name]), *paths]
    subprocess.run(command, check=True, timeout=500, capture_output=True)
    assert answers(engine, "other.jsonl") == expected


@pytest.mark.skipif(not BATCHES, reason="SRCHAT_TEST_BATCHES names no server")
def test_a_server_runs_the_same_file(engine: Srchat) -> None:
    expected = run_here(engine)
    made(engine, "vllm/vllm-primary")
    server = ("--base-url", BATCHES)
    id_ = engine("batch", "submit", "in.jsonl", *server).text.strip()
    assert engine("batch", "status", id_, "--wait", *server).text.endswith("5 of 5 done\n")
    assert id_ in engine("batch", "status", *server).text
    assert engine("batch", "fetch", id_, "-o", "other.jsonl", *server).code == 0
    assert answers(engine, "other.jsonl") == expected


@pytest.mark.skipif(not BATCHES, reason="SRCHAT_TEST_BATCHES names no server")
def test_a_batch_can_be_cancelled(engine: Srchat) -> None:
    lines = b"hi\n" * 300
    engine("batch", "make", "-m", "vllm/vllm-primary", "-o", "long.jsonl", stdin=lines)
    server = ("--base-url", BATCHES)
    id_ = engine("batch", "submit", "long.jsonl", *server).text.strip()
    assert engine("batch", "cancel", id_, *server).text.startswith(f"{id_}: cancel")
    assert engine("batch", "fetch", id_, "--wait", *server).code == 6


def test_a_server_without_batches_is_reported(engine: Srchat) -> None:
    result = engine("batch", "status")
    assert result.code == 5
    assert "this server has no batches" in result.err
