"""Every module has a test file of its own."""

from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[1]

# Modules whose tests are elsewhere, each with the reason.
ELSEWHERE: Final[tuple[str, ...]] = ()


def mirror(module: Path) -> Path:
    """Return the test file of a module, a path in srchat/."""
    name = module.stem.strip("_")  # __main__.py is tested by test_main.py
    return ROOT / "tests" / module.with_name(f"test_{name}.py")


def test_every_module_has_a_test_file() -> None:
    package = ROOT / "srchat"
    files = [path for path in package.rglob("*.py") if path.stem != "__init__"]
    modules = [path.relative_to(package) for path in files]
    assert len(modules) > 100
    without = [module.as_posix() for module in modules if not mirror(module).is_file()]
    assert sorted(without) == sorted(ELSEWHERE)
