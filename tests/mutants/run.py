"""Runs tests against copies of the source tree, each with one mutant."""

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

_MAX_CPU_SECONDS = 30  # stops endless loops
_MAX_MEMORY = 2 * 1024**3  # bytes; stops loops that allocate memory


def survivors(runs: Iterable[tuple[Mutant, str]]) -> Iterator[Mutant]:
    """Yield each mutant whose tests pass. Runs one mutant per CPU at a time.

    Raises RuntimeError with the output of pytest if it ran no tests.
    """
    with TemporaryDirectory() as folder:
        trees = [_copy_tree(Path(folder, str(number))) for number in range(os.cpu_count() or 1)]
        running: dict[int, tuple[Mutant, Path]] = {}
        for mutant, tests in runs:
            if not trees:
                yield from _wait_for_one(running, trees)
            tree = trees.pop()
            running[_start(tree, mutant, tests)] = mutant, tree
        while running:
            yield from _wait_for_one(running, trees)


def _copy_tree(tree: Path) -> Path:
    for part in ("srchat", "tests"):
        shutil.copytree(ROOT / part, tree / part, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tree)
    return tree


def _start(tree: Path, mutant: Mutant, tests: str) -> int:
    # A fork has imported pytest but not srchat, so it is twice as fast as a new process.
    if process := os.fork():
        return process
    code: int = pytest.ExitCode.USAGE_ERROR
    try:
        (tree / mutant.path).write_text(mutant.source, encoding="utf-8")
        code = _run_tests(tree, tests)
    finally:
        sys.stdout.flush()
        os._exit(code)


def _run_tests(tree: Path, tests: str) -> int:
    with (tree / "output").open("w") as output:
        os.dup2(output.fileno(), 1)
        os.dup2(output.fileno(), 2)
    os.chdir(tree)
    sys.path.insert(0, str(tree))
    # Python could use the bytecode of the previous mutant: it compares only size and mtime.
    sys.dont_write_bytecode = True
    resource.setrlimit(resource.RLIMIT_CPU, (_MAX_CPU_SECONDS, _MAX_CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (_MAX_MEMORY, _MAX_MEMORY))
    # Use the same examples each time, and do not shrink them.
    phases = (hypothesis.Phase.explicit, hypothesis.Phase.generate)
    checks = list(hypothesis.HealthCheck)
    hypothesis.settings.register_profile(
        "mutants", derandomize=True, phases=phases, suppress_health_check=checks, deadline=None
    )
    hypothesis.settings.load_profile("mutants")
    # The warning is about modules imported before the fork.
    return pytest.main(
        ["-x", "-n0", "-m", "", "-W", "ignore::pytest.PytestAssertRewriteWarning", *tests.split()]
    )


def _wait_for_one(running: dict[int, tuple[Mutant, Path]], trees: list[Path]) -> Iterator[Mutant]:
    """Wait for one process, free its tree, and yield its mutant if the tests passed."""
    process, status = os.wait()
    mutant, tree = running.pop(process)
    code = os.waitstatus_to_exitcode(status)
    if code in (pytest.ExitCode.USAGE_ERROR, pytest.ExitCode.NO_TESTS_COLLECTED):
        raise RuntimeError((tree / "output").read_text())
    shutil.copy(ROOT / mutant.path, tree / mutant.path)
    trees.append(tree)
    if code == pytest.ExitCode.OK:
        yield mutant
