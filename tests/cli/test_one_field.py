"""A setting is one field: option, request, /set, completion and manual are derived from it."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FIELD = """
    seed: int | None = setting(
        Number(Range(0), whole=True),
        None,
        "random seed for sampling",
        parameter=True,
        in_chat=True,
        flags=("--seed",),
        metavar="N",
    )
    stream: bool = setting("""


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the sources whose table of settings has one more field."""
    tree = tmp_path_factory.mktemp("tree")
    for name in ("srchat", "tools", "pyproject.toml"):
        source = ROOT / name
        copy = shutil.copytree if source.is_dir() else shutil.copy
        copy(source, tree / name)
    settings = tree / "srchat/config/settings.py"
    text = settings.read_text()
    assert text.count("\n    stream: bool = setting(") == 1
    settings.write_text(text.replace("\n    stream: bool = setting(", FIELD))
    return tree


def run(tree: Path, *args: str, stdin: str = "", **env: str) -> str:
    home = {"HOME": str(tree), "PATH": os.environ["PATH"], "COLUMNS": "200"}
    done = subprocess.run(
        [sys.executable, "-m", *args],
        cwd=tree, env=home | env, input=stdin, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return done.stdout + done.stderr


def test_it_is_an_option_and_part_of_the_request(tree: Path) -> None:
    assert "--seed N" in run(tree, "srchat", "ask", "--help")
    body = json.loads(run(tree, "srchat", "ask", "q", "--seed", "7", "--dry-run"))
    assert body["seed"] == 7


def test_param_refuses_it(tree: Path) -> None:
    with pytest.raises(subprocess.CalledProcessError) as failure:
        run(tree, "srchat", "ask", "q", "--param", "seed=7", "--dry-run")
    assert "except model, messages, stream, temperature" in failure.value.stderr
    assert ", seed, " in failure.value.stderr


def test_it_is_a_variable_and_a_value_of_the_file(tree: Path) -> None:
    body = json.loads(run(tree, "srchat", "ask", "q", "--dry-run", SRCHAT_SEED="8"))
    assert body["seed"] == 8
    run(tree, "srchat", "config", "set", "seed", "9")
    assert json.loads(run(tree, "srchat", "ask", "q", "--dry-run"))["seed"] == 9
    run(tree, "srchat", "config", "unset", "seed")


def test_set_changes_it_in_a_chat(tree: Path) -> None:
    shown = run(tree, "srchat", "chat", "-p", "demo", "--no-save", stdin="/set seed 11\n/set\n")
    assert shown.count("seed = 11") == 2


def test_a_new_setting_is_in_the_generated_manual_and_completion(tree: Path) -> None:
    (tree / "man").mkdir()
    run(tree, "tools.generate")
    for name in ("srchat-ask.1", "srchat-chat.1", "srchat-config.5"):
        assert "seed" in (tree / "man" / name).read_text(), name
    assert run(tree, "srchat", "__complete", "fish", "srchat", "ask", "--se").count("--seed\t") == 1
