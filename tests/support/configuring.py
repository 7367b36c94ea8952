"""Helpers for tests of `srchat config`."""

import textwrap
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.conftest import Result, Srchat
from tests.support.pseudo_terminal import TerminalSession
from tests.support.server import json_response

KEY = "sk-srt-0123456789abcdef"
MODELS = json_response({"object": "list", "data": [{"id": "vllm-primary"}, {"id": "qwen3-4b"}]})


def file_names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def config_file(srchat: Srchat) -> Path:
    return srchat.home / "config.toml"


def read_config(srchat: Srchat) -> dict[str, Any]:
    return tomllib.loads(config_file(srchat).read_text())


def write_script(srchat: Srchat, name: str, text: str) -> str:
    path = srchat.home / name
    path.write_text(f"#!/bin/sh\n{textwrap.dedent(text)}")
    path.chmod(0o755)
    return str(path)


def run_init(srchat: Srchat, *answers: str, words: tuple[str, ...] = ()) -> Result:
    return srchat("config", "init", *words, stdin="".join(f"{a}\n" for a in answers).encode())


def is_asked(question: str, times: int) -> Callable[[TerminalSession], bool]:
    return lambda tty: str(tty.lines).count(question) == times
