"""Real shells that complete: bash and zsh at a pseudo-terminal, fish by its own `complete -C`."""

import re
import shlex
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import pexpect

from tests.support.waiting import PATIENCE

ROOT: Final = Path(__file__).parents[2]
_INSERT_ALL: Final = "\x1b*"  # readline: put all completions on the line
_LIST: Final = {"bash": "\x1b?", "zsh": "\x04"}
_TO_BEGINNING: Final = "\x01"
_KILL: Final = "\x15"
# Spelt in two parts, so that the echo of what is typed is not taken for what is printed.
_SETUP: Final = "PS1='RE''ADY> '; args() { printf '<%s>\\n' \"$@\"; echo EN''D; }"
_COMPINIT: Final = "autoload -Uz compinit; compinit -u -D"
_OF_SHELL: Final = {
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
    """bash or zsh, with somebody who types."""

    def __init__(self, name: str, home: Path, env: dict[str, str]) -> None:
        arguments, setup = _OF_SHELL[name]
        self._list = _LIST[name]
        self._child = pexpect.spawn(
            name, arguments, env=env, cwd=str(home), encoding="utf-8", timeout=PATIENCE,
            dimensions=(60, 200),
        )  # fmt: skip
        self.run(f"{setup}; {_SETUP}")

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

    def completed(self, line: str, key: str = "\t") -> list[str]:
        """Return the words that the shell makes of a line after a TAB at its end."""
        self._child.send(line + key)
        self._child.send(f"{_TO_BEGINNING}args \r")
        self._child.expect("END\r\n")
        words = re.findall(r"^<(.*)>\r$", self._child.before, re.MULTILINE)
        self._child.expect("READY> ")
        return words

    def offered(self, line: str) -> set[str]:
        """Return all the completions of the last word of a line (bash alone)."""
        before = shlex.split(line if line.endswith(" ") else line.rpartition(" ")[0])
        return set(self.completed(line, _INSERT_ALL)[len(before) :])

    def listing(self, line: str) -> str:
        """Return what is shown below a line when its completions are asked for."""
        self._child.send(f"{line}{self._list}{_KILL}args\r")
        self._child.expect("END\r\n")
        shown = str(self._child.before)
        self._child.expect("READY> ")
        return shown


class Fish:
    """fish, which tells by itself what it would offer."""

    def __init__(self, home: Path, env: dict[str, str]) -> None:
        self._home, self._env = home, env

    def offered(self, line: str) -> set[str]:
        """Return all the completions of the last word of a line."""
        return {found.partition("\t")[0] for found in self.described(line)}

    def described(self, line: str) -> list[str]:
        """Return the completions with their descriptions, a tab between."""
        script = f"source {ROOT}/completions/srchat.fish; complete -C $argv[1]"
        done = subprocess.run(
            ["fish", "--no-config", "-c", script, line],
            env=self._env, cwd=self._home, capture_output=True, text=True, timeout=60, check=True,
        )  # fmt: skip
        assert done.stderr == ""
        return done.stdout.splitlines()
