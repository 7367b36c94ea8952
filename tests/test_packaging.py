"""The wheel and the sdist: their content, and installing them with various tools."""

import os
import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

import srchat as package
from tests.conftest import COVERAGE_ENV
from tests.support.shells import ROOT
from tools.generate import generated

VERSION: Final = re.escape(package.__version__)
SHARED: Final = {
    "share/bash-completion/completions/srchat": "completions/srchat.bash",
    "share/zsh/site-functions/_srchat": "completions/_srchat",
    "share/fish/vendor_completions.d/srchat.fish": "completions/srchat.fish",
    **{
        f"share/man/man{path[-1]}/{path.removeprefix('man/')}": path
        for path in generated()
        if path.startswith("man/")
    },
}
PLAIN_ENV: Final = {name: os.environ[name] for name in os.environ if name not in COVERAGE_ENV}


def run(*command: str | Path, env: dict[str, str] | None = None) -> str:
    """Run a program and return its output. A failure shows the command."""
    done = subprocess.run(
        command, env=env or PLAIN_ENV, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The wheel, and the sdist from which it was built."""
    place = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--installer=uv", "--outdir", place, ROOT)
    (wheel,), (sdist,) = place.glob("*.whl"), place.glob("*.tar.gz")
    return wheel, sdist


def modules() -> set[str]:
    """Return the Python files of the package in the repository."""
    return {str(path.relative_to(ROOT)) for path in (ROOT / "srchat").rglob("*.py")}


def test_the_wheel_contains_all_generated_files() -> None:
    document = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    shared = document["tool"]["hatch"]["build"]["targets"]["wheel"]["shared-data"]
    assert {place: path for path, place in shared.items()} == SHARED
    assert set(shared) == {path for path in generated() if not path.startswith("srchat/")}


@pytest.mark.slow
def test_the_wheel_contains_only_the_program(built: tuple[Path, Path]) -> None:
    with zipfile.ZipFile(built[0]) as wheel:
        names = set(wheel.namelist())
        metadata = f"srchat-{package.__version__}.dist-info"
        data = f"srchat-{package.__version__}.data/data"
        own = {"METADATA", "WHEEL", "RECORD", "entry_points.txt", "licenses/LICENSE"}
        assert names == {
            *modules(), "srchat/py.typed",
            *(f"{metadata}/{name}" for name in own), *(f"{data}/{name}" for name in SHARED),
        }  # fmt: skip
        for place, path in SHARED.items():
            assert wheel.read(f"{data}/{place}") == (ROOT / path).read_bytes()
        entry = wheel.read(f"{metadata}/entry_points.txt").decode()
        assert entry == "[console_scripts]\nsrchat = srchat.__main__:main\n"


@pytest.mark.slow
def test_the_sdist_contains_only_sources(built: tuple[Path, Path]) -> None:
    belongs = re.compile(
        rf"srchat-{VERSION}/("
        r"srchat/([\w]+/)*\w+\.py|srchat/py\.typed|(tests|tools)/.+\.(py|md|txt|json|toml)|completions/\w*srchat(\.\w+)?"
        r"|man/srchat(-\w+)?\.[15]|docs/[\w-]+\.(svg|md)|docs/profiles/\w+\.toml|README\.md|CHANGELOG\.md|CONTRIBUTING\.md|SECURITY\.md|LICENSE"
        r"|pyproject\.toml|PKG-INFO|\.gitignore)"
    )
    with tarfile.open(built[1]) as sdist:
        names = sdist.getnames()
    assert [name for name in names if not belongs.fullmatch(name)] == []
    inside = {name.partition("/")[2] for name in names}
    assert inside >= {*generated(), *modules(), "pyproject.toml", "LICENSE", "README.md"}


# Installs a package into a directory, and returns the directory of its programs.
Install = Callable[[Path, Path], Path]


def with_pip(file: Path, place: Path) -> Path:
    run(sys.executable, "-m", "venv", place)
    run(place / "bin/python", "-m", "pip", "install", "--quiet", file)
    return place / "bin"


def with_pipx(file: Path, place: Path) -> Path:
    places = {f"PIPX_{name}": str(place / name) for name in ("HOME", "BIN_DIR", "MAN_DIR")}
    run(sys.executable, "-m", "pipx", "install", file, env=PLAIN_ENV | places)
    assert (place / "MAN_DIR/man1/srchat-ask.1").exists()
    return place / "BIN_DIR"


def with_uv(file: Path, place: Path) -> Path:
    places = {"UV_TOOL_DIR": str(place / "tools"), "UV_TOOL_BIN_DIR": str(place / "bin")}
    command = ("-m", "uv", "tool", "install", "--python", sys.executable, file)
    run(sys.executable, *command, env=PLAIN_ENV | places)
    return place / "bin"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("install", "kind"), [(with_pip, 0), (with_pip, 1), (with_pipx, 0), (with_uv, 0), (with_uv, 1)]
)
def test_the_installed_program_runs(
    built: tuple[Path, Path], tmp_path: Path, install: Install, kind: int
) -> None:
    programs = install(built[kind], tmp_path / "place")
    env = {"HOME": str(tmp_path), "PATH": os.defpath, "LANG": "C.UTF-8"}
    srchat = programs / "srchat"
    assert run(srchat, "--version", env=env) == f"srchat {package.__version__}\n"
    assert "hi" in run(srchat, "ask", "--no-stdin", "--profile", "demo", "hi", env=env)
    assert run(srchat, "__complete", "fish", "srchat", "ask", "-p", "", env=env) == "demo\n"
    prefix = srchat.resolve().parent.parent
    for place, path in SHARED.items():
        assert (prefix / place).read_bytes() == (ROOT / path).read_bytes()


@pytest.mark.slow
def test_the_oldest_packages_that_are_allowed_do(built: tuple[Path, Path], tmp_path: Path) -> None:
    python = tmp_path / "place/bin/python"
    run(sys.executable, "-m", "venv", "--without-pip", tmp_path / "place")
    install = (sys.executable, "-m", "uv", "pip", "install", "--python", python)
    run(*install, "--resolution", "lowest-direct", "--requirements", ROOT / "pyproject.toml")
    run(*install, "--no-deps", built[0])
    names = [path.removesuffix(".py").replace("/", ".") for path in sorted(modules())]
    run(
        python, "-c", "import importlib, sys; [*map(importlib.import_module, sys.argv[1:])]", *names
    )
