"""Generated files: up to date, and manual pages without lint."""

import os
import re
import subprocess
from pathlib import Path
from typing import Annotated, Any

import pytest
from typer import Option, Typer
from typer.main import get_command

from srchat.cli.app import build_app
from srchat.config.settings import SETTINGS
from srchat.errors import EXIT_MEANINGS, ExitCode
from srchat.repl.slash_commands import COMMANDS
from tests.support.shells import required
from tools.generate import generated
from tools.generate.__main__ import ROOT, differences, main, write
from tools.generate.command_tree import Values, command_tree
from tools.generate.completion import module
from tools.generate.manual import pages
from tools.generate.prose import PROSE


def test_the_committed_files_are_up_to_date() -> None:
    assert differences(ROOT) == []


def test_the_generator_writes_compares_and_cleans_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("tools.generate.__main__.ROOT", tmp_path)
    assert main(["--check"]) == 1
    assert "man/srchat-ask.1 is not up to date" in capsys.readouterr().err
    assert main([]) == 0
    assert main(["--check"]) == 0
    (tmp_path / "man/srchat-gone.1").touch()
    (tmp_path / "man/srchat.1").write_text("old")
    assert main(["--check"]) == 1
    assert write(tmp_path) == ["man/srchat-gone.1", "man/srchat.1"]
    assert write(tmp_path) == []
    assert main(["--nonsense"]) == 2


PAGES = sorted(path for path in generated() if path.startswith("man/"))


@pytest.mark.parametrize("path", PAGES)
def test_a_manual_page_is_clean(path: str) -> None:
    done = subprocess.run(
        [required("man"), "--warnings", "-E", "UTF-8", "-l", "-Tutf8", "-Z", ROOT / path],
        env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "MANROFFSEQ": "", "MANWIDTH": "80"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout


@pytest.mark.parametrize("path", PAGES)
def test_mandoc_finds_nothing_but_the_missing_date(path: str) -> None:
    done = subprocess.run(
        [required("mandoc"), "-Tlint", ROOT / path], capture_output=True, text=True, check=False
    )
    # The pages have no date, so that builds are reproducible.
    assert [line for line in done.stdout.splitlines() if "missing date" not in line] == []


def displayed(path: str) -> str:
    """Return a page as man displays it, with very long lines."""
    done = subprocess.run(
        [required("man"), "-l", ROOT / path],
        env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "MANWIDTH": "1000"},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return done.stdout


def test_a_page_shows_commands_as_they_are_typed() -> None:
    text = displayed("man/srchat-ask.1")
    for _, command in PROSE["srchat ask"].examples:
        assert re.search(rf"^ +{re.escape(command)}$", text, re.MULTILINE)
    assert "--no-stream" in text
    for section in ("SYNOPSIS", "OPTIONS", "EXAMPLES", "ENVIRONMENT", "FILES", "EXIT STATUS"):
        assert f"\n{section}\n" in text


def test_every_mentioned_page_exists_and_every_argument_has_a_description() -> None:
    for path in PAGES:
        text = displayed(path)
        for name, volume in re.findall(r"\b(srchat[-a-z]*)\((\d)\)", text):
            assert (ROOT / f"man/{name}.{volume}").exists(), f"{path} names {name}({volume})"
        assert not re.search(r"^ +\.$", text, re.MULTILINE)


def test_the_pages_have_every_setting_and_every_exit_code() -> None:
    settings, overview = displayed("man/srchat-config.5"), displayed("man/srchat.1")
    for entry in SETTINGS.values():
        assert re.search(rf"^ +{entry.name}\b", settings, re.MULTILINE)
        if entry.variable:
            assert entry.variable in settings
            assert re.search(rf"^ +{entry.variable}$", overview, re.MULTILINE)
    assert set(EXIT_MEANINGS) == set(ExitCode)
    for code, meaning in EXIT_MEANINGS.items():
        assert re.search(rf"^ +{int(code)} +{re.escape(meaning)}$", overview, re.MULTILINE)


def test_a_page_lists_its_variables() -> None:
    ask, chat, models = (displayed(f"man/srchat-{name}.1") for name in ("ask", "chat", "models"))
    assert "SRCHAT_CONTEXT_WINDOW" in ask
    assert "SRCHAT_CONTEXT_WINDOW" not in models
    assert "SRCHAT_KEYS" in chat
    assert "SRCHAT_KEYS" not in ask
    assert "NO_COLOR" in ask
    assert "NO_COLOR" not in models


def test_the_page_of_chat_has_every_slash_command() -> None:
    text = displayed("man/srchat-chat.1")
    for command in COMMANDS.values():
        assert re.search(rf"^ +/{command.name}\b", text, re.MULTILINE)


def test_prose_of_the_manual_belongs_to_existing_commands() -> None:
    commands = {command.path for command in command_tree(get_command(build_app())).walk()}
    assert set(PROSE) <= commands


def test_every_parameter_has_a_completion() -> None:
    new = Typer()

    @new.command()
    def pack(
        place: Annotated[str, Option(metavar="DIRECTORY", help="Where [it's]: there.")] = "",
        size: Annotated[int, Option(help="How much")] = 0,
        secret: Annotated[str, Option(hidden=True)] = "",
    ) -> None:
        """Pack."""

    @new.command(hidden=True)
    def old() -> None:
        """Old."""

    @new.command()
    def plain() -> None:
        """Do nothing."""

    tree = command_tree(get_command(new))
    assert [command.path for command in tree.walk()] == ["srchat", "srchat pack", "srchat plain"]
    place, size, _ = tree.commands[0].options
    assert (place.values, size.metavar) == (Values.DIRECTORIES, "SIZE")
    data = module(tree)
    assert "secret" not in data
    assert "srchat old" not in data
    made: dict[str, Any] = {}
    exec(data, made)
    assert made["COMMANDS"]["srchat"][0] == (("pack", "Pack"), ("plain", "Do nothing"))
    assert made["COMMANDS"]["srchat pack"][1][0] == (
        ("--place",), "directories", "Where [it's]: there",
    )  # fmt: skip
    assert ".SH EXAMPLES" not in pages(tree)["srchat-plain.1"]
