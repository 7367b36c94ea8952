"""Completion scripts and manual pages: up to date, without lint, tested in real shells."""

import contextlib
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import pytest
from typer import Option, Typer
from typer.main import get_command

from srchat import model_cache
from srchat.cli.app import build_app
from srchat.config.settings import DEFAULT_BASE_URL, SETTINGS
from srchat.conversation import Conversation, TurnRecord
from srchat.errors import EXIT_MEANINGS, ExitCode
from srchat.history.store import ConversationStore
from srchat.repl.slash_commands import COMMANDS
from tests.conftest import Srchat
from tests.support.shells import Fish, TypedShell
from tools.generate import generated
from tools.generate.__main__ import ROOT, differences, main, write
from tools.generate.command_tree import Values, command_tree
from tools.generate.completion import module
from tools.generate.manual import pages
from tools.generate.prose import PROSE

COMPLETIONS = ("completions/_srchat", "completions/srchat.bash", "completions/srchat.fish")
MODELS = ["qwen3:4b", "qwen3:8b", "@cf/meta", "vllm-primary", "odd name"]
CONFIG = """
[profiles.work]
base_url = "http://127.0.0.1:9/v1"
[profiles."my work"]
base_url = "http://127.0.0.1:9/v1"
[profiles."it's"]
[profiles."a:b"]
[profiles."$(touch pwned)"]
[profiles."\\u001b[2J"]
"""
TITLE = r"first: a 'question'? \e[2J $(touch pwned)"
# A typed line, and its words after TAB, the same in every shell.
COMPLETED = [
    ("srchat mod", ["models"]),
    ("srchat config pa", ["config", "path"]),
    ("srchat ask --mod", ["ask", "--model"]),
    ("srchat ask --no-str", ["ask", "--no-stream"]),
    ("srchat ask hello --raw --temp", ["ask", "hello", "--raw", "--temperature"]),
    ("srchat ask -m v", ["ask", "-m", "vllm-primary"]),
    ("srchat ask -m qwen3:4", ["ask", "-m", "qwen3:4b"]),
    ("srchat ask --model=qwen3:4", ["ask", "--model=qwen3:4b"]),
    ("srchat ask -m @cf", ["ask", "-m", "@cf/meta"]),
    ("srchat ask -m od", ["ask", "-m", "odd name"]),
    ("srchat ask -p wo", ["ask", "-p", "work"]),
    ("srchat ask -p de", ["ask", "-p", "demo"]),
    ("srchat ask -p my", ["ask", "-p", "my work"]),
    ("srchat ask --profile=my", ["ask", "--profile=my work"]),
    ("srchat ask -p my\\ w", ["ask", "-p", "my work"]),
    ("srchat ask -p it", ["ask", "-p", "it's"]),
    ("srchat ask -p a:", ["ask", "-p", "a:b"]),
    ("srchat ask -p \\$", ["ask", "-p", "$(touch pwned)"]),
    ("srchat ask -p work -m o", ["ask", "-p", "work", "-m", "only-at-work"]),
    ("srchat ask -pwork -m o", ["ask", "-pwork", "-m", "only-at-work"]),
    ("srchat ask -xqpwork -m o", ["ask", "-xqpwork", "-m", "only-at-work"]),
    ("srchat ask --profile='my work' -m o", ["ask", "--profile=my work", "-m", "only-at-work"]),
    ("srchat ask -mqwen3:4", ["ask", "-mqwen3:4b"]),
    ("srchat ask -m@cf", ["ask", "-m@cf/meta"]),
    ("srchat ask -xqpmy", ["ask", "-xqpmy work"]),
    ("srchat ask -xqm vl", ["ask", "-xqm", "vllm-primary"]),
    ("srchat ask -fread", ["ask", "-fread me.txt"]),
    ("srchat ask -s@read", ["ask", "-s@read me.txt"]),
    ('srchat ask -s "@read', ["ask", "-s", "@read me.txt"]),
    ("srchat ask -f rep", ["ask", "-f", "report.csv"]),
    ("srchat ask -f read", ["ask", "-f", "read me.txt"]),
    ("srchat ask --file=rep", ["ask", "--file=report.csv"]),
    ("srchat ask -s @rea", ["ask", "-s", "@read me.txt"]),
    ("srchat config set str", ["config", "set", "stream"]),
    ("srchat config set stream t", ["config", "set", "stream", "true"]),
    ("srchat config set keys v", ["config", "set", "keys", "vi"]),
    ("srchat config set model vl", ["config", "set", "model", "vllm-primary"]),
    ("srchat config set profile wo", ["config", "set", "profile", "work"]),
    ("srchat ask wo", ["ask", "wo"]),
    ("srchat ask -t 0", ["ask", "-t", "0"]),
    ("srchat ask config pa", ["ask", "config", "pa"]),
]


def required(program: str) -> str:
    """Return the program, or skip the test if it is not installed."""
    if not shutil.which(program):
        pytest.skip(f"{program} is not installed")
    return program


@pytest.fixture
def env(srchat: Srchat) -> dict[str, str]:
    """The environment of a home with profiles, cached models, and files."""
    srchat.env |= {"TERM": "dumb", "NO_PROXY": "", "HTTPS_PROXY": "http://127.0.0.1:9"}
    srchat.configure(CONFIG)
    (srchat.home / "config.toml").chmod(0o600)
    cache = str(srchat.home / ".cache/srchat")
    model_cache.write(cache, DEFAULT_BASE_URL, MODELS)
    model_cache.write(cache, "http://127.0.0.1:9/v1", ["only-at-work"])
    for name in ("read me.txt", "report.csv"):
        (srchat.home / name).touch()
    srchat.put_on_path()
    return srchat.plain_env  # hundreds of processes; other tests cover the code


@pytest.fixture
def conversation(srchat: Srchat, env: dict[str, str]) -> str:
    """A stored conversation, by its id."""
    assert srchat("ask", "-p", "demo", "--no-stream", TITLE).code == 0
    return srchat("__complete", "fish", "srchat", "ask", "--conversation", "").text.partition("\t")[
        0
    ]


@pytest.fixture(params=["bash", "zsh"])
def shell(
    request: pytest.FixtureRequest, srchat: Srchat, env: dict[str, str]
) -> Iterator[TypedShell]:
    with TypedShell(required(request.param), srchat.home, env) as typed:
        yield typed


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


@pytest.mark.parametrize("path", COMPLETIONS)
def test_a_script_is_clean_for_its_shell(path: str) -> None:
    name = {"_srchat": "zsh"}.get(Path(path).name, path.rpartition(".")[2])
    done = subprocess.run(
        [required(name), "-n", ROOT / path], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_the_bash_script_runs_in_strict_mode(env: dict[str, str]) -> None:
    script = (
        f"set -u; . {ROOT}/completions/srchat.bash; COMP_LINE='srchat config set stream ' "
        "COMP_POINT=25 COMP_TYPE=37; _srchat; "
        'printf "%s\\n" "${COMPREPLY[@]}"'
    )
    done = subprocess.run(
        ["bash", "-c", script], env=env, capture_output=True, text=True, check=False
    )
    assert (done.stdout, done.stderr) == ("true\nfalse\n", "")


def test_every_shell_completes_to_the_same_words(shell: TypedShell) -> None:
    for line, words in COMPLETED:
        assert (line, shell.completed_words(line)) == (line, ["srchat", *words])


def test_a_directory_after_an_at_sign_can_be_completed_further(shell: TypedShell) -> None:
    assert shell.completed_words("srchat ask -s @bi", "\tsr\t")[-1] == "@bin/srchat"


@pytest.mark.slow
@pytest.mark.parametrize("breaks", ["${COMP_WORDBREAKS//[:=@]}", "${COMP_WORDBREAKS//:}"])
def test_bash_may_split_words_at_other_characters(
    srchat: Srchat, env: dict[str, str], breaks: str
) -> None:
    with TypedShell("bash", srchat.home, env) as bash:
        bash.run(f'COMP_WORDBREAKS="{breaks}"')
        for line, words in COMPLETED:
            assert (line, bash.completed_words(line)) == (line, ["srchat", *words])


def test_an_open_quote_stays_one_in_bash(srchat: Srchat, env: dict[str, str]) -> None:
    with TypedShell("bash", srchat.home, env) as bash:
        assert bash.completed_words('srchat ask -p "my')[-1] == "my work"
        assert bash.completed_words("srchat ask -p 'my")[-1] == "my work"
        assert bash.completed_words("srchat ask -p 'it")[-1] == "it's"
        assert bash.completed_words('srchat ask -p "$(')[-1] == "$(touch pwned)"
    assert not (srchat.home / "pwned").exists()


def test_bash_offers_all(srchat: Srchat, env: dict[str, str]) -> None:
    with TypedShell("bash", srchat.home, env) as bash:
        assert bash.candidates("srchat ") >= {"ask", "config", "models"}
        assert bash.candidates("srchat ask --") >= {"--model", "--no-stream", "--help"}
        assert bash.candidates("srchat ask -m ") == set(MODELS)
        assert bash.candidates("srchat config get ") == {*SETTINGS, "profile"}
        assert bash.candidates("srchat ask -p ") == {
            "work", "my work", "it's", "a:b", "$(touch pwned)", "demo",
        }  # fmt: skip
    assert not (srchat.home / "pwned").exists()


def test_zsh_lists_commands_options_and_values(srchat: Srchat, env: dict[str, str]) -> None:
    with TypedShell(required("zsh"), srchat.home, env) as zsh:
        assert re.search(r"ask +-- Ask one question", zsh.listing("srchat "))
        assert re.search(r"--model +-- Model name", zsh.listing("srchat ask --mo"))
        models = zsh.listing("srchat ask -m ")
        assert all(model in models for model in MODELS)


def test_fish_offers_all(srchat: Srchat, env: dict[str, str]) -> None:
    required("fish")
    fish = Fish(srchat.home, env)
    assert fish.candidates("srchat ") >= {"ask", "config", "models"}
    assert fish.candidates("srchat ask --") >= {"--model", "--no-stream", "--help"}
    assert fish.candidates("srchat ask -m ") == set(MODELS)
    assert fish.candidates("srchat ask --model=qwen3:4") == {"--model=qwen3:4b"}
    assert fish.candidates("srchat ask -p ") == {
        "work", "my work", "it's", "a:b", "$(touch pwned)", "demo",
    }  # fmt: skip
    assert fish.candidates("srchat ask -p work -m ") == {"only-at-work"}
    assert fish.candidates("srchat ask -f re") == {"read me.txt", "report.csv"}
    assert fish.candidates("srchat ask -s @re") == {"@read me.txt", "@report.csv"}
    assert fish.candidates('srchat ask -s "@rea') == {"@read me.txt"}
    assert fish.candidates("srchat ask -xs@read\\ m") == {"-xs@read me.txt"}
    assert fish.candidates("srchat ask -xqpwork -m ") == {"only-at-work"}
    assert fish.candidates("srchat config get ") == {*SETTINGS, "profile"}
    assert fish.candidates("srchat config set stream ") == {"true", "false"}
    assert fish.candidates("srchat config set model v") == {"vllm-primary"}
    assert fish.candidates("srchat ask config ") == set()
    assert fish.candidates("srchat ask -t ") == set()
    assert not (srchat.home / "pwned").exists()


def test_conversations_are_completed(shell: TypedShell, conversation: str) -> None:
    line = f"srchat ask --conversation {conversation[:3]}"
    assert shell.completed_words(line) == ["srchat", "ask", "--conversation", conversation]


def test_fish_describes_conversations(
    srchat: Srchat, env: dict[str, str], conversation: str
) -> None:
    required("fish")
    found = Fish(srchat.home, env).described_candidates("srchat ask --conversation ")
    assert found == [f"{conversation}\t{TITLE}"]


def test_a_list_shows_the_titles_of_conversations(
    shell: TypedShell, srchat: Srchat, conversation: str
) -> None:
    assert srchat("ask", "-p", "demo", "--no-stream", "second").code == 0
    listing = shell.listing("srchat ask --conversation ")
    assert f"{conversation}  -- {TITLE} " in listing or f"{conversation}  ({TITLE})" in listing
    assert not (srchat.home / "pwned").exists()


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


def test_zsh_lists_conversations_newest_first_even_with_equal_titles(
    srchat: Srchat, env: dict[str, str]
) -> None:
    titles = ("same", "other", "same", "", "same", "other")
    ids = [f"{letter}{place:011}" for place, letter in enumerate("mcxapk")]
    with contextlib.closing(ConversationStore(srchat.history)) as store:
        for age, (id_, title) in enumerate(zip(ids, titles, strict=True)):
            moment = 1e9 - age
            turn = TurnRecord(f"t{age}", "hi", reply="x", asked_at=moment, complete=True)
            conversation = Conversation(id_, created_at=moment, used_at=moment).with_turn(turn)
            store.add_conversation(conversation._replace(title=title))
    with TypedShell(required("zsh"), srchat.home, env) as zsh:
        listing = zsh.listing("srchat ask --conversation ")
    listed = re.findall(r"^(\w{12}) +-- (.*?) *\r?$", listing, re.MULTILINE)
    assert [id_ for id_, _ in listed] == ids
    assert [title for _, title in listed] == [title or "(no title)" for title in titles]
