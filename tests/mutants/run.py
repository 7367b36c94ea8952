"""Runs tests against a copy of the tree in which one module is another."""

import os
import resource
import shutil
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import hypothesis
import pytest

from tests.mutants.breaks import ROOT, Mutant

_SECONDS = 30  # of CPU: a loop without an end is noticed by it
_BYTES = 2 * 1024**3  # of memory: one that collects


def unnoticed(runs: Iterable[tuple[Mutant, str]]) -> Iterator[Mutant]:
    """Yield each mutant that its tests pass with; as many run at once as there are processors.

    Raises RuntimeError with what pytest said where it found nothing to run.
    """
    with TemporaryDirectory() as folder:
        trees = [_copied(Path(folder, str(number))) for number in range(os.cpu_count() or 1)]
        running: dict[int, tuple[Mutant, Path]] = {}
        for mutant, tests in runs:
            if not trees:
                yield from _ended(running, trees)
            tree = trees.pop()
            running[_start(tree, mutant, tests)] = mutant, tree
        while running:
            yield from _ended(running, trees)


def _copied(tree: Path) -> Path:
    for part in ("srchat", "tests"):
        shutil.copytree(ROOT / part, tree / part, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tree)
    return tree


def _start(tree: Path, mutant: Mutant, tests: str) -> int:
    # A fork has imported pytest already, and nothing of srchat: twice as fast as a new process.
    if process := os.fork():
        return process
    code: int = pytest.ExitCode.USAGE_ERROR
    try:
        (tree / mutant.path).write_text(mutant.source, encoding="utf-8")
        code = _tested(tree, tests)
    finally:
        sys.stdout.flush()
        os._exit(code)


def _tested(tree: Path, tests: str) -> int:
    with (tree / "output").open("w") as output:
        os.dup2(output.fileno(), 1)
        os.dup2(output.fileno(), 2)
    os.chdir(tree)
    sys.path.insert(0, str(tree))
    # Compiled code of the mutant before would be taken for this one's: they are told apart by
    # size and second.
    sys.dont_write_bytecode = True
    resource.setrlimit(resource.RLIMIT_CPU, (_SECONDS, _SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (_BYTES, _BYTES))
    # The same examples each time, and no search for the shortest.
    phases = (hypothesis.Phase.explicit, hypothesis.Phase.generate)
    checks = list(hypothesis.HealthCheck)
    hypothesis.settings.register_profile(
        "mutants", derandomize=True, phases=phases, suppress_health_check=checks, deadline=None
    )
    hypothesis.settings.load_profile("mutants")
    # Imported already is what it shall be.
    return pytest.main(
        ["-x", "-n0", "-m", "", "-W", "ignore::pytest.PytestAssertRewriteWarning", *tests.split()]
    )


def _ended(running: dict[int, tuple[Mutant, Path]], trees: list[Path]) -> Iterator[Mutant]:
    """Wait for one to end, free its tree, and yield its mutant if the tests passed."""
    process, status = os.wait()
    mutant, tree = running.pop(process)
    code = os.waitstatus_to_exitcode(status)
    if code in (pytest.ExitCode.USAGE_ERROR, pytest.ExitCode.NO_TESTS_COLLECTED):
        raise RuntimeError((tree / "output").read_text())
    shutil.copy(ROOT / mutant.path, tree / mutant.path)
    trees.append(tree)
    if code == pytest.ExitCode.OK:
        yield mutant
