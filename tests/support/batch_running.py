"""A batch that is run: its requests, and the files of its results."""

import json
from pathlib import Path
from typing import Any, cast

from tests.conftest import Result, Srchat


def write_requests(srchat: Srchat, count: int, name: str = "in.jsonl") -> list[str]:
    """Write a batch file, and return its prompts."""
    stdin = "".join(f"{n}\n" for n in range(1, count + 1)).encode()
    assert srchat("batch", "make", "q{line}", "-o", name, stdin=stdin).code == 0
    return [f"q{n}" for n in range(1, count + 1)]


def answers(path: Path) -> list[str]:
    lines = [json.loads(line) for line in path.read_bytes().splitlines()]
    return [line["response"]["body"]["choices"][0]["message"]["content"] for line in lines]


def run(srchat: Srchat, server: Any, *args: str, **env: str) -> Result:
    url = server if isinstance(server, str) else server.url
    return srchat("batch", "run", "in.jsonl", "--base-url", url, *args, **cast("Any", env))


def out(srchat: Srchat) -> Path:
    return srchat.home / "in.out.jsonl"


def errors(srchat: Srchat) -> list[dict[str, Any]]:
    path = srchat.home / "in.out.errors.jsonl"
    return [json.loads(line) for line in path.read_bytes().splitlines()]
