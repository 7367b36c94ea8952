"""Completion in real shells: bash and zsh on a pseudo-terminal, fish with `complete -C`."""

import re
import shlex
import shutil
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import pexpect
import pytest

from tests.support.waiting import WAIT_TIMEOUT

ROOT: Final = Path(__file__).parents[2]
_INSERT_ALL: Final = "\x1b*"  # readline: put all completions on the line
_LIST: Final = {"bash": "\x1b?", "zsh": "\x04"}
_TO_BEGINNING: Final = "\x01"
_KILL_LINE: Final = "\x15"
# The markers are split, so that they do not match the echo of the typed command.
_PRINT_ARGS: Final = "PS1='RE''ADY> '; args() { printf '<%s>\\n' \"$@\"; echo EN''D; }"
_COMPINIT: Final = "autoload -Uz compinit; compinit -u -D"
_SETUPS: Final = {
    "bash": (
        ["--norc", "--noprofile", "-i"],
        f"bind 'set enable-bracketed-paste off'; . {ROOT}/completions/srchat.bash",
    ),
    "zsh": (
        ["-f", "-i"],
        f"unset zle_bracketed_paste; bindkey -e; fpath=({ROOT}/completions $fpath); " + _COMPINIT,
    ),
}


class TypedShell:
    """An interactive bash or zsh."""

    def __init__(self, name: str, home: Path, env: dict[str, str]) -> None:
        arguments, setup = _SETUPS[name]
        self._list = _LIST[name]
        self._child = pexpect.spawn(
            name, arguments, env=env, cwd=str(home), encoding="utf-8", timeout=WAIT_TIMEOUT,
            dimensions=(60, 200),
        )  # fmt: skip
        self.run(f"{setup}; {_PRINT_ARGS}")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None
    ) -> None:
        self._child.close(force=True)

    def run(self, command: str) -> None:
        """Run a command that prints nothing."""
        self._child.sendline(command)
        self._child.expect("READY> ")

    def completed_words(self, line: str, key: str = "\t") -> list[str]:
        """Type a line and a TAB, and return the words of the completed line."""
        self._child.send(line + key)
        self._child.send(f"{_TO_BEGINNING}args \r")
        self._child.expect("END\r\n")
        words = re.findall(r"^<(.*)>\r$", self._child.before, re.MULTILINE)
        self._child.expect("READY> ")
        return words

    def candidates(self, line: str) -> set[str]:
        """Return all completions of the last word of a line (bash only)."""
        before = shlex.split(line if line.endswith(" ") else line.rpartition(" ")[0])
        return set(self.completed_words(line, _INSERT_ALL)[len(before) :])

    def listing(self, line: str) -> str:
        """Return what the shell shows when it lists the completions of a line."""
        self._child.send(f"{line}{self._list}{_KILL_LINE}args\r")
        self._child.expect("END\r\n")
        shown = str(self._child.before)
        self._child.expect("READY> ")
        return shown


class Fish:
    """fish, which can print its completions."""

    def __init__(self, home: Path, env: dict[str, str]) -> None:
        self._home, self._env = home, env

    def candidates(self, line: str) -> set[str]:
        """Return all completions of the last word of a line."""
        return {found.partition("\t")[0] for found in self.described_candidates(line)}

    def described_candidates(self, line: str) -> list[str]:
        """Return the completions with their descriptions, separated by a tab."""
        script = f"source {ROOT}/completions/srchat.fish; complete -C $argv[1]"
        process = subprocess.run(
            ["fish", "--no-config", "-c", script, line],
            env=self._env, cwd=self._home, capture_output=True, text=True, timeout=60, check=True,
        )  # fmt: skip
        assert process.stderr == ""
        return process.stdout.splitlines()


def fish_call(kind: str, *options: str) -> tuple[str, ...]:
    """Return the arguments with which fish requests one kind of values."""
    flag = {"models": "-m", "profiles": "-p", "conversations": "--conversation"}[kind]
    return ("__complete", "fish", "srchat", "ask", *options, flag, "")


def required(program: str) -> str:
    """Return the program, or skip the test if it is not installed."""
    if not shutil.which(program):
        pytest.skip(f"{program} is not installed")
    return program
