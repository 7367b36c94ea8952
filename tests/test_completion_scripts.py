"""The completion scripts: without lint, and tested in real shells."""

import contextlib
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from srchat import model_cache
from srchat.config.settings import DEFAULT_BASE_URL, SETTINGS
from srchat.conversation import Conversation, TurnRecord
from srchat.history.store import ConversationStore
from tests.conftest import Srchat
from tests.support.shells import Fish, TypedShell, required
from tools.generate.__main__ import ROOT

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
