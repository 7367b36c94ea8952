"""Every command in the documentation runs."""

import re
import shlex
import shutil
import subprocess
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest
from typer.main import get_command

from srchat.cli.app import build_app
from tests.conftest import Srchat
from tests.support.shells import ROOT
from tools.generate.command_tree import Values, command_tree
from tools.generate.prose import PROSE
from tools.generate.roff import is_command

TREE: Final = command_tree(get_command(build_app())).walk()
MANUAL: Final = {
    *(command for prose in PROSE.values() for _, command in prose.examples),
    *(text for command in TREE for text in command.paragraphs if is_command(text)),
}
# The changelog may mention commands that no longer exist.
DOCUMENTS: Final = {
    path.name: path.read_text(encoding="utf-8")
    for path in (*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"))
    if path.name != "CHANGELOG.md"
}
# These ask questions; tests/cli/test_config_init.py and test_questions.py answer them.
INTERACTIVE: Final = {"srchat config init", "srchat config set api_key"}
# Replace programs that need the network; tests/test_packaging.py runs the real ones.
STUBS: Final = {
    "python3": "mkdir -p .venv/bin; cp bin/srchat bin/pip .venv/bin; cp bin/pip .venv/bin/python",
    "pip": "exit 0",
    "pipx": "exit 0",
    "uv": "exit 0",
}

_BLOCK: Final = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_TYPED: Final = re.compile(r"^\$ (.*\n)", re.MULTILINE)
_CODE: Final = re.compile(r"`([^`]+)`")
_PLACEHOLDER: Final = re.compile(r"(?<![\w.\"$])[A-Z]{2,}\b")  # NAME, @FILE, [PROMPT]


def blocks(text: str, language: str) -> list[str]:
    """Return the code blocks in a language."""
    return [body for named, body in _BLOCK.findall(text) if named == language]


def scripts(text: str) -> list[str]:
    """Return the commands of each shell block of a document as a script."""
    return ["".join(_TYPED.findall(body)) for body in blocks(text, "console")] + blocks(text, "sh")


def code(text: str) -> list[str]:
    """Return the distinct code spans in prose and tables."""
    found = _CODE.findall(_BLOCK.sub("", text))
    return sorted({" ".join(piece.split()).replace(r"\|", "|") for piece in found})


def commands(text: str) -> list[str]:
    """Return the commands in prose and tables, including those without `srchat`."""
    paths = {command.path for command in TREE}
    pieces = [(piece, f"srchat {piece}") for piece in code(text)]
    return [piece for piece, _ in pieces if is_command(piece)] + [
        command
        for piece, command in pieces
        if " " in piece and " ".join(command.split()[:3]) in paths
    ]


def options(text: str) -> list[str]:
    """Return the options in prose and tables, with their values."""
    return [piece for piece in code(text) if re.match("--?[a-z]", piece)]


def can_run(command: str) -> bool:
    """Tell whether a command can be run unchanged and without a user."""
    return not _PLACEHOLDER.search(command) and command not in INTERACTIVE


def in_all_documents(find: Callable[[str], list[str]]) -> list[str]:
    """Return the distinct results of `find` for all documents."""
    return sorted({found for text in DOCUMENTS.values() for found in find(text)})


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory with a conversation."""
    srchat = Srchat(tmp_path_factory.mktemp("history"))
    assert srchat("ask", "-p", "demo", "--no-stream", "why is the sky blue?").code == 0
    return srchat.home / ".local"


@pytest.fixture
def at_home(srchat: Srchat, history: Path) -> Srchat:
    """A home with a conversation, a profile, and the files that the documents mention."""
    srchat.configure('[profiles.work]\nmodel = "m"\n')
    shutil.copytree(history, srchat.home / ".local")
    srchat.put_on_path()
    for name, body in STUBS.items():
        stub = srchat.home / "bin" / name
        stub.write_text(f"#!/bin/sh\n{body}\n")
        stub.chmod(0o755)
    completions = srchat.home / "share/bash-completion/completions"
    completions.mkdir(parents=True)
    (completions / "srchat").symlink_to(ROOT / "completions/srchat.bash")
    for name in ("prompt.txt", "prompts.txt", "report.csv"):
        (srchat.home / name).write_text("why?\n")
    subprocess.run(["git", "init", "--quiet"], cwd=srchat.home, check=True)
    return srchat


def run(srchat: Srchat, script: str) -> None:
    """Run a script with the profile `demo`, and check that it succeeds."""
    done = subprocess.run(
        ["bash", "-e", "-o", "pipefail", "-c", script],
        env=srchat.env | {"SRCHAT_PROFILE": "demo", "EDITOR": "true"},
        cwd=srchat.home, input="typed\n", capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def check_syntax(srchat: Srchat, command: str) -> None:
    """Check that srchat accepts the words of a command, without running it."""
    for words in re.findall(r"\bsrchat ([^|<>]*)", command):
        result = srchat(*shlex.split(words), "--help")
        assert result.code == 0, result.err


def check_option(option: str) -> None:
    """Check that an option exists, and that it takes a value if one is shown."""
    flag, _, value = option.partition(" ")
    found = [o for c in TREE for o in c.options if flag in (*o.flags, *o.opposites)]
    assert found, f"no command has the option {flag}"
    assert not value or any(o.values is not Values.NONE for o in found), f"{flag} takes no value"


@pytest.mark.slow
@pytest.mark.parametrize("script", in_all_documents(scripts))
def test_a_block_of_commands_runs(at_home: Srchat, script: str) -> None:
    run(at_home, script)


SHOWN: Final = sorted({*MANUAL, *in_all_documents(commands)})


@pytest.mark.slow
@pytest.mark.parametrize("command", [c for c in SHOWN if can_run(c)])
def test_a_command_runs(at_home: Srchat, command: str) -> None:
    run(at_home, command)


@pytest.mark.parametrize("command", [c for c in SHOWN if not can_run(c)])
def test_a_command_that_is_not_run_has_valid_syntax(srchat: Srchat, command: str) -> None:
    check_syntax(srchat, command)


def test_the_documentation_is_found() -> None:
    assert in_all_documents(scripts)
    assert in_all_documents(options)


@pytest.mark.parametrize("option", in_all_documents(options))
def test_an_option_exists(option: str) -> None:
    check_option(option)


@pytest.mark.parametrize("text", in_all_documents(lambda text: blocks(text, "toml")))
def test_a_configuration_in_the_documentation_is_valid(srchat: Srchat, text: str) -> None:
    srchat.configure(text)
    (srchat.home / "config.toml").chmod(0o600)
    for profile in ("demo", *tomllib.loads(text).get("profiles", {})):
        result = srchat("config", "show", "-p", profile)
        assert (result.code, result.err) == (0, "")


SAMPLE: Final = """
```sh
export X=1   # goes on
srchat ask "$X"
```
```console
$ srchat ask one
the answer
$ git diff | srchat ask two
```
`srchat` has `srchat ask -c
"WHY?"`, `config set NAME VALUE`, `history = false` and `srchat ask [PROMPT]...`.
| `-m MODEL`, `--raw` | `srchat models \\| head` |
"""


def test_all_shown_text_is_found() -> None:
    assert scripts(SAMPLE) == [
        "srchat ask one\ngit diff | srchat ask two\n",
        'export X=1   # goes on\nsrchat ask "$X"\n',
    ]
    found = {command: can_run(command) for command in commands(SAMPLE)}
    assert found == {
        'srchat ask -c "WHY?"': True, "srchat models | head": True,
        "srchat config set NAME VALUE": False, "srchat ask [PROMPT]...": False,
    }  # fmt: skip
    assert options(SAMPLE) == ["--raw", "-m MODEL"]


@pytest.mark.parametrize("wrong", ["srchat aks", "srchat ask --modle x y", "srchat | srchat aks"])
def test_a_misspelled_command_fails(at_home: Srchat, wrong: str) -> None:
    for check in (run, check_syntax):
        with pytest.raises(AssertionError, match="no such"):
            check(at_home, wrong)
    with pytest.raises(AssertionError, match="no command"):
        check_option("--modle MODEL")
    with pytest.raises(AssertionError, match="takes no value"):
        check_option("--raw MODEL")
